//! Processes on a core of their own, that end with this one.

use crate::{Outcome, cpu};
use std::{
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// The core that servers and databases run on.
pub(crate) const SERVER_CORE: usize = 0;
/// The core that asks them.
pub(crate) const LOAD_CORE: usize = 1;

/// A server.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts one that says `ready` and its address.
    pub(crate) fn start(program: &Path, set_up: impl FnOnce(&mut Command)) -> Outcome<Self> {
        let mut command = pinned(program);
        set_up(&mut command);
        let (child, line) = started(&mut command)?;
        let address = line.strip_prefix("ready ").and_then(|address| address.parse().ok());
        Ok(Self { child, address: address.ok_or_else(|| format!("{}: {line}", program.display()))? })
    }

    /// Starts `daypass`, which is told where to listen.
    pub(crate) fn start_at(program: &Path, set_up: impl FnOnce(&mut Command, SocketAddr)) -> Outcome<Self> {
        // The system names a port that is free, and seldom names it again soon.
        let address = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?.local_addr()?;
        let mut command = pinned(program);
        set_up(&mut command, address);
        let (child, _) = started(&mut command)?;
        Ok(Self { child, address })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn cpu(&self) -> Outcome<Duration> {
        cpu::of(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _gone_already = self.child.wait();
    }
}

/// A program on the servers' core. Both of the two before it become it, so its number is the child's.
pub(crate) fn pinned(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &SERVER_CORE.to_string(), "setpriv", "--pdeathsig", "KILL"]).arg(program);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Waits for the first line.
fn started(command: &mut Command) -> Outcome<(Child, String)> {
    let mut child = command.spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no standard output")?).lines();
    let Some(line) = lines.next().transpose()? else {
        let code = child.wait()?;
        return Err(format!("{:?} did not start: {code}", command.get_args().collect::<Vec<_>>()).into());
    };
    // Read on, or it would stand still once the pipe is full.
    std::thread::spawn(move || lines.for_each(drop));
    Ok((child, line))
}
