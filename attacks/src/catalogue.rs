//! All attacks: those that are made here, and where the others are.

use crate::{
    accounts,
    attacker::Attacker,
    caches, cookies, errors, fields, guessing, headers, markup, methods, origins,
    outcome::{Outcome, Report, Stop, Verdict},
    redirects, sessions, sizes, timing,
};
use std::{future::Future, pin::Pin};

type Making<'a> = Pin<Box<dyn Future<Output = Outcome> + 'a>>;

/// How an attack gets along with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It is over soon.
    Quick,
    /// It makes a few failed tries, which count: after those that make none.
    Guesses,
    /// It makes so many that strangers have to wait: one of the last.
    UsesUp,
    /// It mostly waits: beside the others.
    Waits,
}

/// An attack.
#[derive(Clone, Copy)]
pub struct Attack {
    /// Which, in `docs/security.md`.
    pub id: &'static str,
    /// What must hold.
    pub title: &'static str,
    /// How it gets along with others.
    pub pace: Pace,
    make: for<'a> fn(&'a Attacker) -> Making<'a>,
}

impl std::fmt::Debug for Attack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attack").field("id", &self.id).field("title", &self.title).finish_non_exhaustive()
    }
}

impl Attack {
    pub(crate) async fn make(&self, attacker: &Attacker) -> Report {
        let before = attacker.requests();
        let verdict = match (self.make)(attacker).await {
            Ok(()) => Verdict::Held { requests: attacker.requests() - before },
            Err(Stop::Broken(finding)) => Verdict::Broken(finding),
            Err(Stop::NotApplicable(why)) => Verdict::NotApplicable(why),
        };
        Report { id: self.id, title: self.title, verdict }
    }
}

macro_rules! attack {
    ($id:literal, $pace:ident, $make:path, $title:literal) => {
        Attack { id: $id, title: $title, pace: Pace::$pace, make: |attacker| Box::pin($make(attacker)) }
    };
}

/// The attacks that are made here.
pub static ATTACKS: [Attack; 26] = [
    attack!("A1", Quick, cookies::twins, "A cookie whose name only decodes to the session's never counts"),
    attack!("A2", Quick, cookies::spoilt, "A cookie that was changed, cut or moved opens nothing"),
    attack!("A3", Quick, sessions::replay, "A cookie from before the sign-out is of no use after it"),
    attack!("A5", Quick, origins::cross_site, "Pages of other sites change nothing"),
    attack!(
        "A6",
        Quick,
        redirects::referer,
        "No answer leads to where a Referer says, and no error stands in an address"
    ),
    attack!("A7", Quick, errors::oracle, "Errors tell nothing of the inside"),
    attack!("A9", Guesses, guessing::parallel, "Of two hundred guesses at once as many are looked at as are free"),
    attack!("A10", UsesUp, guessing::lock_out, "Whoever guesses does not lock out a browser that has signed in before"),
    attack!(
        "A11",
        Guesses,
        guessing::enumeration,
        "Nothing in an answer tells a name that exists from one that does not"
    ),
    attack!("A11-time", UsesUp, timing::names, "Nor does the time that an answer takes"),
    attack!("A12", UsesUp, guessing::forwarded, "Who says to come from elsewhere guesses no more for it"),
    attack!("A14", Quick, sessions::fixation, "A sign-in starts a new session, and ends the one that was there"),
    attack!("A23", Quick, redirects::next, "After a sign-in nobody is led off the site"),
    attack!("A24", Quick, markup::typed, "What people typed is text and nothing else"),
    attack!("A25", Quick, caches::stores, "What a session sees is kept by no cache"),
    attack!("A30", Quick, sizes::oversized, "Much too much of anything is refused"),
    attack!("A30-slow", Waits, sizes::slow, "Who sends slowly is cut off"),
    attack!("A31", Quick, fields::confusion, "Fields that come twice, as lists or of another type are refused"),
    attack!("A32", Quick, accounts::of_others, "Nobody sees or ends the sessions of another"),
    attack!("A32-time", Quick, timing::sessions, "Nor does the time that an answer takes tell which there are"),
    attack!("A33", Quick, methods::others, "Reading, fetching ahead and odd methods change nothing"),
    attack!("A34", Quick, origins::websocket, "No page of another site opens a WebSocket"),
    attack!("A35", Quick, cookies::junk, "Junk among the cookies signs nobody out and breaks nothing"),
    attack!("A38", Quick, caches::anonymous, "Who only looks gets no cookie"),
    attack!("A39", Guesses, headers::everywhere, "Every answer has its headers, whatever its status"),
    attack!("SQL", Guesses, fields::sql, "SQL in a field is text and nothing else"),
];

/// An attack that cannot be made over a socket alone.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere {
    /// Which.
    pub id: &'static str,
    /// What it takes.
    pub takes: &'static str,
    /// Where Daypass's own tests make it.
    pub place: &'static str,
}

/// The attacks that are not made here.
pub static ELSEWHERE: [Elsewhere; 18] = [
    elsewhere("A4", "the key, to seal what no server sealed", "auth/src/engine/tests.rs"),
    elsewhere("A8", "a request that stands still half-way", "auth/tests/http.rs"),
    elsewhere("A13", "a storm, and a count of what is hashed", "auth/src/password/hasher.rs"),
    elsewhere("A15", "a change of the password while it is hashed", "auth/src/store/conformance.rs"),
    elsewhere("A16", "an end of all sessions during a sign-in", "auth/src/store/conformance.rs"),
    elsewhere("A17", "an operator", "auth/src/engine/tests.rs"),
    elsewhere("A18", "a database that can be taken away", "server/tests/it/outage.rs"),
    elsewhere("A19", "two nodes", "docs/security.md"),
    elsewhere("A20", "two nodes", "docs/security.md"),
    elsewhere("A21", "the clock", "auth/src/policy.rs"),
    elsewhere("A22", "the clock", "auth/src/engine/tests.rs"),
    elsewhere("A26", "the keys", "server/tests/it/keys.rs"),
    elsewhere("A27", "the database's file", "auth/src/store/sqlite/tests.rs"),
    elsewhere("A28", "kill -9", "server/tests/it/crash.rs"),
    elsewhere("A29", "the database's content", "auth/src/password/hasher.rs"),
    elsewhere("A36", "the log", "server/tests/it/events.rs"),
    elsewhere("A37", "a browser", "end2end/tests/parallel.spec.ts"),
    elsewhere("A40", "the functions themselves", "auth/src/engine/model.rs"),
];

const fn elsewhere(id: &'static str, takes: &'static str, place: &'static str) -> Elsewhere {
    Elsewhere { id, takes, place }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, path::Path};

    #[test]
    fn each_of_the_forty_is_made_here_or_elsewhere() {
        let here: BTreeSet<_> = ATTACKS.iter().map(|attack| attack.id.split('-').next().unwrap_or_default()).collect();
        let elsewhere: BTreeSet<_> = ELSEWHERE.iter().map(|attack| attack.id).collect();
        assert!(here.is_disjoint(&elsewhere));
        for n in 1..=40 {
            let id = format!("A{n}");
            assert!(here.contains(&*id) || elsewhere.contains(&*id), "{id} is nowhere");
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        assert!(ELSEWHERE.iter().all(|attack| root.join(attack.place).exists()));
    }
}
