//! Files of accounts: what is in one is read as it was written, account by account and line by line, and
//! whatever it is, no error shows what is in it.

#![no_main]

use arbitrary::Arbitrary;
use entry::{Content, Entry, Place, Secret};
use libfuzzer_sys::fuzz_target;
use std::fmt::Write;

// The very files of the server, without the rest of it, which would take minutes to build.
mod config {
    #[derive(Clone, Copy, Debug)]
    pub enum ImportFormat {
        Csv,
        Streamlit,
    }
}
#[expect(dead_code, reason = "some refusals are for the step after this one")]
#[path = "../../server/src/commands/import/entry.rs"]
mod entry;
#[path = "../../server/src/commands/import/read_csv.rs"]
mod read_csv;
#[path = "../../server/src/commands/import/read_streamlit.rs"]
mod read_streamlit;
#[expect(dead_code, reason = "here files are not read from a disk")]
#[path = "../../server/src/commands/import/source.rs"]
mod source;

/// In whatever is secret, and in nothing that may be shown.
const CANARY: &str = "canary";

#[derive(Arbitrary, Debug)]
enum File {
    Csv {
        hashed: bool,
        crlf: bool,
        blank: u8,
        accounts: Vec<(String, String)>,
    },
    /// Whether an account is there without a password.
    Yaml {
        flow: bool,
        accounts: Vec<(String, Option<String>)>,
    },
    RawCsv(Vec<u8>),
    RawYaml(Vec<u8>),
    /// Something after a beginning that leads further.
    AfterHeader(Vec<u8>),
    BelowUsernames(Vec<u8>),
}

fn shown(entry: &Entry) -> (String, String, Option<(&str, &str, bool)>) {
    let why = entry.content.as_ref().err().map(|why| format!("{why} {why:?}")).unwrap_or_default();
    let content = entry.content.as_ref().ok().map(|Content { name, secret }| match secret {
        Secret::Plain(text) => (name.as_str(), text.as_str(), false),
        Secret::Hash(text) => (name.as_str(), text.as_str(), true),
    });
    (entry.place.to_string(), why, content)
}

/// Nothing of a file is in what is said of it, but for names, and of those nothing that a terminal obeys.
fn look(result: &Result<Vec<Entry>, source::FileError>) {
    match result {
        Err(error) => assert!(!format!("{error} {error:?}").contains(CANARY), "{error:?}"),
        Ok(entries) => {
            for entry in entries {
                let (place, why, content) = shown(entry);
                assert!(!place.chars().any(char::is_control) && !why.contains(CANARY), "{place:?} {why:?}");
                // The longest name that is shown, with every character of it escaped.
                assert!(place.len() <= 2 + 64 * 10, "{place}");
                if let Some((_, text, is_hash)) = content {
                    assert!(!is_hash || text.starts_with('$') || !Secret::looks_hashed(text));
                }
            }
        }
    }
}

/// A field of a CSV that holds any text.
fn field(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A YAML text that holds any text: double quotes, and every character by its number.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        write!(quoted, "\\U{:08x}", u32::from(c)).expect("a string takes all");
    }
    quoted + "\""
}

/// Ends of lines, as editors count them.
fn lines(text: &str) -> usize {
    text.replace("\r\n", "\n").matches(['\n', '\r']).count()
}

fn csv(hashed: bool, crlf: bool, blank: u8, accounts: &[(String, String)]) {
    let end = if crlf { "\r\n" } else { "\n" };
    let mut text = format!("name,{}{end}", if hashed { "hash" } else { "password" });
    let mut expected = Vec::new();
    for (i, (name, secret)) in accounts.iter().enumerate() {
        // Empty lines say nothing.
        text.push_str(&end.repeat(usize::from(blank) * i % 3));
        let secret = format!("{CANARY}{secret}");
        expected.push((1 + lines(&text), name, secret.clone()));
        text.push_str(&format!("{},{}{end}", field(name), field(&secret)));
    }
    let result = read_csv::entries(text.as_bytes());
    look(&result);
    let entries = result.expect("the header is a good one");
    assert_eq!(entries.len(), expected.len(), "{text:?}");
    for (entry, (line, name, secret)) in entries.iter().zip(&expected) {
        let (_, why, content) = shown(entry);
        assert!(matches!(entry.place, Place::Line(found) if found == *line), "{line} is {}: {text:?}", entry.place);
        assert_eq!(content, Some((name.as_str(), secret.as_str(), hashed)), "{why}: {text:?}");
    }
}

fn yaml(flow: bool, accounts: &[(String, Option<String>)]) {
    // A key on one line has 1024 signs at most (YAML 1.2.2, 7.4.2), and each of its characters takes ten here.
    let accounts = accounts.iter().map(|(name, secret)| (name.chars().take(100).collect::<String>(), secret));
    let accounts: Vec<_> = accounts.collect();
    let mut text = String::from(if flow { "credentials: {usernames: {" } else { "credentials:\n  usernames:\n" });
    for (name, secret) in &accounts {
        let password = secret.as_ref().map(|secret| quoted(&format!("{CANARY}{secret}")));
        let name = quoted(name);
        match (flow, password) {
            (true, Some(password)) => text.push_str(&format!("{name}: {{password: {password}}}, ")),
            (true, None) => text.push_str(&format!("{name}: , ")),
            (false, Some(password)) => text.push_str(&format!("    {name}:\n      password: {password}\n")),
            (false, None) => text.push_str(&format!("    {name}:\n      email: x\n")),
        }
    }
    text.push_str(if flow { "}}\n" } else { "" });
    let result = read_streamlit::entries(text.as_bytes());
    look(&result);
    if accounts.is_empty() && !flow {
        return;
    }
    let entries = result.unwrap_or_else(|error| panic!("{error}: {text:?}"));
    assert_eq!(entries.len(), accounts.len(), "{text:?}");
    for (entry, (name, secret)) in entries.iter().zip(&accounts) {
        let secret = secret.as_ref().map(|secret| format!("{CANARY}{secret}"));
        assert!(matches!(&entry.place, Place::Name(found) if found == name), "{text:?}");
        let (_, _, content) = shown(entry);
        assert_eq!(content, secret.as_deref().map(|secret| (name.as_str(), secret, false)), "{text:?}");
    }
}

fuzz_target!(|file: File| {
    match &file {
        File::Csv { hashed, crlf, blank, accounts } => csv(*hashed, *crlf, *blank, accounts),
        File::Yaml { flow, accounts } => yaml(*flow, accounts),
        File::RawCsv(bytes) => look(&read_csv::entries(bytes)),
        File::RawYaml(bytes) => look(&read_streamlit::entries(bytes)),
        File::AfterHeader(bytes) => {
            let bytes = [b"name,password\n", bytes.as_slice()].concat();
            let result = read_csv::entries(&bytes);
            look(&result);
            // Whatever stands in the lines: each is there once, and in its order.
            let places = result.expect("the header is a good one").into_iter().map(|entry| match entry.place {
                Place::Line(line) => line,
                Place::Name(name) => panic!("{name} in a file of lines"),
            });
            let places: Vec<_> = places.collect();
            let most = 1 + lines(&String::from_utf8_lossy(&bytes));
            assert!(
                places.is_sorted_by(|a, b| a < b) && places.iter().all(|line| (2..=most).contains(line)),
                "{places:?}"
            );
        }
        File::BelowUsernames(bytes) => {
            look(&read_streamlit::entries(&[b"credentials:\n  usernames:\n", bytes.as_slice()].concat()));
        }
    }
});
