use super::*;
use axum::routing::{get, post};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::Notify,
    time::{Instant, sleep},
};

const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)), 4711);
const ASK: &[u8] = b"GET /who HTTP/1.1\r\nhost: x\r\n\r\n";

fn router() -> Router {
    Router::new()
        .route("/who", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }))
        .route("/echo", post(|body: String| async move { body }))
        .route("/much", get(|| async { "much ".repeat(100_000) }))
        .route("/drip", get(drip))
        .route("/full", get(full))
        .route("/upgrade", get(upgrade))
}

/// After a while, just as much as is kept of a connection at once: it is all written before it is known that
/// nothing follows.
async fn full() -> axum::response::Response {
    let bytes = futures_util::stream::once(async {
        sleep(Duration::from_secs(11)).await;
        Ok::<_, Infallible>(vec![b'x'; BUFFER_BYTES])
    });
    let length = [(http::header::CONTENT_LENGTH, BUFFER_BYTES.to_string())];
    axum::response::IntoResponse::into_response((length, Body::from_stream(bytes)))
}

/// Says something, and after a long time something else.
async fn drip() -> Body {
    let drops = futures_util::stream::unfold(0, |drop| async move {
        if drop > 0 {
            sleep(Duration::from_secs(1_000)).await;
        }
        (drop < 3).then(|| (Ok::<_, Infallible>(format!("drop {drop}")), drop + 1))
    });
    Body::from_stream(drops)
}

/// Speaks another protocol from now on: says again what is said.
async fn upgrade(request: Request) -> axum::response::Response {
    tokio::spawn(async move {
        let upgraded = hyper::upgrade::on(request).await.unwrap();
        let (mut reader, mut writer) = tokio::io::split(TokioIo::new(upgraded));
        let _hung_up = tokio::io::copy(&mut reader, &mut writer).await;
    });
    let headers = [(http::header::CONNECTION, "upgrade"), (http::header::UPGRADE, "echo")];
    axum::response::IntoResponse::into_response((StatusCode::SWITCHING_PROTOCOLS, headers))
}

/// A connection to the router, whose clock is the test's.
fn connect() -> (DuplexStream, watch::Sender<bool>) {
    connect_with_room_for(4096)
}

/// The same, where so many bytes find room that nobody has read yet.
fn connect_with_room_for(bytes: usize) -> (DuplexStream, watch::Sender<bool>) {
    let (ours, theirs) = tokio::io::duplex(bytes);
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(connection(theirs, PEER, router(), Limits::default(), stopped));
    (ours, stop)
}

/// Reads the answer to one request.
async fn answer(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut bytes = vec![0; 4096];
    let length = stream.read(&mut bytes).await.unwrap();
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

/// Whether it is closed, after this many seconds.
async fn is_closed_after(mut stream: impl AsyncReadExt + Unpin, seconds: u64, since: Instant) -> bool {
    let mut rest = Vec::new();
    let hour = Duration::from_secs(3600);
    let _cut_or_closed = tokio::time::timeout(hour, stream.read_to_end(&mut rest)).await;
    since.elapsed().as_secs() == seconds
}

#[tokio::test(start_paused = true)]
async fn who_asks_is_known_and_the_connection_is_kept() {
    let (mut stream, _stop) = connect();
    for pause in [0, 9, 149] {
        sleep(Duration::from_secs(pause)).await;
        stream.write_all(ASK).await.unwrap();
        let said = answer(&mut stream).await;
        assert!(said.starts_with("HTTP/1.1 200") && said.ends_with("192.0.2.7:4711"), "{said}");
    }
    assert!(is_closed_after(stream, 150, Instant::now()).await, "an idle connection is kept for ever");
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_or_says_it_byte_by_byte_is_cut_off() {
    let (silent, _stop) = connect();
    assert!(is_closed_after(silent, 10, Instant::now()).await);

    let begin = Instant::now();
    let (mut slow, _stop) = connect();
    for byte in ASK {
        if slow.write_all(&[*byte]).await.is_err() {
            break;
        }
        sleep(Duration::from_secs(1)).await;
    }
    assert!((10..=12).contains(&begin.elapsed().as_secs()), "{:?}", begin.elapsed());

    // Nor is a second request any slower than the first one may be.
    let (mut later, _stop) = connect();
    later.write_all(ASK).await.unwrap();
    answer(&mut later).await;
    sleep(Duration::from_secs(60)).await;
    later.write_all(&ASK[..20]).await.unwrap();
    assert!(is_closed_after(later, 10, Instant::now()).await);
}

#[tokio::test(start_paused = true)]
async fn a_body_may_take_its_time() {
    let (mut stream, _stop) = connect();
    stream.write_all(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 20\r\n\r\n").await.unwrap();
    for _ in 0..20 {
        sleep(Duration::from_secs(1)).await;
        stream.write_all(b"b").await.unwrap();
    }
    assert!(answer(&mut stream).await.ends_with(&"b".repeat(20)));
    assert!(is_closed_after(stream, 150, Instant::now()).await);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_slowly_is_waited_for() {
    let (mut stream, _stop) = connect();
    stream.write_all(b"GET /drip HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut said = String::new();
    while !said.ends_with("0\r\n\r\n") {
        said += &answer(&mut stream).await;
    }
    assert!(said.contains("drop 0") && said.contains("drop 2"), "{said}");
    stream.write_all(ASK).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
    assert!(is_closed_after(stream, 150, Instant::now()).await);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_written_before_it_ends_is_no_reason_to_stay() {
    let (mut stream, _stop) = connect_with_room_for(4 * BUFFER_BYTES);
    stream.write_all(b"GET /full HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut length = 0;
    while length < BUFFER_BYTES {
        length += stream.read(&mut vec![0; 2 * BUFFER_BYTES]).await.unwrap();
    }
    assert!(is_closed_after(stream, 150, Instant::now()).await);
}

#[tokio::test(start_paused = true)]
async fn what_speaks_another_protocol_is_no_head_and_no_pause() {
    let (mut stream, _stop) = connect();
    stream
        .write_all(b"GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n")
        .await
        .unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 101"));
    for pause in [0, 11, 151, 1_000] {
        sleep(Duration::from_secs(pause)).await;
        stream.write_all(b"hello").await.unwrap();
        assert_eq!(answer(&mut stream).await, "hello", "after {pause} s");
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_cut_off() {
    let (mut stream, _stop) = connect();
    stream.write_all(b"GET /much HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    // Slow is fine, as long as something is read.
    for _ in 0..5 {
        sleep(Duration::from_secs(29)).await;
        assert!(!answer(&mut stream).await.is_empty());
    }
    sleep(Duration::from_secs(31)).await;
    let mut rest = Vec::new();
    let _cut = stream.read_to_end(&mut rest).await;
    assert!(rest.len() < 100_000, "{} bytes more", rest.len());
}

#[tokio::test(start_paused = true)]
async fn too_long_a_head_is_refused() {
    for head in [format!("x: {}\r\n", "y".repeat(BUFFER_BYTES)), "x: y\r\n".repeat(100)] {
        let (mut stream, _stop) = connect();
        let (mut reader, mut writer) = tokio::io::split(&mut stream);
        let request = format!("GET /who HTTP/1.1\r\nhost: x\r\n{head}\r\n");
        let (_maybe_cut, said) = tokio::join!(writer.write_all(request.as_bytes()), answer(&mut reader));
        assert!(said.starts_with("HTTP/1.1 431"), "{said}");
    }
}

/// A server on a socket, with a request that goes on until it is let go, and the means to stop it.
struct Server {
    address: SocketAddr,
    begun: Arc<Notify>,
    let_go: Arc<Notify>,
    stop: Arc<Notify>,
    task: tokio::task::JoinHandle<bool>,
}

async fn server(limits: Limits) -> Server {
    let (begun, let_go, stop) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let long = {
        let (begun, let_go) = (Arc::clone(&begun), Arc::clone(&let_go));
        get(move || {
            let (begun, let_go) = (Arc::clone(&begun), Arc::clone(&let_go));
            async move {
                begun.notify_one();
                let_go.notified().await;
                "done"
            }
        })
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let told = Arc::clone(&stop);
    let router = router().route("/long", long);
    let task = tokio::spawn(async move { listen(listener, router, limits, told.notified()).await });
    Server { address, begun, let_go, stop, task }
}

impl Server {
    async fn ask(&self, request: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        stream
    }
}

#[tokio::test]
async fn one_too_many_waits_until_one_ends() {
    let server = server(Limits { connections: 2, head: Duration::from_millis(300), ..Limits::default() }).await;
    let begin = Instant::now();
    let slow = [server.ask(b"G").await, server.ask(b"G").await];
    let mut waits = server.ask(ASK).await;
    assert!(answer(&mut waits).await.starts_with("HTTP/1.1 200"));
    assert!(begin.elapsed() >= Duration::from_millis(250), "there was room for a third one");
    drop(slow);
}

#[tokio::test]
async fn others_are_served_while_somebody_is_slow() {
    let server = server(Limits { connections: 2, ..Limits::default() }).await;
    let _slow = server.ask(b"G").await;
    for _ in 0..5 {
        let mut stream = server.ask(ASK).await;
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn a_request_under_way_is_finished_and_what_is_none_is_cut() {
    let server = server(Limits::default()).await;
    let begin = Instant::now();
    let mut idle = server.ask(ASK).await;
    answer(&mut idle).await;
    let mut long = server.ask(b"GET /long HTTP/1.1\r\nhost: x\r\n\r\n").await;
    server.begun.notified().await;
    let mut slow = server.ask(b"GET /who HTTP/1.1\r\nhost").await;
    server.stop.notify_one();
    let _cut = slow.read_to_end(&mut Vec::new()).await;
    assert_eq!(idle.read(&mut [0; 16]).await.unwrap(), 0, "an idle connection is kept");
    assert!(TcpStream::connect(server.address).await.is_err(), "it still takes connections");
    server.let_go.notify_one();
    assert!(answer(&mut long).await.ends_with("done"));
    assert!(server.task.await.unwrap() && begin.elapsed() < Limits::default().head, "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_request_that_does_not_end_does_not_hold_the_stop_up() {
    let server = server(Limits { drain: Duration::from_millis(100), ..Limits::default() }).await;
    let _long = server.ask(b"GET /long HTTP/1.1\r\nhost: x\r\n\r\n").await;
    server.begun.notified().await;
    server.stop.notify_one();
    assert!(!server.task.await.unwrap());
}
