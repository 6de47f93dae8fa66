//! What becomes of an attack.

use crate::message::{Answer, Ask};

/// What an attack says of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It held.
    Held {
        /// How many requests were sent to find that out.
        requests: usize,
    },
    /// It did not.
    Broken(Finding),
    /// Nobody knows: the attack could not be made.
    NotApplicable(String),
}

/// How a server did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub wrong: String,
    /// What was sent, without its secrets.
    pub sent: String,
    /// What came back, without its secrets.
    pub came: String,
}

/// An attack and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The attack's id.
    pub id: &'static str,
    /// What must hold.
    pub title: &'static str,
    /// Whether it does.
    pub verdict: Verdict,
}

/// Why an attack ended before all of it was made.
#[derive(Debug)]
pub(crate) enum Stop {
    Broken(Finding),
    NotApplicable(String),
}

/// Of an attack: nothing more to say if all of it held.
pub(crate) type Outcome = Result<(), Stop>;

/// The server did not hold, as this request and its answer show.
pub(crate) fn broken(wrong: impl Into<String>, ask: &Ask, answer: &Answer) -> Stop {
    Stop::Broken(Finding { wrong: wrong.into(), sent: ask.describe(), came: answer.describe() })
}

/// The attack cannot be made here.
pub(crate) fn not_applicable(why: impl Into<String>) -> Stop {
    Stop::NotApplicable(why.into())
}

/// Fails with what this request and its answer show, unless `holds`.
pub(crate) fn must(holds: bool, wrong: impl Into<String>, ask: &Ask, answer: &Answer) -> Outcome {
    if holds { Ok(()) } else { Err(broken(wrong, ask, answer)) }
}
