//! The origin check: a request that changes something passes only if its headers say that one of our
//! own pages sent it.

#![no_main]

use arbitrary::Arbitrary;
use daypass_auth::{fuzz::allows, http::OriginCheck};
use http::{HeaderMap, HeaderValue, Method};
use libfuzzer_sys::fuzz_target;

const OURS: [&str; 2] = ["https://app.example", "http://127.0.0.1:3000"];

#[derive(Arbitrary, Debug)]
struct Asked {
    method: Word,
    origin: Vec<Word>,
    site: Vec<Word>,
    upgrade: Vec<Word>,
}

#[derive(Arbitrary, Debug)]
enum Word {
    /// One that means something.
    Known(u8),
    /// The same with something before or behind it.
    Around(Vec<u8>, u8, Vec<u8>),
    Bytes(Vec<u8>),
}

impl Word {
    fn bytes(&self, known: &[&str]) -> Vec<u8> {
        let pick = |which: &u8| known[usize::from(*which) % known.len()].as_bytes();
        match self {
            Self::Known(which) => pick(which).to_vec(),
            Self::Around(before, which, behind) => [before.as_slice(), pick(which), behind].concat(),
            Self::Bytes(bytes) => bytes.clone(),
        }
    }
}

fuzz_target!(|asked: Asked| {
    let methods = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "TRACE"];
    let Ok(method) = Method::from_bytes(&asked.method.bytes(&methods)) else { return };
    let mut headers = HeaderMap::new();
    let mut add = |name: &'static str, words: &[Word], known: &[&str]| -> Vec<Vec<u8>> {
        let values = words.iter().filter_map(|word| HeaderValue::from_bytes(&word.bytes(known)).ok());
        values
            .map(|value| {
                headers.append(name, value.clone());
                value.as_bytes().to_vec()
            })
            .collect()
    };
    let origins = add("origin", &asked.origin, &[OURS[0], OURS[1], "null", "https://evil.example"]);
    let sites = add("sec-fetch-site", &asked.site, &["same-origin", "none", "same-site", "cross-site"]);
    let upgrades = add("upgrade", &asked.upgrade, &["websocket", "WebSocket", "h2c"]);
    let check = OriginCheck { origins: OURS.map(str::to_owned).to_vec().into() };

    let reads = ["GET", "HEAD", "OPTIONS"].contains(&method.as_str());
    let socket = upgrades.iter().any(|value| value.to_ascii_lowercase().windows(9).any(|word| word == b"websocket"));
    let expected = match (sites.as_slice(), origins.as_slice()) {
        _ if reads && !socket => true,
        // No browser of today says nothing of where it comes from.
        ([], []) => false,
        ([], [origin]) => OURS.iter().any(|ours| ours.as_bytes() == origin.as_slice()),
        ([site], [] | [_]) => site == b"same-origin" || site == b"none",
        _ => false,
    };
    assert_eq!(allows(&check, &method, &headers), expected, "{method} {headers:?}");
});
