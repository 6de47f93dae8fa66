//! The tests that may notice.

use crate::Mutant;

/// Tests that are built together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite {
    /// What it is called in the record.
    pub name: &'static str,
    /// What it is, as arguments of `cargo test`.
    pub arguments: &'static [&'static str],
    /// The folder of the code beside which its tests stand.
    beside: Option<&'static str>,
}

/// All suites that are run, the quickest first: of the engine, and then of the server.
pub const SUITES: &[Suite] = &[
    Suite { name: "auth", arguments: &["--package=daypass-auth", "--lib"], beside: Some("auth/src/") },
    Suite { name: "auth, over HTTP", arguments: &["--package=daypass-auth", "--test=http"], beside: None },
    Suite { name: "server", arguments: &["--package=daypass-server", "--lib"], beside: Some("server/src/") },
    Suite { name: "server, from outside", arguments: &["--package=daypass-server", "--test=it"], beside: None },
];

/// One test, some or all of a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tests {
    /// The suite.
    pub suite: Suite,
    /// Which of it, as arguments of its program.
    pub which: Vec<String>,
}

impl Tests {
    /// All of a suite.
    #[must_use]
    pub const fn all(suite: Suite) -> Self {
        Self { suite, which: Vec::new() }
    }

    /// The one of this name.
    #[must_use]
    pub fn one(suite: Suite, test: &str) -> Self {
        Self { suite, which: vec!["--exact".to_owned(), test.to_owned()] }
    }
}

impl Mutant {
    /// The tests that may notice, those first that most likely do: the one that did before, those that stand
    /// beside the code, all.
    #[must_use]
    pub fn tests(&self, before: Option<Tests>) -> Vec<Tests> {
        let beside = SUITES.iter().find_map(|suite| {
            let module = self.place.strip_prefix(suite.beside?)?.trim_end_matches(".rs").trim_end_matches("/mod");
            Some(Tests { suite: *suite, which: vec![format!("{}::", module.replace('/', "::"))] })
        });
        let from = if self.place.starts_with("auth/") { 0 } else { 2 };
        let all = SUITES[from..].iter().map(|suite| Tests::all(*suite));
        before.into_iter().chain(beside).chain(all).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_noticed_before_is_tried_first_and_then_what_stands_beside() {
        let mutant = Mutant { defence: "", place: "server/src/http/calls.rs", text: "", without: "" };
        let before = Tests::one(SUITES[3], "calls::are_counted");
        let tests = mutant.tests(Some(before.clone()));
        let beside = Tests { suite: SUITES[2], which: vec!["http::calls::".to_owned()] };
        assert_eq!(tests, [before, beside, Tests::all(SUITES[2]), Tests::all(SUITES[3])]);

        let of_the_engine = Mutant { place: "auth/src/store/sqlite", ..mutant };
        let tests = of_the_engine.tests(None);
        assert_eq!(tests.len(), 1 + SUITES.len());
        assert_eq!(tests[0].which, ["store::sqlite::"]);
    }
}
