//! Our cookies by their exact names.
//!
//! The cookie library percent-decodes names, trims them by Unicode's idea of white space, and lets
//! the last of two win. A name that only decodes to `__Host-daypass` is not bound to this host by
//! the browser: a sibling host may have set it. So before the library sees the request, whatever it
//! would take for a cookie of ours without being it byte for byte is dropped; of two that are, both
//! are (RFC 6265bis, 4.1.3: the prefix is case-sensitive and literal).

use crate::{Engine, throttle::Device};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{Extensions, HeaderMap, HeaderValue, header::COOKIE};
use tower_cookies::Cookie;

/// The cookies of ours that a request brought.
#[derive(Clone, Debug, Default)]
pub(crate) struct Presented {
    pub(crate) session: Brought,
    pub(crate) notice: Brought,
    pub(crate) device: Brought,
}

/// What the browser is known for, by the cookie of a sign-in before this request. For
/// [`SignIn::device`](crate::SignIn).
#[must_use]
pub fn device(engine: &Engine, extensions: &Extensions) -> Option<Device> {
    match &extensions.get::<Presented>()?.device {
        Brought::One(value) => engine.sealer().open_device(value),
        Brought::Nothing | Brought::Several => None,
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Brought {
    #[default]
    Nothing,
    One(String),
    /// More than one of the same name: nobody can tell which is the browser's own.
    Several,
}

impl Brought {
    fn add(&mut self, value: &[u8]) {
        // A value that is not ASCII was not made by us, and opens nothing.
        let value = || String::from_utf8_lossy(value).into_owned();
        *self = match self {
            Self::Nothing => Self::One(value()),
            Self::One(_) | Self::Several => Self::Several,
        };
    }
}

/// The layer: see the module.
pub async fn filter(State(engine): State<Engine>, mut request: Request, next: Next) -> Response {
    let spec = engine.cookies();
    let names = [spec.session_name(), spec.notice_name(), spec.device_name()];
    let [session, notice, device] = take(request.headers_mut(), names);
    let presented = Presented { session, notice, device };
    request.extensions_mut().insert(presented);
    next.run(request).await
}

pub(crate) fn take<const N: usize>(headers: &mut HeaderMap, names: [&str; N]) -> [Brought; N] {
    let mut presented = [const { Brought::Nothing }; N];
    if !headers.contains_key(COOKIE) {
        return presented;
    }
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut changed = false;
    for header in headers.get_all(COOKIE) {
        for pair in header.as_bytes().split(|&b| b == b';') {
            let pair = trim(pair);
            // Without `=` it is the value of a cookie that has no name, which a sibling host can set too.
            let exact = pair.iter().position(|&b| b == b'=').and_then(|at| {
                let which = names.iter().position(|ours| ours.as_bytes() == trim(&pair[..at]))?;
                Some((which, trim(&pair[at + 1..])))
            });
            if let Some((which, value)) = exact {
                presented[which].add(value);
            } else if names.iter().any(|ours| is_taken_for(pair, ours)) {
                tracing::warn!(
                    event = "session_cookie_ambiguous",
                    "a cookie whose name only decodes to ours was dropped"
                );
                changed = true;
                continue;
            }
            if std::str::from_utf8(pair).is_err() {
                // One such pair would make the library drop the whole header.
                changed = true;
                continue;
            }
            kept.push(pair);
        }
    }
    let several = names.into_iter().zip(&presented).filter(|(_, brought)| **brought == Brought::Several);
    for (name, _) in several {
        tracing::warn!(event = "session_cookie_ambiguous", "two cookies of the same name were dropped");
        kept.retain(|pair| !(pair.starts_with(name.as_bytes()) && trim(&pair[name.len()..]).starts_with(b"=")));
        changed = true;
    }
    if changed {
        // Joined bytes of valid headers are a valid header; were they not, no cookie is safer than any.
        let rewritten = HeaderValue::from_bytes(&kept.join(&b"; "[..])).ok().filter(|value| !value.is_empty());
        headers.remove(COOKIE);
        if let Some(value) = rewritten {
            headers.insert(COOKIE, value);
        }
    }
    presented
}

/// Without white space as HTTP has it (RFC 9110, 5.6.3), and no other.
fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Whether the library would read this pair as a cookie of that name. The library itself is asked.
fn is_taken_for(pair: &[u8], name: &str) -> bool {
    let text = String::from_utf8_lossy(pair);
    Cookie::parse_encoded(text.as_ref()).is_ok_and(|cookie| cookie.name() == name)
        || Cookie::parse(text.as_ref()).is_ok_and(|cookie| cookie.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "__Host-daypass";

    fn run(lines: &[&[u8]]) -> (Brought, Vec<String>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        let [session, ..] = take(&mut headers, [NAME, "__Host-daypass-notice", "__Host-daypass-device"]);
        let left = headers
            .get_all(COOKIE)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        (session, left)
    }

    fn one(value: &str) -> Brought {
        Brought::One(value.to_owned())
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
            assert_eq!(run(&[line.as_bytes()]).0, one("v"), "{line}");
        }
        assert_eq!(run(&[b"a=1", b"__Host-daypass=v"]).0, one("v"));
        assert_eq!(run(&[b"a=1"]), (Brought::Nothing, vec!["a=1".to_owned()]));
        assert_eq!(run(&[]).0, Brought::Nothing);
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
                let (session, left) = run(&[line.as_bytes()]);
                assert_eq!(session, one("victim"), "{line}");
                // And the library, asked afterwards, agrees.
                let jar = tower_cookies::Cookies::default();
                for pair in left.join("; ").split(';') {
                    if let Ok(cookie) = Cookie::parse_encoded(pair.to_owned()) {
                        jar.add(cookie.into_owned());
                    }
                }
                assert_eq!(jar.get(NAME).unwrap().value(), "victim", "{line}");
            }
            assert_eq!(
                run(&[format!("{twin}=attacker").replace('\u{b}', "").as_bytes()]).0,
                if twin.starts_with('\u{b}') { one("attacker") } else { Brought::Nothing },
                "{twin}"
            );
        }
    }

    #[test]
    fn of_two_neither_counts() {
        let (session, left) = run(&[b"__Host-daypass=a; x=1; __Host-daypass=b"]);
        assert_eq!((session, left), (Brought::Several, vec!["x=1".to_owned()]));
        assert_eq!(run(&[b"__Host-daypass=a", b"__Host-daypass=a"]).0, Brought::Several);
        let (_, left) = run(&[b"__Host-daypass=a; __Host-daypass=b; __Host-daypass-notice=n"]);
        assert_eq!(left, ["__Host-daypass-notice=n"]);
    }

    #[test]
    fn what_others_put_in_the_header_does_not_sign_anybody_out() {
        for junk in [&b"x=\xff\xfe"[..], b"=; ==; ;", b"$Version=1", b"q=\"a;b\"", b"\xff", b"a"] {
            let line = [junk, b"; __Host-daypass=v"].concat();
            let (session, left) = run(&[&line]);
            assert_eq!(session, one("v"), "{junk:?}");
            // Nor does it take others along, which the library would find in no header that is no UTF-8.
            assert!(!left.join("; ").contains('\u{fffd}'), "{junk:?}");
        }
        assert_eq!(run(&[b"a=1", b"__Host-daypass=\xff"]), (one("\u{fffd}"), vec!["a=1".to_owned()]));
        let many = format!("{}__Host-daypass=v", "a=b; ".repeat(500));
        assert_eq!(run(&[many.as_bytes()]).0, one("v"));
    }
}
