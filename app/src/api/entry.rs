use serde::{Deserialize, Serialize};

/// A line of a list: a session of the person's, or something that happened. In words, made by the
/// server: the browser knows neither how to read a browser's description of itself nor calendars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The session's id, or the empty text.
    pub id: String,
    /// What it is about.
    pub what: String,
    /// More about that, or the empty text.
    pub detail: String,
    /// From where.
    pub place: String,
    /// When it was last used, or happened.
    pub at: When,
    /// When it began, if it lasts.
    pub since: Option<When>,
    /// Whether it is the session that asks.
    pub current: bool,
}

/// A moment, in words and exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// "5 minutes ago".
    pub words: String,
    /// RFC 3339, UTC.
    pub exact: String,
}
