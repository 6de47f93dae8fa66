//! Where to go after signing in, when somebody else says where.

/// The longest path that is followed, in bytes.
const MAX_LEN: usize = 2048;

/// Gives `next` back if it is a path on this site that may be navigated to; else nothing.
///
/// The rule is narrow on purpose, because browsers resolve a `Location` by rules of their own
/// (WHATWG URL: `/\evil.example`, a tab or a newline after the first slash, and dot segments that
/// leave `//` behind all lead to another host): one leading slash that is not followed by another or
/// a backslash; printable ASCII alone; no backslash anywhere; no dot segments and no empty segment in
/// the path; none of that percent-encoded either, and no encoding of an encoding, so that it holds
/// however often somebody on the way decodes; never the sign-in page itself (`/login`) and nothing
/// under `/api`, which are no places to be after signing in.
///
/// The page and the server call this same function.
#[must_use]
pub fn safe(next: &str) -> Option<&str> {
    if next.len() > MAX_LEN || !next.bytes().all(|b| (0x21..=0x7e).contains(&b) && b != b'\\') {
        return None;
    }
    let rest = next.strip_prefix('/')?;
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    if !encoded_bytes(path).all(|byte| byte.is_some_and(means_nothing)) {
        return None;
    }
    let decoded = path.to_ascii_lowercase().replace("%2e", ".");
    let mut segments = decoded.split('/').peekable();
    while let Some(segment) = segments.next() {
        let empty_in_the_middle = segment.is_empty() && segments.peek().is_some();
        if segment == "." || segment == ".." || empty_in_the_middle {
            return None;
        }
    }
    let first = decoded.split('/').next().unwrap_or_default();
    (first != "login" && first != "api").then_some(next)
}

/// What is percent-encoded in a path; nothing where a `%` encodes nothing.
fn encoded_bytes(path: &str) -> impl Iterator<Item = Option<u8>> {
    path.split('%').skip(1).map(|rest| u8::from_str_radix(rest.get(..2)?, 16).ok())
}

/// Whether a byte, once decoded, is no separator, no sign that browsers leave out, and no beginning of
/// another encoding.
const fn means_nothing(byte: u8) -> bool {
    !matches!(byte, b'/' | b'\\' | b'%') && !byte.is_ascii_control()
}

/// [`safe`], or the home page.
#[must_use]
pub fn safe_or_home(next: Option<&str>) -> &str {
    next.and_then(safe).unwrap_or("/")
}

/// The address of the sign-in page that leads back to `target`, if `target` may be led back to.
#[must_use]
pub fn sign_in_address(sign_in_page: &str, target: &str) -> String {
    match safe(target) {
        Some("/") | None => sign_in_page.to_owned(),
        Some(target) => format!("{sign_in_page}?next={}", encode_query_value(target)),
    }
}

/// Percent-encodes all that could end a query's value or mean something in it.
fn encode_query_value(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 8);
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => out.push(char::from(byte)),
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_this_site_are_followed_as_they_are() {
        for next in [
            "/",
            "/account",
            "/a/b/",
            "/a?b=c&d=%2F",
            "/a#top",
            "/search?q=//x",
            "/logins",
            "/apiary",
            "/caf%C3%A9%20a",
        ] {
            assert_eq!(safe(next), Some(next), "{next}");
        }
    }

    #[test]
    fn whatever_could_leave_the_site_is_not_followed() {
        let long = format!("/{}", "a".repeat(10_000));
        let bad = [
            "",
            " ",
            "a",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\r/evil.example",
            "\t//evil.example",
            " //evil.example",
            "http://evil.example",
            "https:evil.example",
            "HTTP:///evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "/.//evil.example",
            "/..//evil.example",
            "/a/../..//evil.example",
            "/%2e%2e//evil.example",
            "/%2E/x",
            "/%2f/evil.example",
            "/%2Fevil.example",
            "/%5cevil.example",
            "/%5Cevil.example",
            "/a%2f..%2fb",
            "/%252fevil.example",
            "/%25%32fevil.example",
            "/%%32fevil.example",
            "/%2%66evil.example",
            "/%09/evil.example",
            "/a%0d%0ab",
            "/a%7f",
            "/100%",
            "/%2",
            "/%+f",
            "/a//b",
            "/./a",
            "/a/..",
            "/a/.",
            "/a\0b",
            "/a%00b",
            "/a b",
            "/ä",
            "/\u{ff0f}evil.example",
            "/\u{2028}x",
            "http:999999999",
            "\u{8}//example.com",
            "?next=/",
            "#/",
            "/login",
            "/login?next=/login",
            "/login/x",
            "/LOGIN",
            "/api/sign_out",
            "/api",
            "/%61pi/../x",
            &long,
        ];
        for next in bad {
            assert_eq!(safe(next), None, "{next:?}");
        }
    }

    #[test]
    fn the_address_of_the_sign_in_page_leads_back() {
        assert_eq!(sign_in_address("/login", "/"), "/login");
        assert_eq!(sign_in_address("/login", "//evil.example"), "/login");
        assert_eq!(sign_in_address("/login", "/a?b=c&d=e#f"), "/login?next=/a%3Fb%3Dc%26d%3De%23f");
    }
}
