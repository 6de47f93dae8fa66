//! Requests and answers, and how they are shown to people: without what is secret in them.

use std::fmt::Write;

/// Fields of forms whose values are nobody's to read.
const SECRET_FIELDS: [&str; 3] = ["password", "current", "new"];
/// What is shown of a header or a body, in characters.
const SHOWN: usize = 160;
/// Headers that are different each time and say nothing of what happened.
const DIFFERENT_EACH_TIME: [&str; 4] = ["date", "x-request-id", "content-length", "server-timing"];

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A form as scripts send it, without saying from where.
    pub(crate) fn post(path: &str, form: &str) -> Self {
        Self::new("POST", path)
            .with("content-type", "application/x-www-form-urlencoded")
            .with("accept", "application/json")
            .body(form)
    }

    /// A form as a browser without scripts sends it, without saying from where.
    pub(crate) fn submit(path: &str, form: &str) -> Self {
        Self::new("POST", path)
            .with("content-type", "application/x-www-form-urlencoded")
            .with("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .body(form)
    }

    pub(crate) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// For people, without secrets.
    pub(crate) fn describe(&self) -> String {
        let mut text = format!("{} {}", self.method, cut(&hide_fields(&self.path)));
        for (name, value) in &self.headers {
            let value = String::from_utf8_lossy(value);
            let value = if name == "cookie" { hide_cookies(&value) } else { value.into_owned() };
            let _infallible = write!(text, "\n{name}: {}", cut(&value));
        }
        if !self.body.is_empty() {
            let _infallible = write!(text, "\n\n{}", cut(&hide_fields(&String::from_utf8_lossy(&self.body))));
        }
        text
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// What stands for the status of an answer that never came.
pub(crate) const NONE: u16 = 0;

impl Answer {
    pub(crate) fn none(why: &dyn std::error::Error) -> Self {
        // The innermost cause is the one that says something.
        let mut cause = why;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        Self { status: NONE, headers: Vec::new(), body: format!("no answer: {cause}") }
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// A header's value; the first, if there are several, and nothing if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(header, _)| header == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn is_refusal(&self) -> bool {
        (400..500).contains(&self.status)
    }

    pub(crate) fn is_redirect(&self) -> bool {
        (300..400).contains(&self.status) && self.status != 304
    }

    /// Name and value of the cookies that it sets; of one that it removes, the empty value.
    pub(crate) fn cookies(&self) -> Vec<(&str, &str)> {
        self.all("set-cookie").filter_map(|cookie| cookie.split(';').next()?.split_once('=')).collect()
    }

    /// What somebody can tell it from another one by.
    pub(crate) fn features(&self) -> (u16, Vec<&str>, &str) {
        let names = self.headers.iter().map(|(name, _)| name.as_str());
        let mut names: Vec<_> = names.filter(|name| !DIFFERENT_EACH_TIME.contains(name)).collect();
        names.sort_unstable();
        (self.status, names, &self.body)
    }

    /// For people, without secrets.
    pub(crate) fn describe(&self) -> String {
        if self.status == NONE {
            return self.body.clone();
        }
        let mut text = self.status.to_string();
        for (name, value) in &self.headers {
            let value = if name == "set-cookie" { hide_cookies(value) } else { value.clone() };
            let _infallible = write!(text, "\n{name}: {}", cut(&value));
        }
        if !self.body.is_empty() {
            let _infallible = write!(text, "\n\n{}", cut(&self.body));
        }
        text
    }
}

/// Encodes a form.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// One line's worth, with what is no plain text made visible.
fn cut(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN).flat_map(shown).collect();
    match text.chars().count() {
        count if count > SHOWN => format!("{shown}.. ({count} characters)"),
        _ => shown,
    }
}

fn shown(c: char) -> Vec<char> {
    if c.is_control() { c.escape_default().collect() } else { vec![c] }
}

/// Of each cookie the name, the attributes, and how long the value is.
fn hide_cookies(text: &str) -> String {
    let pairs = text.split(';').enumerate().map(|(index, pair)| match pair.split_once('=') {
        // Attributes of a `Set-Cookie` come after the first pair, and are no secrets.
        Some((name, _))
            if index > 0
                && ["path", "samesite", "max-age", "expires", "domain"]
                    .contains(&&*name.trim().to_ascii_lowercase()) =>
        {
            pair.to_owned()
        }
        Some((name, value)) => format!("{name}=({} bytes)", value.len()),
        None => pair.to_owned(),
    });
    pairs.collect::<Vec<_>>().join(";")
}

/// A form or a query, without the values that are secret.
fn hide_fields(text: &str) -> String {
    let hide = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let bare = name.rsplit('?').next().unwrap_or(name);
        let plain = bare.split(['[', '.', '%']).next().unwrap_or_default();
        SECRET_FIELDS.contains(&plain).then(|| format!("{name}=({} bytes)", value.len()))
    };
    text.split('&').map(|pair| hide(pair).unwrap_or_else(|| pair.to_owned())).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_has_no_secret_in_it() {
        let ask = Ask::post("/in?password=secret", "username=alice&password=secret&new[]=secret&next=/")
            .with("cookie", "s=secret; t=secret");
        let shown = ask.describe();
        assert!(!shown.contains("secret"), "{shown}");
        assert!(shown.contains("username=alice&password=(6 bytes)") && shown.contains("cookie: s=(6 bytes)"));
        let headers = vec![("set-cookie".to_owned(), "s=secret; HttpOnly; Path=/".to_owned())];
        let shown = Answer { status: 200, headers, body: "a\u{1b}b".repeat(100) }.describe();
        assert!(!shown.contains("secret") && shown.contains("s=(6 bytes); HttpOnly; Path=/"), "{shown}");
        assert!(!shown.contains('\u{1b}') && shown.contains("(300 characters)"), "{shown}");
    }
}
