//! Connections: how many there are, what one may cost, and how they end.

mod paced;
mod sent;

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use daypass_auth::http::room_for_more;
use http::StatusCode;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use paced::{Paced, Phase};
use sent::Sent;
use std::{convert::Infallible, future::Future, io::ErrorKind, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tower::ServiceExt;

/// Bytes that are kept of a connection at once, either way, and so of a request's head. Browsers send
/// a few thousand. Of headers hyper takes a hundred.
pub(crate) const BUFFER_BYTES: usize = 64 * 1024;
/// After an error that is the machine's and not the connection's, such as no file handles left.
const PAUSE: Duration = Duration::from_secs(1);

/// What connections may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// So many at once; more wait in the system's queue until one ends. Fewer than the 1024 files that
    /// most systems let a process have open, so that the database and the page's files find room too.
    pub(crate) connections: u32,
    /// For the head of a request, from its first byte; of the first one, from when it is connected.
    pub(crate) head: Duration,
    /// Without a request. Longer than the two minutes for which proxies keep connections open, so that
    /// it is they who close them, and not we while they send.
    pub(crate) idle: Duration,
    /// For somebody to read some more of an answer.
    pub(crate) stuck: Duration,
    /// For requests under way to finish when the server is told to stop.
    pub(crate) drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 900,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(150),
            stuck: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

/// Serves `router` until `told_to_stop`; then takes no more connections, and finishes the requests
/// under way. Says whether they did finish in time.
pub(crate) async fn listen(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    told_to_stop: impl Future<Output = ()>,
) -> bool {
    let room = Arc::new(Semaphore::new(limits.connections as usize));
    let (stop, stopped) = watch::channel(false);
    let take = |stream: TcpStream, peer, place: OwnedSemaphorePermit| {
        // Answers are written whole: to wait for more to send would only make them late.
        let _slower_but_fine = stream.set_nodelay(true);
        let connection = connection(stream, peer, router.clone(), limits, stopped.clone());
        tokio::spawn(async move {
            connection.await;
            drop(place);
        });
    };
    let mut told_to_stop = pin!(told_to_stop);
    loop {
        tokio::select! {
            () = &mut told_to_stop => break,
            Some((stream, peer, place)) = accept(&listener, &room) => take(stream, peer, place),
        }
    }
    // Who is connected as far as the system is concerned has perhaps asked already.
    if let Ok(listener) = listener.into_std() {
        while let Ok(place) = Arc::clone(&room).try_acquire_owned()
            && let Ok((stream, peer)) = listener.accept()
        {
            let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
            if let Ok(stream) = stream {
                take(stream, peer, place);
            }
        }
    }
    stop.send_replace(true);
    tokio::time::timeout(limits.drain, room.acquire_many(limits.connections)).await.is_ok()
}

/// The next connection, as soon as there is a place for it.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return Some((stream, peer, place)),
            Err(error) => match error.kind() {
                ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset => {}
                _ => {
                    tracing::error!(error = &error as &dyn std::error::Error, "no connection can be taken");
                    tokio::time::sleep(PAUSE).await;
                }
            },
        }
    }
}

/// One connection, to its end. HTTP/1 alone: a proxy in front speaks the rest.
async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    router: Router,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
) {
    let phase = Phase::default();
    let stream = Paced::new(stream, limits, phase.clone());
    let of_requests = phase.clone();
    // What each of its requests has.
    let mut extensions = room_for_more();
    extensions.insert(ConnectInfo(peer));
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut work = of_requests.begin();
        let mut request: Request = request.map(Body::new);
        // An upgrade is among what it comes with.
        let brought = std::mem::replace(request.extensions_mut(), extensions.clone());
        request.extensions_mut().extend(brought);
        let answer = router.clone().oneshot(request);
        async move {
            let answer = answer.await?;
            // What speaks another protocol from now on is no request that ends.
            if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
                work.never_ends();
            }
            Ok::<_, Infallible>(answer.map(|body| Sent { body, _work: work }))
        }
    });
    let mut builder = http1::Builder::new();
    builder.header_read_timeout(None).max_buf_size(BUFFER_BYTES);
    // Upgrades, since an app may serve WebSockets; the origin check guards those too.
    let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let ended = tokio::select! {
        result = served.as_mut() => Some(result),
        () = async { let _sender_gone = stopped.wait_for(|&stopped| stopped).await; } => None,
    };
    let result = match ended {
        Some(result) => result,
        None => {
            phase.stop();
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = result {
        // Mostly people who went away; nothing that anybody here could do something about.
        tracing::debug!(%peer, error = &error as &dyn std::error::Error, "a connection failed");
    }
}

#[cfg(test)]
mod tests;
