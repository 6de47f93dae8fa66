//! Processor time of processes, by the kernel's own count in nanoseconds.

use crate::Outcome;
use nix::{
    time::{ClockId, clock_getcpuclockid, clock_gettime},
    unistd::{Pid, SysconfVar, sysconf},
};
use std::{fs, time::Duration};

/// Of a process, all its threads, those that have ended too.
pub(crate) fn of(process: u32) -> Outcome<Duration> {
    let clock: ClockId = clock_getcpuclockid(Pid::from_raw(i32::try_from(process)?))?;
    Ok(clock_gettime(clock)?.into())
}

/// Of the children of a process that have ended and that it has waited for, in ticks of mostly 10 ms.
pub(crate) fn of_ended_children(process: u32) -> Outcome<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is a name in brackets, with anything in it; `cutime` and `cstime` are the 16th and 17th.
    let (_, fields) = stat.rsplit_once(')').ok_or("a process without a name")?;
    let ticks: u64 = fields.split_whitespace().skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    let a_second = sysconf(SysconfVar::CLK_TCK)?.unwrap_or(100);
    Ok(Duration::from_secs(ticks) / u32::try_from(a_second)?)
}

/// The children of a process.
pub(crate) fn children(process: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    children.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

/// The memory that a process holds, in bytes.
pub(crate) fn resident(process: u32) -> Outcome<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("a process without memory")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_shows_in_the_processor_time_of_the_process_that_did_it() {
        let this = std::process::id();
        let before = of(this).unwrap();
        let mut sum = 0_u64;
        while of(this).unwrap() < before + Duration::from_millis(5) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(resident(this).unwrap() > 100_000);
        of_ended_children(this).unwrap();
    }
}
