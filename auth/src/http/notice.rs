//! One notice across one redirect, for browsers without scripts and for the first paint.
//!
//! It travels in a sealed cookie and never in the address, where anybody could write it.

use super::cookie_names::{Brought, Presented};
use crate::{Engine, Reason};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tower_cookies::Cookies;

/// A redirect is followed at once; a notice that waits longer is about something else.
const LIFETIME: Duration = Duration::from_secs(60);

/// What the next page has to say. In the request's extensions, if there is something.
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

/// Sends a notice along with a redirect.
pub fn put(engine: &Engine, cookies: &Cookies, notice: &Notice) {
    let spec = engine.cookies();
    match engine.sealer().seal(spec.notice_name(), notice) {
        Some(value) => cookies.add(spec.cookie(spec.notice_name(), value, Some(LIFETIME))),
        None => tracing::warn!("a notice is too long to be carried; it was left out"),
    }
}

pub(crate) fn presented(engine: &Engine, presented: &Presented) -> Option<Notice> {
    match &presented.notice {
        Brought::One(value) => engine.sealer().open(engine.cookies().notice_name(), value),
        Brought::Nothing | Brought::Several => None,
    }
}
