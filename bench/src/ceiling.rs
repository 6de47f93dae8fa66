//! What argon2id itself allows: the same parameters as at a sign-in, one after the other in memory that is
//! taken once, on so many threads.

use crate::{Outcome, say};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::time::{Duration, Instant};

/// What a stored hash costs (OWASP's least; ASVS 5.0, appendix C).
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;

/// Hashes for so long, and says how many a second.
pub(crate) fn hash_for(time: Duration, threads: usize) -> Outcome<()> {
    let start = Instant::now();
    let working: Vec<_> = (0..threads).map(|_| std::thread::spawn(move || work(time))).collect();
    let mut hashes = 0.0;
    for thread in working {
        hashes += thread.join().map_err(|_| "a thread panicked")??;
    }
    say(&format!("{}", hashes / start.elapsed().as_secs_f64()));
    Ok(())
}

fn work(time: Duration) -> Outcome<f64> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).map_err(|error| error.to_string())?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut blocks = vec![Block::new(); argon2.params().block_count()];
    let mut output = [0; 32];
    let (start, mut hashes) = (Instant::now(), 0.0);
    while start.elapsed() < time {
        argon2
            .hash_password_into_with_memory(crate::PASSWORD.as_bytes(), &[7; 16], &mut output, &mut blocks)
            .map_err(|error| error.to_string())?;
        hashes += 1.0;
    }
    Ok(hashes)
}
