//! The server functions: thin. Each reads what it needs, calls the engine, and maps the error.
//!
//! Their addresses are a contract that others script against, so each is written out.

mod ask;
mod client;
mod extend;
mod session;
mod sign_in;
mod sign_out;

pub(crate) use ask::{Said, ask};
pub use client::ApiClient;
pub(crate) use client::{Heard, on_answer};
pub use daypass_auth::SessionInfo;
pub use extend::{Extend, extend};
pub use session::{CheckSession, check_session};
pub use sign_in::{SignIn, sign_in};
pub use sign_out::{SignOut, sign_out};
