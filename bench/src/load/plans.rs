//! What is asked, in which order.

use super::Answer;
use std::{
    cell::RefCell,
    ops::Range,
    rc::Rc,
    sync::atomic::{AtomicU32, Ordering},
};

/// What was sent.
pub(crate) struct Sent {
    /// The session that it was sent for.
    pub(crate) session: Option<usize>,
    /// The status that has to come.
    pub(crate) expect: u16,
}

/// Says what comes next.
pub(crate) trait Plan {
    /// Writes the next request; nothing when there is none.
    fn next(&mut self, request: &mut Vec<u8>) -> Option<Sent>;

    /// Hears what came, and says whether it is what had to come.
    fn answered(&mut self, sent: &Sent, answer: &Answer<'_>) -> bool {
        answer.status == sent.expect
    }
}

/// The cookies that the browsers have, each as `name=value`. A server may change them.
pub(crate) type Cookies = Rc<RefCell<Vec<String>>>;

/// The cookies that browsers begin with.
pub(crate) fn cookies(values: &[String]) -> Cookies {
    Rc::new(RefCell::new(values.to_vec()))
}

/// What every request says.
const COMMON: &[u8] =
    b" HTTP/1.1\r\nhost: bench.example\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64)\r\naccept: application/json\r\n";

fn get(request: &mut Vec<u8>, path: &str, cookie: Option<&str>) {
    start(request, b"GET ", path, cookie);
    request.extend_from_slice(b"\r\n");
}

fn start(request: &mut Vec<u8>, method: &[u8], path: &str, cookie: Option<&str>) {
    request.extend_from_slice(method);
    request.extend_from_slice(path.as_bytes());
    request.extend_from_slice(COMMON);
    if let Some(cookie) = cookie {
        request.extend_from_slice(b"cookie: ");
        request.extend_from_slice(cookie.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
}

/// Sessions one after the other, over and over, or once each.
pub(crate) struct Checks {
    path: &'static str,
    cookies: Cookies,
    round: Turn,
    seldom: Option<(Turn, &'static str)>,
    count: u64,
}

/// Whose turn it is.
struct Turn {
    range: Range<usize>,
    next: usize,
    once: bool,
}

impl Turn {
    fn take(&mut self) -> Option<usize> {
        if self.next == self.range.end {
            if self.once {
                return None;
            }
            self.next = self.range.start;
        }
        self.next += 1;
        Some(self.next - 1)
    }
}

/// One request in so many is another one, where a load is a mix.
const SELDOM: u64 = 100;

impl Checks {
    /// Those of a range, over and over.
    pub(crate) fn of(cookies: &Cookies, range: Range<usize>, path: &'static str) -> Self {
        let round = Turn { next: range.start, range, once: false };
        Self { path, cookies: Rc::clone(cookies), round, seldom: None, count: 0 }
    }

    /// The same, once each.
    pub(crate) fn once(self) -> Self {
        Self { round: Turn { once: true, ..self.round }, ..self }
    }

    /// One in a hundred is of these sessions, and goes there.
    pub(crate) fn mixed_with(self, range: Range<usize>, path: &'static str) -> Self {
        let seldom = Turn { next: range.start, range, once: false };
        Self { seldom: Some((seldom, path)), ..self }
    }
}

impl Plan for Checks {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<Sent> {
        self.count += 1;
        let (session, path) = match &mut self.seldom {
            Some((turn, path)) if self.count.is_multiple_of(SELDOM) => (turn.take()?, *path),
            _ => (self.round.take()?, self.path),
        };
        get(request, path, Some(&self.cookies.borrow()[session]));
        Some(Sent { session: Some(session), expect: 200 })
    }

    fn answered(&mut self, sent: &Sent, answer: &Answer<'_>) -> bool {
        if let Some(session) = sent.session {
            let cookie = &mut self.cookies.borrow_mut()[session];
            let name = cookie.split_once('=').map_or("", |(name, _)| name);
            if let Some(newer) = answer.cookie(name) {
                *cookie = newer.to_owned();
            }
        }
        answer.status == sent.expect && answer.body.starts_with(br#"{"account":"user"#)
    }
}

/// The same request, over and over.
pub(crate) struct Fixed {
    request: Vec<u8>,
    expect: u16,
}

impl Fixed {
    pub(crate) fn get(path: &str, cookie: Option<&str>, expect: u16) -> Self {
        let mut request = Vec::new();
        get(&mut request, path, cookie);
        Self { request, expect }
    }
}

impl Plan for Fixed {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<Sent> {
        request.extend_from_slice(&self.request);
        Some(Sent { session: None, expect: self.expect })
    }
}

/// A request with a cookie that is another one each time, and never one of those before.
pub(crate) struct Spoilt {
    request: Vec<u8>,
    /// Where the cookie differs.
    at: usize,
    expect: u16,
}

/// How many were sent, by all.
static SPOILT: AtomicU32 = AtomicU32::new(0);

impl Spoilt {
    /// `name=value` has to be of sixteen characters at least, half of them in the value, in which eight are changed.
    pub(crate) fn get(path: &str, cookie: &str, expect: u16) -> Self {
        let mut request = Vec::new();
        get(&mut request, path, Some(cookie));
        // A head ends with the cookie and two line breaks.
        let at = request.len() - 4 - cookie.len() / 2;
        Self { request, at, expect }
    }
}

impl Plan for Spoilt {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<Sent> {
        let number = SPOILT.fetch_add(1, Ordering::Relaxed);
        for (nibble, letter) in self.request[self.at..][..8].iter_mut().enumerate() {
            *letter = b'A' + u8::try_from(number >> (4 * nibble) & 0xf).unwrap_or_default();
        }
        request.extend_from_slice(&self.request);
        Some(Sent { session: None, expect: self.expect })
    }
}

/// Forms, one after the other; each has its body, and what else stands in its head.
pub(crate) struct Forms<F> {
    path: &'static str,
    expect: u16,
    next: F,
    count: u64,
}

/// One form.
#[derive(Default)]
pub(crate) struct Form {
    /// `name=value`, if a cookie goes with it.
    pub(crate) cookie: Option<String>,
    /// Where it comes from, as a proxy says.
    pub(crate) place: Option<String>,
    /// The fields, encoded.
    pub(crate) body: String,
}

impl<F: FnMut(u64) -> Option<Form>> Forms<F> {
    /// `next` is called with 0, 1, 2, ..
    pub(crate) fn to(path: &'static str, expect: u16, next: F) -> Self {
        Self { path, expect, next, count: 0 }
    }
}

impl<F: FnMut(u64) -> Option<Form>> Plan for Forms<F> {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<Sent> {
        let form = (self.next)(self.count)?;
        self.count += 1;
        post(request, self.path, &form);
        Some(Sent { session: None, expect: self.expect })
    }
}

/// Writes a form as one of the site's own pages sends it.
pub(crate) fn post(request: &mut Vec<u8>, path: &str, form: &Form) {
    start(request, b"POST ", path, form.cookie.as_deref());
    if let Some(place) = &form.place {
        request.extend_from_slice(format!("x-forwarded-for: {place}\r\n").as_bytes());
    }
    let rest = format!(
        "origin: {}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{}",
        crate::ORIGIN,
        form.body.len(),
        form.body
    );
    request.extend_from_slice(rest.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(plan: &mut dyn Plan, times: usize) -> Vec<usize> {
        (0..times).map_while(|_| plan.next(&mut Vec::new())?.session).collect()
    }

    #[test]
    fn a_cookie_that_is_spoilt_anew_differs_in_its_value_alone() {
        let cookie = "name=0123456789abcdef0123456789abcdef";
        let mut plan = Spoilt::get("/", cookie, 200);
        let mut sent = || {
            let mut request = Vec::new();
            plan.next(&mut request).unwrap();
            String::from_utf8(request).unwrap()
        };
        let (one, other) = (sent(), sent());
        assert_ne!(one, other);
        let mut same = Vec::new();
        get(&mut same, "/", Some(cookie));
        for request in [one, other] {
            assert_eq!(request.len(), same.len());
            assert!(
                request.contains("\r\ncookie: name=0123456789abc") && request.ends_with("6789abcdef\r\n\r\n"),
                "{request}"
            );
        }
    }

    #[test]
    fn sessions_come_in_turn_and_one_in_a_hundred_is_another() {
        let jar = cookies(&["a=1".to_owned(), "a=2".to_owned(), "a=3".to_owned()]);
        assert_eq!(asked(&mut Checks::of(&jar, 0..2, "/"), 5), [0, 1, 0, 1, 0]);
        assert_eq!(asked(&mut Checks::of(&jar, 0..2, "/").once(), 5), [0, 1]);
        let mixed = asked(&mut Checks::of(&jar, 0..2, "/").mixed_with(2..3, "/"), 200);
        assert_eq!(mixed.iter().filter(|&&session| session == 2).count(), 2);
    }
}
