//! kill -9, many times: nothing is half done, and nothing is revived.

use crate::program::Folder;
use daypass_auth::testing::database;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Mutex, task::JoinSet};

const PASSWORD: &str = "correct horse battery staple";
/// So many rounds, if nothing else is said.
const ROUNDS: u64 = 25;
/// Says how many.
const ROUNDS_WANTED: &str = "DAYPASS_TEST_CRASHES";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_comes_back_as_it_was() {
    is_killed_and_comes_back(Folder::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_comes_back_as_it_was_on_postgres() {
    is_killed_and_comes_back(Folder::new().env("DAYPASS_DATABASE_URL", database().await)).await;
}

async fn is_killed_and_comes_back(folder: Folder) {
    // None ends because others have started since: how many do depends on the machine.
    let folder = folder.env("DAYPASS_MOST_SESSIONS", "1000");
    let rounds = std::env::var(ROUNDS_WANTED).map_or(ROUNDS, |wanted| wanted.parse().unwrap());
    // A try that was under way counts as a failure, as far as anybody knows: so four browsers that are
    // known, each with an account, which get in once before it is about to be killed.
    let browsers = ["alice", "bob", "carol", "dave"].map(|name| (name, Arc::new(Mutex::new(String::new()))));
    for (name, _) in &browsers {
        folder.add_account(name, PASSWORD);
    }
    // What the server has acknowledged.
    let mut alive: Vec<String> = Vec::new();
    let mut dead: Vec<String> = Vec::new();
    let (mut born, mut buried) = (0, 0);
    // On a machine that has much else to do, a server hardly gets to anything before it is killed.
    for round in 0..10 * rounds {
        if round >= rounds && born > 5 && buried > 5 {
            break;
        }
        let server = Arc::new(folder.serve());
        for cookie in &alive {
            assert_eq!(server.me(cookie).await, (200, String::new()), "an acknowledged session is gone, round {round}");
        }
        for cookie in &dead {
            assert_eq!(
                server.me(cookie).await,
                (401, "signed_out".to_owned()),
                "an ended session is back, round {round}"
            );
        }
        for (name, device) in &browsers {
            let cookie = server.sign_in_from(&mut *device.lock().await, name, PASSWORD).await.unwrap();
            alive.push(cookie.unwrap());
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
        // Another moment each round, from at once to well into the work, however long that takes here.
        tokio::time::sleep(Duration::from_millis(round * 37 % (300 * (1 + round / rounds)))).await;
        server.kill();
        unsure.join_all().await;
        let (started, ended) = (std::mem::take(&mut *started.lock().await), std::mem::take(&mut *ended.lock().await));
        (born, buried) = (born + started.len(), buried + ended.len());
        alive.extend(started);
        dead.extend(ended);
        alive.truncate(10);
        dead.truncate(60);
    }
    assert!(born > 5 && buried > 5, "the test did nothing: {born} sign-ins, {buried} sign-outs");
    assert!(folder.ok(&["doctor"]).contains("it would start"), "the database is damaged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_was_changed_while_it_was_killed_is_one_of_the_two() {
    let folder = Folder::new();
    let password = |n: u32| format!("zebra quilt lantern {n} harbour");
    // The number of the password that was acknowledged last, and with it of the one that may be.
    let mut sure = 0;
    folder.add_account("alice", &password(sure));
    let mut device = String::new();
    let (mut changed, mut unsure) = (0, 0);
    // On a machine that has much else to do, hardly one is changed before the server is killed.
    for round in 0..120_u64 {
        if round >= 12 && changed > 5 {
            break;
        }
        let server = Arc::new(folder.serve());
        let next = server.sign_in_from(&mut device, "alice", &password(sure + 1)).await.unwrap();
        let last = server.sign_in_from(&mut device, "alice", &password(sure)).await.unwrap();
        assert!(next.is_some() != last.is_some(), "both passwords or neither, round {round}");
        unsure += u32::from(next.is_some());
        sure += u32::from(next.is_some());
        let mut cookie = next.or(last).unwrap();
        let changes = tokio::spawn({
            let server = Arc::clone(&server);
            async move {
                let mut done = 0;
                loop {
                    let form = format!(
                        "current={}&new={}",
                        password(sure + done).replace(' ', "+"),
                        password(sure + done + 1).replace(' ', "+"),
                    );
                    let request = server.client.post(format!("{}/api/change_password", server.url)).body(form);
                    let request = request.header("content-type", "application/x-www-form-urlencoded");
                    let Ok(answer) = request.header("cookie", &cookie).send().await else { return done };
                    if !answer.status().is_success() {
                        return done;
                    }
                    cookie = crate::host::session_cookie(&answer).unwrap();
                    done += 1;
                }
            }
        });
        tokio::time::sleep(Duration::from_millis(30 + round * 53 % 300)).await;
        server.kill();
        let done = changes.await.unwrap();
        changed += done;
        sure += done;
    }
    assert!(changed > 5, "{changed} changes, {unsure} of which nobody knew: the test tests nothing");
    assert!(folder.ok(&["doctor"]).contains("it would start"), "the database is damaged");
}
