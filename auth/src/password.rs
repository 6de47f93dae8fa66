//! Passwords: what may be one, and how one is hashed without the hashing taking the server down.

mod bcrypt;
mod chosen;
mod common;
mod estimate;
mod hasher;
mod leaked;
mod memory;
mod pages;
mod pepper;
mod rows;
mod stored;
mod threads;
mod weakness;

pub use chosen::{MAX_BYTES, MIN_CHARS, Password, PasswordError};
pub use hasher::{HashError, Hasher, MAX_WAITING};
pub use leaked::{LeakedError, LeakedPasswords};
pub use stored::{ImportError, PasswordHash};
pub use weakness::Weakness;
