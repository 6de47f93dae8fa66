//! Memory in large pages.

/// Asks for pages of 2 MiB instead of 4 KiB in place of this memory, from a system that gives them to whoever asks
/// (`/sys/kernel/mm/transparent_hugepage/enabled`). argon2id jumps about in its memory, and a processor remembers
/// where so few small pages are that it looks up most of them anew: a tenth of the time of a hash and more. Best
/// before anything is in it. Any answer will do.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "some advice to the system changes what memory holds; this does not")]
pub(super) fn ask_for_large<T>(memory: &mut [T]) {
    use rustix::{
        mm::{Advice, madvise},
        param::page_size,
    };
    let (start, size) = (memory.as_mut_ptr().cast::<u8>(), size_of_val(memory));
    // Whole pages of it, and nothing that is somebody else's.
    let before = start.align_offset(page_size());
    let Some(inside) = size.checked_sub(before).map(|inside| inside - inside % page_size()) else { return };
    let start = start.wrapping_add(before);
    // SAFETY: all of it is memory that was lent to this function, and this advice neither reads it nor changes what
    // is in it.
    let _as_before = unsafe { madvise(start.cast(), inside, Advice::LinuxHugepage) };
}

/// Other systems do as they think best.
#[cfg(not(target_os = "linux"))]
pub(super) fn ask_for_large<T>(_: &mut [T]) {}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path};

    /// Whether the system was asked for large pages where this address is, by its own account (`hg`, proc(5)).
    fn is_asked_for(address: usize) -> bool {
        let maps = fs::read_to_string("/proc/self/smaps").unwrap();
        let mut here = false;
        for line in maps.lines() {
            let first = line.split(' ').next().unwrap();
            if let Some((from, to)) = first.split_once('-') {
                let [from, to] = [from, to].map(|hex| usize::from_str_radix(hex, 16).unwrap());
                here = (from..to).contains(&address);
            } else if here && first == "VmFlags:" {
                return line.split(' ').any(|flag| flag == "hg");
            }
        }
        panic!("{address:x} is nowhere");
    }

    #[test]
    fn large_pages_are_asked_for_and_what_is_there_stays() {
        let mut memory: Vec<u64> = (0..1 << 20).collect();
        ask_for_large(&mut memory[1..]);
        let knows_them = Path::new("/sys/kernel/mm/transparent_hugepage").exists();
        assert_eq!(is_asked_for(memory.as_ptr().addr() + (1 << 22)), knows_them);
        assert!((0..).zip(&memory).all(|(at, value)| at == *value));
    }

    #[test]
    fn less_than_a_page_is_nothing_to_ask_for() {
        ask_for_large::<u8>(&mut []);
        for size in [1, 4095, 4097] {
            ask_for_large(&mut vec![0_u8; size]);
        }
    }
}
