//! The browser's side of the session: what the page believes, and how it comes to believe it.

mod activity;
mod drafts;
mod moment;
mod provider;
mod sudo;
mod tabs;
pub(crate) mod watch;

pub(crate) use moment::Moment;
pub(crate) use provider::Session;
pub(crate) use sudo::Sudo;
