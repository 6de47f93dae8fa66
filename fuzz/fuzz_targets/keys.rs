//! The text of a key file: every line of it is one key or the whole is refused, and what is read is
//! what was written.

#![no_main]

use arbitrary::Arbitrary;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use daypass_auth::KeyRing;
use libfuzzer_sys::fuzz_target;

const MOST: usize = 8;

#[derive(Arbitrary, Debug)]
enum Item {
    Key {
        seed: u8,
        padded: bool,
    },
    /// One that shares with another what encrypts.
    Half {
        seed: u8,
        other: u8,
    },
    Comment(String),
    Text(String),
    Comma,
    Line,
    Blank,
}

/// Bytes that look random, the same for the same seed (xorshift).
fn bytes(seed: u8, count: usize) -> Vec<u8> {
    let mut state = (u64::from(seed) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    })
    .take(count)
    .collect()
}

fuzz_target!(|items: Vec<Item>| {
    let mut text = String::new();
    for item in &items {
        match item {
            Item::Key { seed, padded } => {
                text.push_str(&BASE64_URL_SAFE_NO_PAD.encode(bytes(seed % 16, 64)));
                text.push_str(if *padded { "==" } else { "" });
            }
            Item::Half { seed, other } => {
                let key = [&bytes(other | 16, 32), &bytes(seed % 16, 64)[32..]].concat();
                text.push_str(&BASE64_URL_SAFE_NO_PAD.encode(key));
            }
            Item::Comment(comment) => text.push_str(&format!("# {comment}")),
            Item::Text(some) => text.push_str(some),
            Item::Comma => text.push(','),
            Item::Line => text.push('\n'),
            Item::Blank => text.push(' '),
        }
    }
    // Read anew, since texts run into each other: each entry is 64 bytes or there is no ring.
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let entries: Vec<_> = lines.flat_map(|line| line.split(',')).map(str::trim).filter(|it| !it.is_empty()).collect();
    let keys: Vec<_> = entries
        .iter()
        .filter_map(|entry| BASE64_URL_SAFE_NO_PAD.decode(entry.trim_end_matches('=')).ok())
        .filter(|key| key.len() == 64)
        .collect();
    let is_whole = keys.len() == entries.len() && (1..=MOST).contains(&keys.len());
    let is_distinct = keys.iter().enumerate().all(|(i, key)| keys[..i].iter().all(|other| other[32..] != key[32..]));

    match KeyRing::parse(&text) {
        Ok(ring) => {
            assert!(is_whole && is_distinct, "{text:?}");
            let lines: Vec<_> = ring.keys().map(|key| key.to_line().to_string()).collect();
            let written: Vec<_> = keys.iter().map(|key| BASE64_URL_SAFE_NO_PAD.encode(key)).collect();
            assert_eq!(lines, written);
            let ids = |ring: &KeyRing| ring.keys().map(daypass_auth::Key::id).collect::<Vec<_>>();
            assert_eq!(ids(&KeyRing::parse(&lines.join("\n")).expect("what it wrote itself")), ids(&ring));
            let printed = format!("{ring:?}");
            assert!(lines.iter().all(|line| !printed.contains(&line[..8])));
        }
        Err(error) => {
            // Ours look random, so they are keys wherever they stand.
            let ours = |key: &Vec<u8>| {
                (0..=255).any(|seed| bytes(seed, 64)[32..] == key[32..] && bytes(seed % 16, 64) == *key)
            };
            let is_padded = |entry: &&str| entry.ends_with('=') && !entry.ends_with("==") || entry.ends_with("===");
            let is_fine = is_whole && is_distinct && keys.iter().all(ours) && !entries.iter().any(is_padded);
            assert!(!is_fine, "{error}: {text:?}");
        }
    }
});
