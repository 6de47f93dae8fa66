//! Clocks that are set while nodes run, ahead and back: what is over stays over, and a node that is two minutes behind
//! or less ahead harms nobody on the others.

use crate::{
    preload,
    program::{Folder, Program},
};
use daypass_auth::{
    Key,
    testing::{database, until},
};
use std::{fs, io::Write, path::PathBuf};

const PASSWORD: &str = "correct horse battery staple";
const HOUR: i64 = 3600;

/// A node, and the clock on its wall.
struct Node {
    clock: PathBuf,
    server: Program,
    /// It ends with the node.
    folder: Folder,
}

impl Node {
    fn start(database: &str, key: &str, library: &str) -> Self {
        let folder = Folder::new();
        let clock = folder.path().join("clock");
        fs::write(&clock, 0_i64.to_ne_bytes()).unwrap();
        let folder = folder
            .env("LD_PRELOAD", library)
            .env("CLOCK", clock.display().to_string())
            .env("DAYPASS_DATABASE_URL", database)
            .env("DAYPASS_KEYS", key)
            .env("DAYPASS_CALLS_PER_MINUTE", "0");
        Self { clock, server: folder.serve(), folder }
    }

    /// Sets its clock, so many seconds from the right time.
    fn set(&self, seconds: i64) {
        // In place: the server has it open, and never sees half of it.
        fs::OpenOptions::new().write(true).open(&self.clock).unwrap().write_all(&seconds.to_ne_bytes()).unwrap();
    }

    async fn sign_in(&self) -> String {
        self.server.sign_in("alice", PASSWORD).await.unwrap().unwrap()
    }

    async fn status(&self, cookie: &str) -> u16 {
        self.server.me(cookie).await.0
    }
}

async fn two_nodes() -> [Node; 2] {
    let (database, key) = (database().await, Key::generate().unwrap().to_line());
    // What a server has loaded may be gone.
    let built = tempfile::tempdir().unwrap();
    let library = preload::build("clock.c", built.path());
    let nodes = [(); 2].map(|()| Node::start(&database, key.as_ref(), &library));
    nodes[0].folder.add_account("alice", PASSWORD);
    nodes
}

#[tokio::test]
async fn a_clock_that_is_set_on_one_node_revives_nothing_and_signs_out_nobody_on_the_others() {
    let [right, other] = two_nodes().await;
    let mut ended = Vec::new();
    for off in [-30 * 24 * HOUR, -HOUR, -300, -29, 29, 300, HOUR, 11 * HOUR] {
        let (kept, out) = (right.sign_in().await, right.sign_in().await);
        for cookie in [&kept, &out] {
            assert_eq!(other.status(cookie).await, 200);
        }
        other.set(off);
        assert!(right.server.sign_out(&out).await.unwrap());
        ended.push(out);
        for cookie in &ended {
            assert_eq!(right.status(cookie).await, 401, "it is back, {off}");
            until("the other node knows", || async { other.status(cookie).await == 401 }).await;
        }
        // What it says of the others depends on how far it is off; what it ends is over.
        let own = other.sign_in().await;
        if other.server.sign_out(&own).await.unwrap() {
            ended.push(own);
        }
        // Within two minutes back, and the idle timeout ahead.
        assert_eq!(other.status(&kept).await == 200, (-120..600).contains(&off), "{off}");
        // What a node that is two minutes ahead has seen was seen in the future, as far as others do not know better.
        let is_kept = off <= 120;
        if is_kept {
            assert_eq!(right.status(&kept).await, 200, "{off}");
        }
        other.set(0);
        for cookie in &ended {
            for node in [&right, &other] {
                until("it is over", || async { node.status(cookie).await == 401 }).await;
            }
        }
        if is_kept {
            for node in [&right, &other] {
                until("who was signed in is so", || async { node.status(&kept).await == 200 }).await;
            }
        }
    }
    for node in [right, other] {
        let log = node.server.log().unwrap();
        assert!(!log.contains("panicked"), "{log}");
    }
}

/// As on machines that follow one source, which was wrong.
#[tokio::test]
async fn a_session_that_is_over_by_a_clock_that_went_ahead_is_over_when_it_is_set_back() {
    let nodes = two_nodes().await;
    let set = |off| nodes.iter().for_each(|node| node.set(off));
    let cookie = nodes[0].sign_in().await;
    set(480);
    for node in &nodes {
        assert_eq!(node.status(&cookie).await, 200, "within the idle timeout");
    }
    set(480 + 660);
    for node in &nodes {
        assert_eq!(node.server.me(&cookie).await, (401, "idle".to_owned()));
    }
    set(0);
    for node in &nodes {
        assert_eq!(node.server.me(&cookie).await.0, 401);
    }
}
