//! Our cookies by their exact names.
//!
//! Cookie libraries percent-decode names, trim them by Unicode's idea of white space, and let the last
//! of two win. A name that only decodes to `__Host-daypass` is not bound to this host by the browser: a
//! sibling host may have set it. So no library reads the cookies that a request brings: here a name is
//! ours byte for byte or not at all, and of two of the same name neither counts (RFC 6265bis, 4.1.3: the
//! prefix is case-sensitive and literal).

use crate::{Engine, throttle::Device};
use http::{HeaderMap, header::COOKIE};
use memchr::memchr;
use tower_cookies::Cookie;

/// What the browser is known for, by the cookie of a sign-in before this request. For
/// [`SignIn::device`](crate::SignIn).
#[must_use]
pub fn device(engine: &Engine, headers: &HeaderMap) -> Option<Device> {
    engine.sealer().open_device(brought(headers, engine.cookies().device_name()).one()?)
}

/// What a request brought under one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Brought<'a> {
    #[default]
    Nothing,
    One(&'a [u8]),
    /// More than one of the same name: nobody can tell which is the browser's own.
    Several,
}

impl<'a> Brought<'a> {
    /// The value, if it can be told which is the browser's own.
    pub(crate) fn one(self) -> Option<&'a [u8]> {
        match self {
            Self::One(value) => Some(value),
            Self::Nothing | Self::Several => None,
        }
    }

    fn add(&mut self, value: &'a [u8]) {
        *self = match self {
            Self::Nothing => Self::One(value),
            Self::One(_) | Self::Several => Self::Several,
        };
    }
}

/// What a request brought under one name.
pub(crate) fn brought<'a>(headers: &'a HeaderMap, name: &str) -> Brought<'a> {
    let mut brought = [Brought::Nothing];
    read(headers, [name], &mut brought);
    brought[0]
}

/// What a request brought under each of these names, once a request: says in the log what cannot be its
/// browser's doing.
pub(crate) fn take<'a, const N: usize>(headers: &'a HeaderMap, names: [&str; N]) -> [Brought<'a>; N] {
    let mut brought = [Brought::Nothing; N];
    if read(headers, names, &mut brought) {
        tracing::warn!(event = "session_cookie_ambiguous", "a cookie whose name only decodes to ours came");
    }
    if brought.contains(&Brought::Several) {
        tracing::warn!(event = "session_cookie_ambiguous", "two cookies of the same name came; neither counts");
    }
    brought
}

/// The same. Says whether there was a name that only decodes to one of these.
fn read<'a, const N: usize>(headers: &'a HeaderMap, names: [&str; N], brought: &mut [Brought<'a>; N]) -> bool {
    let mut has_twin = false;
    // Several lines are one list (RFC 9113, 8.2.3).
    for line in headers.get_all(COOKIE) {
        has_twin |= read_line(line.as_bytes(), &names, brought);
    }
    has_twin
}

fn read_line<'a>(mut rest: &'a [u8], names: &[&str], brought: &mut [Brought<'a>]) -> bool {
    let mut has_twin = false;
    while !rest.is_empty() {
        let end = memchr(b';', rest).unwrap_or(rest.len());
        let pair = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        // Without `=` it is the value of a cookie that has no name, which a sibling host can set too.
        let Some(at) = memchr(b'=', pair) else { continue };
        let (name, value) = (trim(&pair[..at]), trim(&pair[at + 1..]));
        let ours = names.iter().zip(&mut *brought).find(|(ours, _)| ours.as_bytes() == name);
        match ours {
            Some((_, brought)) => brought.add(value),
            None => has_twin |= names.iter().any(|ours| is_taken_for(pair, name, ours)),
        }
    }
    has_twin
}

/// Without white space as HTTP has it (RFC 9110, 5.6.3), and no other.
fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Whether the library would read this pair, whose name is another one, as a cookie of our name. It is
/// asked itself, but not about names that mean nothing but themselves.
fn is_taken_for(pair: &[u8], name: &[u8], ours: &str) -> bool {
    if name.iter().all(|&b| b.is_ascii_graphic() && b != b'%') {
        return false;
    }
    let text = String::from_utf8_lossy(pair);
    Cookie::parse_encoded(text.as_ref()).is_ok_and(|cookie| cookie.name() == ours)
        || Cookie::parse(text.as_ref()).is_ok_and(|cookie| cookie.name() == ours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const NAME: &str = "__Host-daypass";

    /// What came under our name.
    fn run(lines: &[&[u8]]) -> Option<Result<Vec<u8>, ()>> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        match take(&headers, [NAME, "__Host-daypass-notice", "__Host-daypass-device"])[0] {
            Brought::Nothing => None,
            Brought::One(value) => Some(Ok(value.to_owned())),
            Brought::Several => Some(Err(())),
        }
    }

    fn one(value: &str) -> Option<Result<Vec<u8>, ()>> {
        Some(Ok(value.as_bytes().to_owned()))
    }

    #[test]
    fn the_exact_name_is_ours_wherever_it_stands() {
        for line in [
            "__Host-daypass=v",
            "a=1; __Host-daypass=v",
            "__Host-daypass=v;a=1",
            ";; \t__Host-daypass=v ;",
            "__Host-daypass =v",
        ] {
            assert_eq!(run(&[line.as_bytes()]), one("v"), "{line}");
        }
        assert_eq!(run(&[b"a=1", b"__Host-daypass=v"]), one("v"));
        assert_eq!(run(&[b"a=1"]), None);
        assert_eq!(run(&[]), None);
    }

    #[test]
    fn twins_that_only_decode_to_our_name_never_count() {
        let twins = [
            "__%48ost-daypass",
            "%5F%5FHost-daypass",
            "__Host%2Ddaypass",
            "__Host-daypas%73",
            "\u{a0}__Host-daypass",
            "\u{2000}__Host-daypass",
            "\u{85}__Host-daypass",
            "__Host-daypass\u{3000}",
            "%20__Host-daypass",
            "\u{b}__Host-daypass",
            "__Host-daypass%00",
            "__host-daypass",
            "__HOST-DAYPASS",
            "$__Host-daypass",
            "\"__Host-daypass\"",
            "__Host-daypass; x",
        ];
        for twin in twins {
            for line in
                [format!("__Host-daypass=victim; {twin}=attacker"), format!("{twin}=attacker; __Host-daypass=victim")]
            {
                if HeaderValue::from_bytes(line.as_bytes()).is_err() {
                    continue; // The server itself refuses the byte.
                }
                assert_eq!(run(&[line.as_bytes()]), one("victim"), "{line}");
            }
            assert_eq!(
                run(&[format!("{twin}=attacker").replace('\u{b}', "").as_bytes()]),
                if twin.starts_with('\u{b}') { one("attacker") } else { None },
                "{twin}"
            );
        }
    }

    /// What the library is not asked about, it would not have taken for ours.
    #[test]
    fn a_plain_name_means_itself() {
        for byte in (0u8..128).filter(|&b| b.is_ascii_graphic() && !b"%;=".contains(&b)) {
            let byte = char::from(byte);
            for name in [format!("{byte}{NAME}"), format!("{NAME}{byte}"), format!("__Host{byte}daypass")] {
                let pair = format!("{name}=v");
                for read in [Cookie::parse_encoded(pair.as_str()), Cookie::parse(pair.as_str())] {
                    assert_eq!(read.unwrap().name() == NAME, name == NAME, "{name}");
                }
            }
        }
        for (name, is_ours) in [("__%48ost-daypass", true), ("\u{a0}__Host-daypass", true), ("a%20b", false)] {
            let pair = format!("{name}=v");
            assert_eq!(is_taken_for(pair.as_bytes(), name.as_bytes(), NAME), is_ours, "{name}");
        }
    }

    #[test]
    fn of_two_neither_counts() {
        assert_eq!(run(&[b"__Host-daypass=a; x=1; __Host-daypass=b"]), Some(Err(())));
        assert_eq!(run(&[b"__Host-daypass=a", b"__Host-daypass=a"]), Some(Err(())));
        assert_eq!(run(&[b"__Host-daypass=a; __Host-daypass=b; __Host-daypass=c"]), Some(Err(())));
        assert_eq!(run(&[b"__Host-daypass=a; __Host-daypass-notice=n; __Host-daypass-notice=n"]), one("a"));
    }

    #[test]
    fn what_others_put_in_the_header_does_not_sign_anybody_out() {
        for junk in [&b"x=\xff\xfe"[..], b"=; ==; ;", b"$Version=1", b"q=\"a;b\"", b"\xff", b"a"] {
            let line = [junk, b"; __Host-daypass=v"].concat();
            assert_eq!(run(&[&line]), one("v"), "{junk:?}");
        }
        assert_eq!(run(&[b"a=1", b"__Host-daypass=\xff"]), Some(Ok(vec![0xff])));
        let many = format!("{}__Host-daypass=v", "a=b; ".repeat(500));
        assert_eq!(run(&[many.as_bytes()]), one("v"));
    }
}
