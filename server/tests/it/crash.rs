//! kill -9, many times: nothing is half done, and nothing is revived.

use crate::program::Folder;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Mutex, task::JoinSet};

const PASSWORD: &str = "correct horse battery staple";
const ROUNDS: u64 = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_comes_back_as_it_was() {
    let folder = Folder::new();
    folder.add_account("alice", PASSWORD);
    // What the server has acknowledged.
    let mut alive: Vec<String> = Vec::new();
    let mut dead: Vec<String> = Vec::new();
    for round in 0..ROUNDS {
        let server = Arc::new(folder.serve());
        for cookie in &alive {
            assert_eq!(server.me(cookie).await.0, 200, "an acknowledged session is gone, round {round}");
        }
        for cookie in &dead {
            assert_eq!(
                server.me(cookie).await,
                (401, "signed_out".to_owned()),
                "an ended session is back, round {round}"
            );
        }
        let (started, ended) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let mut unsure = JoinSet::new();
        for cookie in alive.split_off(alive.len() / 2) {
            let (server, ended) = (Arc::clone(&server), Arc::clone(&ended));
            unsure.spawn(async move {
                if server.sign_out(&cookie).await.unwrap_or(false) {
                    ended.lock().await.push(cookie);
                }
            });
        }
        for _ in 0..4 {
            let (server, started) = (Arc::clone(&server), Arc::clone(&started));
            unsure.spawn(async move {
                while let Ok(Some(cookie)) = server.sign_in("alice", PASSWORD).await {
                    started.lock().await.push(cookie);
                }
            });
        }
        // Another moment each round, from at once to well into the work.
        tokio::time::sleep(Duration::from_millis(round * 37 % 300)).await;
        server.kill();
        unsure.join_all().await;
        alive.extend(started.lock().await.drain(..));
        dead.extend(ended.lock().await.drain(..));
        alive.truncate(40);
        dead.truncate(60);
    }
    assert!(alive.len() > 5 && dead.len() > 5, "the test did nothing: {} alive, {} dead", alive.len(), dead.len());
    assert!(folder.ok(&["doctor"]).contains("it would start"), "the database is damaged");
}
