//! The README says what is set by itself and what has which limit. Figures in a text are wrong the day
//! that the code changes, unless something looks (ASVS 2.1.3, 6.1.1, 7.1.1).

use crate::{
    config::{self, Cli, DEFAULT_DATABASE, DEFAULT_KEYS_FILE, DEMO_DATABASE},
    http::{forms, limits, lines, report},
    listen::Limits,
};
use clap::CommandFactory;
use daypass_auth::{
    AccountName, password,
    throttle::{ACCOUNT, FORGET, Limit, NETWORK},
};
use std::{collections::BTreeMap, time::Duration};

const README: &str = include_str!("../../README.md");

/// The rows of the table below this head, cell by cell.
fn rows(head: &str) -> Vec<Vec<&'static str>> {
    let mut lines = README.lines().skip_while(|line| !line.starts_with(head));
    assert!(lines.next().is_some() && lines.next().is_some_and(|line| line.starts_with("|---")), "{head} is not there");
    let rows = lines.take_while(|line| line.starts_with('|'));
    rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn minutes(time: Duration) -> String {
    assert!(time.as_secs().is_multiple_of(60));
    format!("{} minutes", time.as_secs() / 60)
}

#[test]
fn the_readme_has_every_setting_with_its_default() {
    let command = Cli::command();
    let in_code: BTreeMap<_, _> = command
        .get_arguments()
        .filter_map(|arg| {
            let default = arg.get_default_values().first().map(|value| value.to_string_lossy().into_owned());
            Some((arg.get_env()?.to_str()?, default))
        })
        .collect();
    assert!(in_code.len() > 15, "{in_code:?}");
    let mut in_readme = BTreeMap::new();
    for row in rows("| setting (also a flag") {
        let (names, defaults) = (quoted(row[0]), quoted(row[1]));
        for (i, name) in names.iter().enumerate() {
            in_readme.insert(*name, (row[1], defaults.get(i).copied()));
        }
    }
    for (name, default) in &in_code {
        let Some((cell, shown)) = in_readme.get(name) else { panic!("the README does not know {name}") };
        match default.as_deref() {
            Some(default) => assert_eq!(*shown, Some(default), "{name}"),
            // What depends on other settings stands in words, with what it is in the end.
            None => {
                let words = match *name {
                    "DAYPASS_DATABASE_URL" => &[DEFAULT_DATABASE, DEMO_DATABASE][..],
                    "DAYPASS_KEYS_FILE" => &[DEFAULT_KEYS_FILE],
                    "DAYPASS_LISTEN" => &["LEPTOS_SITE_ADDR", config::DEFAULT_LISTEN],
                    "DAYPASS_PUBLIC_ORIGIN" => &["loopback"],
                    "DAYPASS_DEMO" => &["off"],
                    "DAYPASS_PEPPER_FILE" | "DAYPASS_LEAKED_PASSWORDS" | "DAYPASS_TRUSTED_PROXIES" => &["none"],
                    other => panic!("what is {other} by itself?"),
                };
                assert!(words.iter().all(|word| cell.contains(word)), "{name}: {cell}");
            }
        }
    }
    // Nothing else is read from the environment but for these.
    let others = ["DAYPASS_KEYS", "LEPTOS_SITE_ROOT", "RUST_LOG"];
    let unknown: Vec<_> =
        in_readme.keys().filter(|name| !in_code.contains_key(*name) && !others.contains(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_readme_says_how_guessing_is_slowed() {
    let shown: Vec<_> = rows("| what is counted | free | then |").into_iter().map(|row| (row[1], row[2])).collect();
    let then = |limit: Limit| format!("1 s, doubled each time, {} at most", minutes(limit.most));
    let (account, network) = (then(ACCOUNT), then(NETWORK));
    let (few, many) = (ACCOUNT.free.to_string(), NETWORK.free.to_string());
    let same = "the same; strangers' tries do not count here, nor these for strangers";
    let expected = [(&*few, &*account), (&few, same), (&many, &network), (&few, "as on a name")];
    assert_eq!(shown, expected);
    for limit in [ACCOUNT, NETWORK] {
        let waits = [0, 1, 2].map(|over| limit.wait(limit.free + over).as_secs());
        assert_eq!((limit.wait(limit.free - 1).as_secs(), waits), (0, [1, 2, 4]));
    }
    assert_eq!(FORGET, Duration::from_secs(24 * 3600));
    assert!(README.contains("Counts are forgotten a day after the last try."));
    // Whoever tries as soon as it is allowed, for a day.
    let (mut tries, mut waited) = (0, Duration::ZERO);
    while waited < FORGET {
        waited += ACCOUNT.wait(tries);
        tries += 1;
    }
    assert!((90..=115).contains(&tries), "{tries}");
    assert!(README.contains("about a hundred tries a day on an account"));
}

#[test]
fn the_readme_has_every_limit() {
    let Limits { connections, head, idle, stuck, drain } = Limits::default();
    let kib = |bytes: usize| {
        assert!(bytes.is_multiple_of(1024));
        format!("{} KiB", bytes / 1024)
    };
    let s = |time: Duration| format!("{} s", time.as_secs());
    let (_, limits) = README.split_once("## Limits").unwrap();
    for (what, figures) in [
        ("connections at once", format!("{connections}, ")),
        ("the head of a request", format!("100 headers, {}, {} ", kib(crate::listen::BUFFER_BYTES), s(head))),
        ("a connection without a request", format!("{} for the first one, {} between two", s(head), s(idle))),
        ("requests of one network (an IPv4 address, an IPv6 /64)", format!("{} a minute", config::CALLS_PER_MINUTE)),
        (
            "a form, and what is in its fields",
            format!(
                "{}; a name {} characters, a password {}; ",
                kib(forms::MAX_FORM_BYTES),
                AccountName::MAX_CHARS,
                kib(password::MAX_BYTES)
            ),
        ),
        ("a report of the browser's", kib(report::MAX_BYTES)),
        ("a request, its body included", s(limits::TIME)),
        ("an answer that nobody reads", format!("{} without a byte", s(stuck))),
        ("passwords that wait to be hashed", password::MAX_WAITING.to_string()),
        ("requests under way at a stop", s(drain)),
    ] {
        let row = limits.lines().find(|line| line.starts_with(&format!("| {what} | {figures}")));
        assert!(row.is_some(), "{what} is not {figures}");
    }
    assert_eq!(lines::A_MINUTE, 10);
    assert!(limits.contains("ten a minute reach the log"));
}
