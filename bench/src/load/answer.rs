//! Answers, as far as a load has to read them.

use crate::Outcome;

/// Where an answer is in what was read, once all of it is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) status: u16,
    head: usize,
    end: usize,
}

/// An answer.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    head: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl Frame {
    /// Nothing as long as it is not complete.
    pub(super) fn read(bytes: &[u8]) -> Outcome<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut answer = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(head) = answer.parse(bytes)? else { return Ok(None) };
        let status = answer.code.unwrap_or_default();
        let header =
            |name: &str| answer.headers.iter().find(|it| it.name.eq_ignore_ascii_case(name)).map(|it| it.value);
        let body = match header("content-length") {
            Some(length) => std::str::from_utf8(length)?.trim().parse()?,
            None if header("transfer-encoding").is_some() => match bytes.ends_with(b"\r\n0\r\n\r\n") {
                true => bytes.len() - head,
                false => return Ok(None),
            },
            None => 0,
        };
        let end = head + body;
        Ok((bytes.len() >= end).then_some(Self { status, head, end }))
    }

    pub(super) fn of(self, bytes: &[u8]) -> Answer<'_> {
        Answer { status: self.status, head: &bytes[..self.head], body: &bytes[self.head..self.end] }
    }
}

impl Answer<'_> {
    /// `name=value` of a cookie that it sets, but for one that it takes away.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies().find(|pair| pair.split_once('=').is_some_and(|(it, value)| it == name && !value.is_empty()))
    }

    /// `name=value` of the first cookie that it sets.
    pub(crate) fn first_cookie(&self) -> Option<&str> {
        self.cookies().next()
    }

    fn cookies(&self) -> impl Iterator<Item = &str> {
        let lines = self.head.split(|&byte| byte == b'\n');
        let cookies = lines.filter_map(|line| strip_prefix_ignore_case(line, b"set-cookie: "));
        cookies.filter_map(|line| std::str::from_utf8(line).ok()?.split(';').next()).map(str::trim)
    }
}

fn strip_prefix_ignore_case<'a>(line: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = line.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_all_of_it_is_there() {
        let whole =
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nSet-Cookie: a=1; Path=/\r\nset-cookie: b=; Max-Age=0\r\n\r\nhi";
        for length in 0..whole.len() {
            assert!(Frame::read(&whole[..length]).unwrap().is_none(), "{length}");
        }
        let frame = Frame::read(whole).unwrap().unwrap();
        let answer = frame.of(whole);
        assert_eq!((answer.status, answer.body), (200, b"hi".as_slice()));
        assert_eq!((answer.cookie("a"), answer.cookie("b"), answer.cookie("c")), (Some("a=1"), None, None));
    }

    #[test]
    fn an_answer_in_chunks_ends_with_the_last_one() {
        let whole = b"HTTP/1.1 401 No\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
        assert!(Frame::read(&whole[..whole.len() - 1]).unwrap().is_none());
        assert_eq!(Frame::read(whole).unwrap().unwrap().status, 401);
    }
}
