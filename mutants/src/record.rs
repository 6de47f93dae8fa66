//! Which test noticed which defence's loss: written down for people, and read to try that test first.

use crate::{
    MUTANTS, Mutant,
    suite::{SUITES, Tests},
};
use std::{collections::BTreeMap, fmt::Write as _};

/// Where the record is kept, from the project's root.
pub const RECORD: &str = "docs/defences.md";

const HEAD: &str = "# The defences, and a test that fails without each\n\n\
    Written by `script/mutants`, which takes each defence out of a copy of the code, one at a time, and runs the tests \
    until one fails. What is taken out, and how the code reads without it, is in `mutants/src/list.rs`. Mostly more \
    tests than the one named here would fail.\n\n\
    | without this | fails | in the tests of |\n|---|---|---|\n";

/// The tests that noticed, by defence.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Record(BTreeMap<String, (String, String)>);

impl Record {
    /// What is written there.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let row = |line: &str| {
            let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ");
            let (defence, test, suite) = (cells.next()?, cells.next()?, cells.next()?);
            let test = test.strip_prefix('`')?.strip_suffix('`')?;
            Some((defence.to_owned(), (test.to_owned(), suite.to_owned())))
        };
        Self(text.lines().filter_map(row).collect())
    }

    /// As it is to be written: the defences that are on the list, in its order.
    #[must_use]
    pub fn written(&self) -> String {
        let mut text = HEAD.to_owned();
        for mutant in MUTANTS {
            if let Some((test, suite)) = self.0.get(mutant.defence) {
                let _always = writeln!(text, "| {} | `{test}` | {suite} |", mutant.defence);
            }
        }
        text
    }

    /// What noticed, the last time.
    #[must_use]
    pub fn of(&self, mutant: &Mutant) -> Option<Tests> {
        let (test, name) = self.0.get(mutant.defence)?;
        let suite = SUITES.iter().find(|suite| suite.name == name)?;
        Some(Tests::one(*suite, test))
    }

    /// This test, of this suite, noticed now; or none.
    pub fn set(&mut self, mutant: &Mutant, noticed: Option<(&str, &str)>) {
        match noticed {
            Some((test, suite)) => {
                self.0.insert(mutant.defence.to_owned(), (test.to_owned(), suite.to_owned()));
            }
            None => {
                self.0.remove(mutant.defence);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut record = Record::default();
        record.set(&MUTANTS[3], Some(("seal::tests::a", SUITES[0].name)));
        record.set(&MUTANTS[0], Some(("attacks::b", SUITES[3].name)));
        let written = record.written();
        assert!(written.ends_with(&format!(
            "|---|---|---|\n| {} | `attacks::b` | {} |\n| {} | `seal::tests::a` | {} |\n",
            MUTANTS[0].defence, SUITES[3].name, MUTANTS[3].defence, SUITES[0].name
        )));
        assert_eq!(Record::read(&written), record);
        assert_eq!(record.of(&MUTANTS[3]), Some(Tests::one(SUITES[0], "seal::tests::a")));
        assert_eq!(record.of(&MUTANTS[1]), None);
        record.set(&MUTANTS[3], None);
        assert_eq!(record.of(&MUTANTS[3]), None);
    }
}
