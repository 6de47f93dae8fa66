//! Hashes of other programs: whatever is written in one, checking it never costs more than the bounds
//! allow, nor less.

#![no_main]

use daypass_auth::password::PasswordHash;
use libfuzzer_sys::fuzz_target;

const USUAL: [&str; 2] = [
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
    "$2b$12$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u",
];

/// The number that a field of the parameters has, if it is there once and written in the one way.
fn number(fields: &[&str], name: &str) -> Option<u32> {
    let mut values = fields.iter().filter_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    let (value, None) = (values.next()?, values.next()) else { return None };
    let number = value.parse().ok()?;
    (value == format!("{number}")).then_some(number)
}

fn is_bounded_argon2id(text: &str) -> Option<bool> {
    let ["", "argon2id", "v=19", parameters, salt, hash] = text.split('$').collect::<Vec<_>>()[..] else { return None };
    let fields: Vec<_> = parameters.split(',').collect();
    let memory = number(&fields, "m")?;
    let passes = number(&fields, "t")?;
    let lanes = number(&fields, "p")?;
    // So many characters of base64 are that many bytes.
    let bytes = |text: &str| text.len() * 3 / 4;
    let costs = (7_168..=262_144).contains(&memory) && (1..=10).contains(&passes) && (1..=4).contains(&lanes);
    Some(costs && bytes(salt) >= 16 && bytes(hash) >= 32)
}

fn is_bounded_bcrypt(text: &str) -> Option<bool> {
    let ["", "2a" | "2b" | "2y", cost, rest] = text.split('$').collect::<Vec<_>>()[..] else { return None };
    let is_number = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
    Some(is_number && rest.len() == 53 && (4..=14).contains(&cost.parse::<u32>().ok()?))
}

fuzz_target!(|text: &str| {
    match PasswordHash::imported(text) {
        Ok(hash) => {
            assert_eq!(hash.as_str(), text);
            assert!(!format!("{hash:?}").contains('$'));
            let is_bounded = is_bounded_argon2id(text).or_else(|| is_bounded_bcrypt(text));
            assert_eq!(is_bounded, Some(true), "{text:?}");
        }
        // A hash of today's cost, and those that are made by the programs that people come from.
        Err(_) => assert!(!USUAL.contains(&text), "{text:?}"),
    }
});
