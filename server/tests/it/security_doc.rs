//! docs/security.md says which test shows what. A document of that kind is wrong the day a test is
//! renamed, unless something looks.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const HEAD: &str = "| requirement | in short | shown by |";
/// How a third cell begins that names no test.
const WITHOUT_A_TEST: [&str; 4] = ["not shown yet", "gap", "does not apply", "script/test"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The third cells of all tables of requirements.
fn cells(document: &str) -> Vec<&str> {
    let mut cells = Vec::new();
    let mut inside = false;
    for line in document.lines() {
        if line == HEAD {
            inside = true;
        } else if !line.starts_with('|') {
            inside = false;
        } else if inside && !line.starts_with("|---") {
            // A bar within a cell would move the others, so there is none.
            let row: Vec<_> = line.split('|').map(str::trim).collect();
            assert_eq!(row.len(), 5, "a row has three cells: {line}");
            assert!(row[1..4].iter().all(|cell| !cell.is_empty()), "an empty cell: {line}");
            cells.push(row[3]);
        }
    }
    cells
}

/// What stands between backticks: in a third cell, names of tests and nothing else.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    assert!(cell.matches('`').count().is_multiple_of(2), "a backtick that is not closed: {cell}");
    cell.split('`').skip(1).step_by(2)
}

/// The sources in a folder.
fn sources(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => sources(&path),
            false if path.extension().is_some_and(|extension| extension == "rs") => {
                vec![fs::read_to_string(&path).unwrap()]
            }
            false => Vec::new(),
        })
        .collect()
}

/// Names of all functions that the test runner of Rust calls.
fn rust_tests(source: &str, found: &mut BTreeSet<String>) {
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if !line.starts_with("#[") {
            let name = line.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
            found.extend(name.filter(|_| is_test).map(|(name, _)| name.to_owned()));
            is_test = false;
        }
    }
}

/// The source of each file of browser tests.
fn browser_tests() -> BTreeMap<String, String> {
    let files = fs::read_dir(root().join("end2end/tests")).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn every_test_that_the_security_document_names_is_there() {
    let document = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let mut rust = BTreeSet::new();
    for folder in ["attacks", "auth", "app", "frontend", "server"] {
        sources(&root().join(folder)).iter().for_each(|source| rust_tests(source, &mut rust));
    }
    let browser = browser_tests();
    let cells = cells(&document);
    let mut named = BTreeSet::new();
    for cell in &cells {
        let says_so = WITHOUT_A_TEST.iter().any(|status| cell.starts_with(status));
        assert!(names(cell).next().is_some() || says_so, "neither a test nor why there is none: {cell}");
        for name in names(cell) {
            let is_there = match name.split_once(": ") {
                Some((file, title)) => browser.get(file).is_some_and(|source| {
                    let title = title.trim_matches('"');
                    ['"', '`'].iter().any(|quote| source.contains(&format!("test({quote}{title}{quote},")))
                }),
                None => rust.contains(name.rsplit("::").next().unwrap()),
            };
            assert!(is_there, "there is no test {name}");
            named.insert(name);
        }
    }
    // A parser that finds nothing would find nothing wrong.
    assert!(cells.len() > 100 && named.len() > 80, "{} rows and {} tests were found", cells.len(), named.len());
}

/// Names of the events that code writes to the log.
fn events(source: &str, found: &mut BTreeSet<String>) {
    for line in source.split("event = ").skip(1) {
        // One of two, where it depends.
        let line = line.split([',', '\n']).next().unwrap_or_default();
        found.extend(line.split('"').skip(1).step_by(2).map(str::to_owned));
    }
}

/// The events of "What the log says".
pub(crate) fn listed_events() -> BTreeSet<String> {
    let document = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let (_, table) = document.split_once("| event | when | with |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let rows = table.lines().filter_map(|line| line.split('|').nth(1));
    rows.flat_map(names).map(str::to_owned).collect()
}

#[test]
fn what_the_log_says_is_listed() {
    let mut written = BTreeSet::new();
    for folder in ["auth/src", "app/src", "server/src"] {
        sources(&root().join(folder)).iter().for_each(|source| events(source, &mut written));
    }
    assert!(written.len() > 15, "{written:?}");
    assert_eq!(listed_events(), written);
}
