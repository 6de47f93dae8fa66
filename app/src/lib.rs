//! What people see, compiled twice: natively to render it on the server, to WebAssembly to make it
//! live in the browser.

#![forbid(unsafe_code)]
// Views are deeply nested types when they are not erased, as in tests.
#![recursion_limit = "256"]

pub mod api;
mod app;
mod components;
pub mod error;
mod pages;
#[cfg(feature = "ssr")]
pub mod server;
mod session;
#[cfg(feature = "ssr")]
mod shell;
mod submission;
mod timer;
mod toast;
pub mod words;

pub use app::{App, Done, FirstPaint, PageNotice, PageSettings};
pub use error::AppError;
#[cfg(feature = "ssr")]
pub use shell::{Assets, shell};
