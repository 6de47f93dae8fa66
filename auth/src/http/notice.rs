//! One notice across one redirect, for browsers without scripts and for the first paint.
//!
//! It travels in a sealed cookie and never in the address, where anybody could write it.

use crate::{Engine, Reason};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tower_cookies::Cookie;

/// A redirect is followed at once; a notice that waits longer is about something else.
const LIFETIME: Duration = Duration::from_secs(60);

/// What the next page has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// A session ended.
    Ended {
        /// Why.
        reason: Reason,
        /// Whether it was a remembered one.
        remembered: bool,
    },
    /// Something of the app's own, in its own encoding.
    App(String),
}

/// The cookie that carries a notice, if it can be carried.
pub(super) fn cookie(engine: &Engine, notice: &Notice) -> Option<Cookie<'static>> {
    let spec = engine.cookies();
    let value = engine.sealer().seal(spec.notice_name(), notice);
    if value.is_none() {
        tracing::warn!("a notice is too long to be carried; it was left out");
    }
    value.map(|value| spec.cookie(spec.notice_name(), value, Some(LIFETIME)))
}

/// The notice that a request brought.
pub(super) fn presented(engine: &Engine, brought: &[u8]) -> Option<Notice> {
    engine.sealer().open(engine.cookies().notice_name(), brought)
}
