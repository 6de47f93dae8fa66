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
