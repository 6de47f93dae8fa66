//! The host: configuration, the router, and the operators' command line. `main` only wires.

#![forbid(unsafe_code)]
// Views are deeply nested types when they are not erased, as in tests.
#![recursion_limit = "256"]

mod assets;
pub mod commands;
pub mod config;
mod demo;
pub mod http;
mod keys;
mod listen;
pub mod log;
mod pepper;
#[cfg(test)]
mod readme;
mod serve;
#[cfg(feature = "test-clock")]
mod test_clock;

pub use http::{AppState, CallLimit, Stopping, pages, router};
pub use serve::serve;
