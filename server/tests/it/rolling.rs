//! Two nodes behind a proxy, each stopped and started again in turn: no request is lost, and no session.

use crate::{
    host::{client, credentials, session_cookie},
    program::{Folder, Program},
};
use daypass_auth::{
    Key,
    testing::{database, until},
};
use reqwest::Client;
use std::{
    net::{SocketAddr, TcpListener as StdListener},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

const PASSWORD: &str = "correct horse battery staple";
/// How often each node is started anew.
const TURNS: usize = 2;
/// How often the proxy asks whether a node is ready, and by how much longer a node waits before it stops.
const ASKED_EVERY: Duration = Duration::from_millis(50);
const GRACE: &str = "3s";

/// The nodes that said that they are ready when the proxy last asked.
type Ready = [AtomicBool; 2];

/// Asks every so often, as proxies do.
async fn ask_around(nodes: [SocketAddr; 2], ready: Arc<Ready>) {
    let client = Client::new();
    loop {
        for (node, ready) in nodes.iter().zip(ready.iter()) {
            let answer = client.get(format!("http://{node}/readyz")).send().await;
            ready.store(answer.is_ok_and(|answer| answer.status() == 200), SeqCst);
        }
        tokio::time::sleep(ASKED_EVERY).await;
    }
}

/// Connects whoever comes to a node that is ready as far as it knows. If it is not, the request is lost.
async fn proxy(listener: TcpListener, nodes: [SocketAddr; 2], ready: Arc<Ready>) {
    let mut turn = 0;
    while let Ok((mut from, _)) = listener.accept().await {
        turn += 1;
        let at = if ready[turn % 2].load(SeqCst) { turn % 2 } else { (turn + 1) % 2 };
        let Ok(mut to) = TcpStream::connect(nodes[at]).await else { continue };
        tokio::spawn(async move {
            let _closed_by_either = copy_bidirectional(&mut from, &mut to).await;
        });
    }
}

fn free() -> SocketAddr {
    StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_loses_no_request_and_no_session() {
    let (database, key) = (database().await, Key::generate().unwrap().to_line());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let addresses = [free(), free()];
    let folders = addresses.map(|address| {
        Folder::new()
            .env("DAYPASS_LISTEN", address.to_string())
            .env("DAYPASS_PUBLIC_ORIGIN", origin.clone())
            .env("DAYPASS_DATABASE_URL", database.clone())
            .env("DAYPASS_KEYS", key.to_string())
            .env("DAYPASS_GRACE", GRACE)
            .env("DAYPASS_CALLS_PER_MINUTE", "0")
    });
    folders[0].add_account("alice", PASSWORD);
    let mut nodes: Vec<Program> = folders.iter().map(Folder::serve).collect();
    let ready = Arc::new(Ready::default());
    tokio::spawn(ask_around(addresses, Arc::clone(&ready)));
    tokio::spawn(proxy(listener, addresses, Arc::clone(&ready)));
    let both_are_ready = || async { ready.iter().all(|ready| ready.load(SeqCst)) };
    until("both are ready", both_are_ready).await;

    // A connection for each request: which node answers is the proxy's choice.
    let ask = client(&origin);
    let sign_in = {
        let (ask, origin) = (ask.clone(), origin.clone());
        move || {
            let request = ask
                .post(format!("{origin}/api/sign_in"))
                .header("content-type", "application/x-www-form-urlencoded")
                .header("connection", "close")
                .body(credentials("alice", PASSWORD));
            async move {
                let answer = request.send().await.expect("a sign-in was lost");
                assert_eq!(answer.status(), 200);
                session_cookie(&answer).unwrap()
            }
        }
    };
    let kept = sign_in().await;
    let (over, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let mut people = JoinSet::new();
    for _ in 0..4 {
        let (ask, origin, kept) = (ask.clone(), origin.clone(), kept.clone());
        let (over, asked) = (Arc::clone(&over), Arc::clone(&asked));
        people.spawn(async move {
            while !over.load(SeqCst) {
                let request = ask.get(format!("{origin}/api/me")).header("connection", "close").header("cookie", &kept);
                let answer = request.send().await.expect("a request was lost");
                assert_eq!(answer.status(), 200, "somebody was signed out");
                asked.fetch_add(1, SeqCst);
            }
        });
    }
    // Somebody signs in and out all the time: a hash is under way whenever a node is told to stop.
    people.spawn({
        let (ask, origin, over) = (ask.clone(), origin.clone(), Arc::clone(&over));
        async move {
            while !over.load(SeqCst) {
                let cookie = sign_in().await;
                let out = ask.post(format!("{origin}/api/sign_out")).header("connection", "close");
                let answer = out.header("cookie", &cookie).send().await.expect("a sign-out was lost");
                assert_eq!(answer.status(), 200);
                let me = ask.get(format!("{origin}/api/me")).header("connection", "close").header("cookie", &cookie);
                assert_eq!(me.send().await.unwrap().status(), 401, "an ended session is back");
            }
        }
    });
    for _ in 0..TURNS {
        for (at, folder) in folders.iter().enumerate() {
            let node = nodes.remove(at);
            let stopped = tokio::task::spawn_blocking(move || node.terminate()).await.unwrap();
            assert!(stopped, "a node did not stop in order");
            nodes.insert(at, folder.serve());
            until("both are ready again", both_are_ready).await;
        }
    }
    over.store(true, SeqCst);
    while let Some(person) = people.join_next().await {
        person.unwrap();
    }
    assert!(asked.load(SeqCst) > 100, "nobody asked for anything");
}
