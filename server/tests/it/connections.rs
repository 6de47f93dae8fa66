//! What connections may cost, at the real binary. How long they may take is tested beside the code,
//! where the clock is the test's.

use crate::program::{Folder, Program};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

async fn send(server: &Program, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).await.unwrap();
    // One that is refused early may be closed before all of it is sent.
    let _maybe_cut = stream.write_all(bytes).await;
    stream
}

async fn status(mut stream: TcpStream) -> String {
    let mut bytes = [0; 12];
    stream.read_exact(&mut bytes).await.unwrap();
    String::from_utf8(bytes[9..].to_vec()).unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn slow_clients_are_in_nobodys_way_and_do_not_hold_the_stop_up() {
    let server = Folder::new().serve();
    let mut slow = Vec::new();
    for head in [&b""[..], b"G", b"GET /healthz HTTP/1.1\r\nhost: "].repeat(100) {
        slow.push(send(&server, head).await);
    }
    assert_eq!(status(send(&server, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await).await, "200");
    assert_eq!(server.me("").await.0, 401);
    let begin = std::time::Instant::now();
    assert!(server.terminate());
    assert!(begin.elapsed().as_secs() < 9, "{:?}", begin.elapsed());
}

#[tokio::test]
async fn too_long_a_head_is_refused() {
    let server = Folder::new().serve();
    for headers in ["x: y\r\n".repeat(101), format!("x: {}\r\n", "y".repeat(70_000))] {
        let head = format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{headers}");
        assert_eq!(status(send(&server, head.as_bytes()).await).await, "431");
    }
}

/// What follows in the same bytes, and must never be taken for a request of its own.
const HIDDEN: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// Sends bytes, and gives back all that comes until the server closes.
async fn exchange(server: &Program, bytes: &str) -> String {
    let mut stream = send(server, bytes.as_bytes()).await;
    let mut answers = Vec::new();
    // One that is closed while we still send ends with an error, after what was answered.
    let all = async { stream.read_to_end(&mut answers).await.map_or(0, |length| length) };
    tokio::time::timeout(std::time::Duration::from_secs(60), all).await.unwrap();
    String::from_utf8_lossy(&answers).into_owned()
}

/// A message whose end is open to doubt is refused, or its connection ends with it: a proxy in front that
/// has read it in another way is never answered a request that somebody hid in it (ASVS 4.2.1).
#[tokio::test]
async fn no_second_request_hides_in_the_first() {
    let server = Folder::new().serve();
    let length = HIDDEN.len();
    let chunked = "transfer-encoding: chunked";
    let with = |headers: &str, body: &str| {
        let origin = &server.url;
        format!("POST /api/session HTTP/1.1\r\nhost: x\r\norigin: {origin}\r\n{headers}\r\n\r\n{body}{HIDDEN}")
    };
    let (end, more) = ("0\r\n\r\n", length + 5);
    // Two that nobody takes for one are answered one after the other, or the test would show nothing.
    for honest in [with("content-length: 0", ""), with(chunked, end), with("transfer-encoding: Chunked", end)] {
        let both = exchange(&server, &honest).await;
        assert_eq!((both.matches("HTTP/1.1 200 OK").count(), both.ends_with("alive\n")), (2, true), "{both}");
    }
    let mut doubtful = Vec::new();
    for headers in [
        format!("content-length: {more}\r\n{chunked}"),
        format!("{chunked}\r\ncontent-length: {more}"),
        format!("{chunked}\r\ncontent-length: 0"),
        format!("{chunked}\r\n{chunked}"),
        format!("{chunked}\r\ntransfer-encoding: identity"),
        format!("transfer-encoding: identity\r\n{chunked}"),
        "transfer-encoding: chunked, chunked".to_owned(),
        "transfer-encoding: identity, chunked".to_owned(),
        "transfer-encoding: chunked, identity".to_owned(),
        "transfer-encoding: xchunked".to_owned(),
        "transfer-encoding: chunked;x".to_owned(),
        "transfer-encoding: \"chunked\"".to_owned(),
        "transfer-encoding: gzip".to_owned(),
        "transfer-encoding:\u{b}chunked".to_owned(),
        "transfer-encoding : chunked".to_owned(),
        "transfer-encoding:\r\n chunked".to_owned(),
        "x: y\r\n transfer-encoding: chunked".to_owned(),
        "x: y\rtransfer-encoding: chunked".to_owned(),
        "x: \0\r\ntransfer-encoding: chunked".to_owned(),
        "transfer-encoding: gzip, chunked".to_owned(),
    ] {
        doubtful.push(with(&headers, end));
    }
    for headers in [
        format!("content-length: 0\r\ncontent-length: {length}"),
        format!("content-length: {length}\r\ncontent-length: 0"),
        format!("content-length: 0, {length}"),
        "content-length: +0".to_owned(),
        "content-length: -0".to_owned(),
        "content-length: 0x0".to_owned(),
        "content-length: 0;".to_owned(),
        "content-length: 0 0".to_owned(),
        "content-length:".to_owned(),
        "content-length: 99999999999999999999999999999999999999999".to_owned(),
        "content-length : 0".to_owned(),
        "content-length:\r\n 0".to_owned(),
        "content-length\r\n: 0".to_owned(),
        " content-length: 0".to_owned(),
    ] {
        doubtful.push(with(&headers, ""));
    }
    for size in ["0x0", "+0", "-0", "0;a=\n", "0\r", "", "fffffffffffffffff0", "g"] {
        doubtful.push(with(chunked, &format!("{size}\r\n\r\n")));
    }
    let old = with(chunked, end).replace("/api/session HTTP/1.1", "/api/session HTTP/1.0");
    doubtful.push(old.replace("transfer-encoding", "connection: keep-alive\r\ntransfer-encoding"));
    for bytes in &doubtful {
        let answers = exchange(&server, bytes).await;
        assert!(answers.matches("HTTP/1.").count() <= 1 && !answers.contains("alive\n"), "{bytes:?}: {answers:?}");
        let answered = ["", "HTTP/1.1 200 ", "HTTP/1.0 200 ", "HTTP/1.1 400 ", "HTTP/1.1 413 "];
        assert!(answered.iter().any(|status| answers.get(..13).unwrap_or_default() == *status), "{answers:?}");
    }
}
