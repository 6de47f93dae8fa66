//! The real router over a real socket, and the real binary.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod account;
mod attacks;
mod bad_input;
mod cache;
mod calls;
#[cfg(target_os = "linux")]
mod clocks;
mod command_line;
mod configuration;
mod connections;
mod contract;
mod copied;
mod crash;
mod disk;
mod events;
mod guessing;
mod host;
mod import;
mod keys;
mod leaked;
mod log;
mod moving;
mod outage;
mod pages;
mod pepper;
mod postgres;
#[cfg(target_os = "linux")]
mod preload;
mod program;
mod rolling;
mod security_doc;
mod storm;
mod ways_in;
