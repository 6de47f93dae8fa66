//! kill -9, many times: nothing is half done, and nothing is revived.

use crate::program::Folder;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Mutex, task::JoinSet};

const PASSWORD: &str = "correct horse battery staple";
const ROUNDS: u64 = 25;
/// On a machine that has much else to do, a server hardly gets to anything before it is killed.
const MOST_ROUNDS: u64 = 250;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_comes_back_as_it_was() {
    let folder = Folder::new();
    // A try that was under way counts as a failure, as far as anybody knows: so four browsers that are
    // known, each with an account.
    let browsers = ["alice", "bob", "carol", "dave"].map(|name| (name, Arc::new(Mutex::new(String::new()))));
    for (name, _) in &browsers {
        folder.add_account(name, PASSWORD);
    }
    // What the server has acknowledged.
    let mut alive: Vec<String> = Vec::new();
    let mut dead: Vec<String> = Vec::new();
    let (mut born, mut buried) = (0, 0);
    for round in 0..MOST_ROUNDS {
        if round >= ROUNDS && born > 5 && buried > 5 {
            break;
        }
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
        for (name, device) in &browsers {
            let (server, started, name, device) =
                (Arc::clone(&server), Arc::clone(&started), *name, Arc::clone(device));
            unsure.spawn(async move {
                let mut device = device.lock().await;
                while let Ok(Some(cookie)) = server.sign_in_from(&mut device, name, PASSWORD).await {
                    started.lock().await.push(cookie);
                }
            });
        }
        // Another moment each round, from at once to well into the work.
        tokio::time::sleep(Duration::from_millis(round * 37 % 300)).await;
        server.kill();
        unsure.join_all().await;
        let (started, ended) = (std::mem::take(&mut *started.lock().await), std::mem::take(&mut *ended.lock().await));
        (born, buried) = (born + started.len(), buried + ended.len());
        alive.extend(started);
        dead.extend(ended);
        // Fewer than an account may have: none of them ends for that.
        alive.truncate(10);
        dead.truncate(60);
    }
    assert!(born > 5 && buried > 5, "the test did nothing: {born} sign-ins, {buried} sign-outs");
    assert!(folder.ok(&["doctor"]).contains("it would start"), "the database is damaged");
}
