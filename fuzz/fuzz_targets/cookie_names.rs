//! The cookie header: only what has our name byte for byte is ours, whatever else stands there, and
//! the cookie library sees nothing else under our name.

#![no_main]

use arbitrary::Arbitrary;
use daypass_auth::{
    CookieSpec,
    fuzz::{Several, take_cookies},
};
use http::{HeaderMap, HeaderValue, header::COOKIE};
use libfuzzer_sys::fuzz_target;
use tower_cookies::{Cookie, cookie::CookieJar};

#[derive(Arbitrary, Debug)]
struct Lines {
    https: bool,
    lines: Vec<Vec<Part>>,
}

/// Names and pieces of ours, so that they come up, and anything else.
#[derive(Arbitrary, Debug)]
enum Part {
    Ours(u8),
    /// Our name with one character written as `%` and its number, in capitals or not.
    Encoded(u8, u8, bool),
    /// Our name with something before or behind it.
    Around(Vec<u8>, u8, Vec<u8>),
    Sign(u8),
    Bytes(Vec<u8>),
}

impl Part {
    fn bytes(&self, names: [&str; 3]) -> Vec<u8> {
        let name = |which: &u8| names[usize::from(*which) % names.len()];
        match self {
            Self::Ours(which) => name(which).into(),
            Self::Encoded(which, at, capital) => {
                let name = name(which);
                let at = usize::from(*at) % name.len();
                let byte = name.as_bytes()[at];
                let code = if *capital { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
                format!("{}{code}{}", &name[..at], &name[at + 1..]).into()
            }
            Self::Around(before, which, behind) => [before.as_slice(), name(which).as_bytes(), behind].concat(),
            Self::Sign(sign) => {
                [&b"="[..], b"; ", b";", b" ", b"\t", b"\"", b"$", "\u{a0}".as_bytes()][usize::from(*sign % 8)].into()
            }
            Self::Bytes(bytes) => bytes.clone(),
        }
    }
}

/// The same in a few lines: a pair is ours if what is left of its first `=` is our name.
fn reference(lines: &[HeaderValue], name: &str) -> Result<Option<String>, Several> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let trim = |bytes: &[u8]| -> Vec<u8> {
        let from = bytes.iter().position(|byte| !blank(byte)).unwrap_or(bytes.len());
        let to = bytes.iter().rposition(|byte| !blank(byte)).map_or(from, |last| last + 1);
        bytes[from..to].to_vec()
    };
    let pairs = lines.iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let values: Vec<_> = pairs
        .filter_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            (trim(&pair[..at]) == name.as_bytes()).then(|| trim(&pair[at + 1..]))
        })
        .collect();
    match values.as_slice() {
        [] => Ok(None),
        [value] => Ok(Some(String::from_utf8_lossy(value).into_owned())),
        _ => Err(Several),
    }
}

/// What the cookie library makes of the headers, as tower-cookies asks it.
fn jar(headers: &HeaderMap) -> CookieJar {
    let mut jar = CookieJar::new();
    for line in headers.get_all(COOKIE) {
        for pair in std::str::from_utf8(line.as_bytes()).unwrap_or_default().split(';') {
            if let Ok(cookie) = Cookie::parse_encoded(pair.to_owned()) {
                jar.add_original(cookie);
            }
        }
    }
    jar
}

fuzz_target!(|input: Lines| {
    let spec = if input.https { CookieSpec::https() } else { CookieSpec::loopback() };
    let names = [spec.session_name(), spec.notice_name(), spec.device_name()];
    let mut headers = HeaderMap::new();
    for line in &input.lines {
        let bytes: Vec<u8> = line.iter().flat_map(|part| part.bytes(names)).collect();
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            headers.append(COOKIE, value);
        }
    }
    let lines: Vec<_> = headers.get_all(COOKIE).iter().cloned().collect();
    let before = jar(&headers);

    let taken = take_cookies(&mut headers, names);
    let after = jar(&headers);
    for (name, taken) in names.iter().zip(&taken) {
        assert_eq!(*taken, reference(&lines, name), "{name} in {lines:?}");
        // The library reads our cookie where it is, and nothing where it is not.
        match (taken, after.get(name)) {
            (Ok(Some(value)), Some(cookie)) => {
                let read = Cookie::parse_encoded(format!("x={value}")).expect("a value that was read before");
                assert_eq!(cookie.value(), read.value(), "{name} in {lines:?}");
            }
            // A value that does not decode is no cookie to the library, and opens nothing here.
            (Ok(_) | Err(Several), None) => {}
            (Ok(None) | Err(Several), Some(cookie)) => panic!("{cookie:?} is left of {lines:?}"),
        }
    }
    // Cookies of others that could be read before can be read now, if from another line that could not.
    for cookie in before.iter().filter(|cookie| !names.contains(&cookie.name())) {
        assert!(after.get(cookie.name()).is_some(), "{lines:?}");
    }
    // Once is enough.
    let left: Vec<_> = headers.get_all(COOKIE).iter().cloned().collect();
    let again = take_cookies(&mut headers, names);
    assert!(headers.get_all(COOKIE).iter().eq(&left), "{lines:?}");
    assert_eq!(again, names.map(|name| reference(&left, name)));
    assert!(!again.contains(&Err(Several)), "{lines:?}");
});
