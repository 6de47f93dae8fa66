//! The server functions: thin. Each reads what it needs, calls the engine, and maps the error.
//!
//! Their addresses are a contract that others script against, so each is written out.

mod activity;
mod ask;
mod change_password;
mod client;
mod confirm;
mod entry;
mod extend;
mod session;
mod sessions;
mod sign_in;
mod sign_out;

pub use activity::{ListActivity, list_activity};
pub(crate) use ask::{Said, ask};
pub use change_password::{ChangePassword, change_password};
pub use client::ApiClient;
pub(crate) use client::{Heard, on_answer};
pub use confirm::{Confirm, confirm};
pub use daypass_auth::SessionInfo;
pub use entry::{Entry, When};
pub use extend::{Extend, extend};
pub use session::{CheckSession, check_session};
pub use sessions::{EndSessions, ListSessions, end_sessions, list_sessions};
pub use sign_in::{SignIn, sign_in};
pub use sign_out::{SignOut, sign_out};
