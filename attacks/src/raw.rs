//! Requests byte by byte, as no client writes them.

use crate::message::{Answer, Ask};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// More than any answer of a server that works takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const MOST_HEADERS: usize = 100;
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// Sends a request as it is, its path and its headers included.
pub(crate) async fn send(address: &str, ask: &Ask) -> Answer {
    let mut bytes = format!("{} {} HTTP/1.1\r\n", ask.method, ask.path).into_bytes();
    if !ask.headers.iter().any(|(name, _)| name == "host") {
        bytes.extend(format!("host: {address}\r\n").as_bytes());
    }
    for (name, value) in &ask.headers {
        bytes.extend(name.as_bytes());
        bytes.extend(b": ");
        bytes.extend(value);
        bytes.extend(b"\r\n");
    }
    if !ask.headers.iter().any(|(name, _)| name == "connection") {
        bytes.extend(b"connection: close\r\n");
    }
    if !ask.body.is_empty() {
        bytes.extend(format!("content-length: {}\r\n", ask.body.len()).as_bytes());
    }
    bytes.extend(b"\r\n");
    bytes.extend(&ask.body);
    match timeout(PATIENCE, exchange(address, &bytes)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Answer::none(&error),
        Err(elapsed) => Answer::none(&elapsed),
    }
}

async fn exchange(address: &str, bytes: &[u8]) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(address).await?;
    // A server that refuses early may close before all of it is sent; its answer is read all the same.
    let sent = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    match stream.take(MOST_BYTES).read_to_end(&mut answer).await {
        Err(error) if answer.is_empty() => return Err(sent.err().unwrap_or(error)),
        Err(_) | Ok(_) => {}
    }
    parse(&answer)
}

/// Reads the head, and takes the rest for the body as it came.
fn parse(bytes: &[u8]) -> io::Result<Answer> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what);
    let Ok(httparse::Status::Complete(length)) = head.parse(bytes) else {
        return Err(bad(if bytes.is_empty() { "the connection was closed" } else { "what came is no HTTP" }));
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Answer {
        status: head.code.ok_or_else(|| bad("an answer without a status"))?,
        headers: head.headers.iter().map(|header| (header.name.to_ascii_lowercase(), text(header.value))).collect(),
        body: text(&bytes[length..]),
    })
}

/// Sends the beginning of a request, and then a byte a second for as long as the server takes them, but
/// no longer than `most`. Says whether the server ended it.
pub(crate) async fn drip(address: &str, beginning: &[u8], most: Duration) -> io::Result<bool> {
    let stream = TcpStream::connect(address).await?;
    let (mut answers, mut stream) = stream.into_split();
    stream.write_all(beginning).await?;
    let send = async {
        let mut every = tokio::time::interval(Duration::from_secs(1));
        loop {
            every.tick().await;
            if stream.write_all(b"a").await.is_err() {
                return;
            }
        }
    };
    let read = async {
        let mut bytes = [0; 1024];
        // An answer, a closed connection and one that was cut are all an end.
        let _whatever_came = answers.read(&mut bytes).await;
    };
    let ended = async {
        tokio::select! {
            () = send => {}
            () = read => {}
        }
    };
    Ok(timeout(most, ended).await.is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_it_came() {
        let answer = parse(b"HTTP/1.1 403 Forbidden\r\nSet-Cookie: a=b\r\nset-cookie: c=\r\n\r\nno\xff").unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (403, "no\u{fffd}"));
        assert_eq!(answer.cookies(), [("a", "b"), ("c", "")]);
        assert!(parse(b"").is_err() && parse(b"HTTP/1.1 2").is_err() && parse(b"SSH-2.0\r\n\r\n").is_err());
    }
}
