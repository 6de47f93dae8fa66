//! The config.yaml of streamlit-authenticator: `credentials: usernames:`, and below each name a
//! `password`, which is a bcrypt hash, or plain text that was to be hashed at the next start.

use super::{
    entry::{Content, Entry, Place, Refusal, Secret},
    source::FileError,
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_saphyr::{Options, options::DuplicateKeyPolicy};
use std::fmt;
use zeroize::Zeroizing;

/// A file of the longest length has no more than this many of anything.
const MOST_NODES: usize = 4_000_000;
/// Nobody writes aliases into such a file by the thousand. What they stand for is read each time,
/// and a few of them in a few others would be more than any memory holds.
const MOST_ALIASES: usize = 1_000;
const MOST_ALIASED_NODES: usize = 100_000;

#[derive(Deserialize)]
struct Config {
    credentials: Option<Credentials>,
}

#[derive(Deserialize)]
struct Credentials {
    usernames: Option<Users>,
}

/// In the order of the file, and each as often as it is there.
struct Users(Vec<(String, Option<User>)>);

#[derive(Deserialize)]
struct User {
    password: Option<String>,
}

/// The accounts of a file.
///
/// # Errors
/// When it is no such YAML.
pub(super) fn entries(bytes: &[u8]) -> Result<Vec<Entry>, FileError> {
    let text = std::str::from_utf8(bytes).map_err(|_| FileError::NotText)?;
    let config: Option<Config> = serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        // What the library says shows lines of the file, with the passwords in them.
        let place = error.location().map(|place| format!("line {}, column {}", place.line(), place.column()));
        FileError::Yaml(place.unwrap_or_else(|| "the file".to_owned()))
    })?;
    let users = config.and_then(|config| config.credentials).and_then(|credentials| credentials.usernames);
    Ok(users.ok_or(FileError::NoCredentials)?.0.into_iter().map(entry).collect())
}

fn entry((name, user): (String, Option<User>)) -> Entry {
    let password = user.and_then(|user| user.password).map(Zeroizing::new);
    let content = match password {
        Some(text) if Secret::looks_hashed(&text) => Ok(Secret::Hash(text)),
        Some(text) => Ok(Secret::Plain(text)),
        None => Err(Refusal::NoPassword),
    };
    Entry { place: Place::Name(name.clone()), content: content.map(|secret| Content { name, secret }) }
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: MOST_NODES,
            max_events: MOST_NODES * 2,
            max_aliases: MOST_ALIASES,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_ALIASED_NODES },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        with_snippet: false,
    }
}

impl<'de> Deserialize<'de> for Users {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Users;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("accounts by their names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Users, A::Error> {
                let mut users = Vec::new();
                while let Some(user) = map.next_entry()? {
                    users.push(user);
                }
                Ok(Users(users))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::import::source::MAX_BYTES;

    fn shown(text: &str) -> Vec<String> {
        entries(text.as_bytes())
            .unwrap()
            .into_iter()
            .map(|entry| match entry.content {
                Ok(Content { secret: Secret::Plain(text), .. }) => format!("{} plain {}", entry.place, *text),
                Ok(Content { secret: Secret::Hash(text), .. }) => format!("{} hash {}", entry.place, *text),
                Err(why) => format!("{} {why}", entry.place),
            })
            .collect()
    }

    const HASH: &str = "$2b$12$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u";

    #[test]
    fn what_streamlit_authenticator_writes_is_read() {
        let text = format!(
            "cookie:\n  expiry_days: 30\n  key: some_signature_key # a comment\n  name: some_cookie_name\n\
             credentials:\n  usernames:\n    alice:\n      email: alice@example.org\n      failed_login_attempts: 0\n      \
             first_name: Alice\n      logged_in: False\n      password: {HASH}\n      roles: # a list\n      - admin\n      - editor\n    \
             bob:\n      name: Bob\n      password: \"plain: text\"\n    admin: {{email: null, password: {HASH}}}\n\
             pre-authorized:\n  emails:\n  - carol@example.org\n"
        );
        let alice = format!("\"alice\" hash {HASH}");
        let admin = format!("\"admin\" hash {HASH}");
        let expected = [alice.as_str(), "\"bob\" plain plain: text", &admin];
        assert_eq!(shown(&text), expected);
        assert_eq!(shown(&text.replace('\n', "\r\n")), expected);
        assert_eq!(shown(&format!("\u{feff}---\n{text}")), expected);
    }

    #[test]
    fn passwords_are_read_as_they_are_written() {
        for (written, read) in [
            ("0123456789012345678", "plain 0123456789012345678"),
            ("1e500", "plain 1e500"),
            ("true", "plain true"),
            ("'it''s'", "plain it's"),
            ("null", "there is no password"),
            ("~", "there is no password"),
            ("", "there is no password"),
            ("''", "plain "),
        ] {
            let text = format!("credentials:\n  usernames:\n    alice:\n      password: {written}\n");
            assert_eq!(shown(&text), [format!("\"alice\" {read}")], "{written}");
        }
        let twice = "credentials: {usernames: {1: {password: a}, 1: {password: b}, x: , \"a\\e[31m\": {}}}";
        let none = "there is no password";
        assert_eq!(
            shown(twice),
            ["\"1\" plain a", "\"1\" plain b", &format!("\"x\" {none}"), &format!("\"a\\u{{1b}}[31m\" {none}")]
        );
    }

    #[test]
    fn what_is_no_such_file_is_refused_without_showing_it() {
        for text in ["", "# nothing\n", "cookie: {}\n", "credentials:\n", "credentials: {usernames: }\n"] {
            assert!(matches!(entries(text.as_bytes()), Err(FileError::NoCredentials)), "{text:?}");
        }
        for text in [
            "canary",
            "- canary",
            "credentials: canary",
            "credentials: {usernames: [canary]}",
            "credentials: {usernames: {alice: canary}}",
            "credentials: {usernames: {alice: {password: [canary]}}}",
            "credentials: {usernames: {alice: {password: \"canary",
            "credentials: {usernames: {alice: {password: canary, password: canary}}}",
            "credentials: *canary",
            "a: 1\n---\ncanary: 2\n",
        ] {
            let error = entries(text.as_bytes()).map(|_| ()).unwrap_err();
            assert!(matches!(error, FileError::Yaml(_)), "{text:?}: {error}");
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        }
        assert!(matches!(entries(b"\xff"), Err(FileError::NotText)));
    }

    #[test]
    fn aliases_do_not_grow_without_bound() {
        let mut bomb = String::from("a0: &a0 {password: lol}\n");
        for level in 1..40 {
            let below = format!("*a{}, ", level - 1).repeat(9);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(", ")));
        }
        bomb.push_str("credentials: {usernames: {alice: *a39}}\n");
        assert!(matches!(entries(bomb.as_bytes()), Err(FileError::Yaml(_))));
        let deep = "[".repeat(100_000);
        assert!(matches!(entries(deep.as_bytes()), Err(FileError::Yaml(_))));
        let honest = "x: &x {password: shared by two}\ncredentials: {usernames: {alice: *x, bob: *x}}\n";
        assert_eq!(shown(honest).len(), 2);
    }

    #[test]
    fn the_longest_file_is_read() {
        let mut text = String::from("credentials:\n  usernames:\n");
        let mut n = 0;
        while text.len() as u64 + 200 < MAX_BYTES {
            n += 1;
            text.push_str(&format!("    n{n}:\n      email: n{n}@example.org\n      password: {HASH}\n"));
        }
        assert_eq!(entries(text.as_bytes()).unwrap().len(), n);
    }
}
