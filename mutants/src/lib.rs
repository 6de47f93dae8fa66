//! Takes each defence out, and shows that a test fails.
//!
//! A [`Mutant`] is a defence, where it stands in the code, and what stands there without it. The command
//! of this crate (`script/mutants`) makes them one after the other in a copy of the project and runs the
//! tests: at least one has to fail. That takes an hour; what is tested on every run is that each text is
//! still there, once, and that the test which failed without it is, too, so that neither the list nor the
//! [`Record`] can become wrong in silence.

#![forbid(unsafe_code)]

mod list;
mod record;
mod suite;

pub use list::MUTANTS;
pub use record::{RECORD, Record};
pub use suite::{SUITES, Suite, Tests};

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A defence that is taken out.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// What holds, with it.
    pub defence: &'static str,
    /// Where it stands: the beginning of the paths of the files that are searched.
    pub place: &'static str,
    /// How it reads, exactly; there, and once.
    pub text: &'static str,
    /// What stands there without it.
    pub without: &'static str,
}

/// A mutant that does not fit the code.
#[derive(Debug)]
pub enum Unfit {
    /// Its text is there so many times.
    Found(usize),
    /// The files cannot be read or written.
    Io(io::Error),
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Found(0) => f.write_str("its text is not there any more"),
            Self::Found(times) => write!(f, "its text is there {times} times"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Unfit {}

impl From<io::Error> for Unfit {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Mutant {
    /// The file below `root` in which the text stands, and what is in that file.
    ///
    /// # Errors
    /// When it does not stand in one of them exactly once.
    pub fn find(&self, root: &Path) -> Result<(PathBuf, String), Unfit> {
        let (mut found, mut times) = (None, 0);
        for path in sources(&root.join(self.place))? {
            let content = fs::read_to_string(&path)?;
            times += content.matches(self.text).count();
            if content.contains(self.text) {
                found = Some((path, content));
            }
        }
        match found {
            Some(found) if times == 1 => Ok(found),
            _ => Err(Unfit::Found(times)),
        }
    }
}

/// The Rust files whose paths begin with `place`.
fn sources(place: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = vec![place.parent().unwrap_or(place).to_path_buf()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let begins = path.to_string_lossy().starts_with(&*place.to_string_lossy());
            if begins && path.is_dir() {
                folders.push(path);
            } else if begins && path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_defence_on_the_list_still_stands_where_it_says() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let unfit = MUTANTS.iter().filter_map(|mutant| Some((mutant.defence, mutant.find(&root).err()?)));
        let unfit: Vec<_> = unfit.map(|(defence, why)| format!("{defence}: {why}")).collect();
        assert!(unfit.is_empty(), "{unfit:#?}");
    }

    #[test]
    fn every_defence_has_a_test_that_is_still_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let text = fs::read_to_string(root.join(RECORD)).unwrap();
        let record = Record::read(&text);
        assert_eq!(record.written(), text, "it is written by script/mutants");
        let all = ["auth/src", "auth/tests", "server/src", "server/tests"]
            .map(|place| sources(&root.join(place)).unwrap())
            .concat();
        let all: String = all.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        let lacks_it = |mutant: &&Mutant| {
            let tests = record.of(mutant);
            let name = tests.as_ref().and_then(|tests| tests.which.last()?.rsplit("::").next());
            name.is_none_or(|name| !all.contains(&format!("fn {name}(")))
        };
        let lack: Vec<_> = MUTANTS.iter().filter(lacks_it).map(|mutant| mutant.defence).collect();
        assert!(lack.is_empty(), "run script/mutants for {lack:#?}");
    }

    #[test]
    fn no_two_are_the_same_and_each_changes_something() {
        assert!(MUTANTS.iter().all(|mutant| mutant.text != mutant.without));
        let names: BTreeSet<_> = MUTANTS.iter().map(|mutant| mutant.defence).collect();
        assert_eq!(names.len(), MUTANTS.len());
    }
}
