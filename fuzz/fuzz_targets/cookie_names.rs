//! The cookie header: only what has our name byte for byte is ours, whatever else stands there.

#![no_main]

use arbitrary::Arbitrary;
use daypass_auth::{
    CookieSpec,
    fuzz::{Several, cookies},
};
use http::{HeaderMap, HeaderValue, header::COOKIE};
use libfuzzer_sys::fuzz_target;

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
fn reference(lines: &[HeaderValue], name: &str) -> Result<Option<Vec<u8>>, Several> {
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
        [value] => Ok(Some(value.clone())),
        _ => Err(Several),
    }
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
    for (name, brought) in names.iter().zip(cookies(&headers, names)) {
        assert_eq!(brought.map(|value| value.map(<[u8]>::to_owned)), reference(&lines, name), "{name} in {lines:?}");
    }
});
