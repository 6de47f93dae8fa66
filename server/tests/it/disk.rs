//! A disk that takes no more, and one that gives back something else, while the server runs.

use crate::{
    host::{credentials, removes_cookie, session_cookie},
    program::{Folder, Program, text},
};
use daypass_auth::testing::until;
use reqwest::Response;
use std::{fs, path::Path};

const PASSWORD: &str = "correct horse battery staple";

async fn post(server: &Program, path: &str, cookie: &str, form: &str) -> Response {
    let request = server.client.post(format!("{}{path}", server.url)).header("cookie", cookie);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.body(form.to_owned()).send().await.unwrap()
}

async fn sign_in(server: &Program) -> Response {
    post(server, "/api/sign_in", "", &credentials("alice", PASSWORD)).await
}

/// Files may not grow beyond what they have, which to a database is a disk that is full.
#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_is_503_for_what_is_to_be_written_and_nobody_is_signed_out() {
    let folder = Folder::new();
    folder.add_account("alice", PASSWORD);
    let length = fs::metadata(folder.path().join("data/daypass.db")).unwrap().len();
    let folder = folder.with_files_of_at_most(length + 200_000);
    let server = folder.serve();
    let mut cookies = Vec::new();
    let refused = loop {
        let answer = sign_in(&server).await;
        match session_cookie(&answer) {
            Some(cookie) => cookies.push(cookie),
            None => break answer,
        }
        assert!(cookies.len() < 500, "it is never full");
    };
    assert_eq!(refused.status(), 503);
    // A sign-out takes less room than a sign-in: those for which there was some are over. One that could not be
    // written down is not claimed.
    let mut kept = None;
    while let Some(cookie) = cookies.pop() {
        assert_eq!(server.me(&cookie).await.0, 200, "what is there can be read");
        let out = post(&server, "/api/sign_out", &cookie, "").await;
        if out.status() == 200 {
            assert_eq!(server.me(&cookie).await, (401, "signed_out".to_owned()));
            continue;
        }
        assert!(out.status() == 503 && !removes_cookie(&out), "{out:?}");
        assert_eq!(server.me(&cookie).await.0, 200);
        kept = Some(cookie);
        break;
    }
    let Some(cookie) = &kept else { panic!("it is full for sign-ins alone") };
    let log = server.log().unwrap();
    assert!(!log.contains("panicked"), "{log}");
    // With room again all goes on.
    let folder = folder.with_files_of_at_most(u64::MAX);
    let server = folder.serve();
    assert_eq!(server.me(cookie).await.0, 200);
    assert_eq!(post(&server, "/api/sign_out", cookie, "").await.status(), 200);
    assert_eq!(server.me(cookie).await, (401, "signed_out".to_owned()));
}

/// Whatever the database says then is an error: nobody is told that they are signed out, or let in, and
/// nothing is made anew in its place.
#[tokio::test]
async fn a_database_that_is_damaged_while_it_runs_lets_nobody_in_and_signs_nobody_out() {
    let folder = Folder::new();
    folder.add_account("alice", PASSWORD);
    let server = folder.serve();
    let cookie = session_cookie(&sign_in(&server).await).unwrap();
    let data = folder.path().join("data");
    let damaged = |name: &str| vec![0xa5; usize::try_from(fs::metadata(data.join(name)).unwrap().len()).unwrap()];
    let files = ["daypass.db", "daypass.db-wal"].map(|name| (name, damaged(name)));
    for (name, bytes) in &files {
        // In place: the server has it open.
        use std::io::Write;
        let mut file = fs::OpenOptions::new().write(true).open(data.join(name)).unwrap();
        file.write_all(bytes).unwrap();
    }
    for _ in 0..20 {
        assert!([200, 503].contains(&server.me(&cookie).await.0));
        let answer = sign_in(&server).await;
        assert!([200, 503].contains(&answer.status().as_u16()), "{answer:?}");
    }
    drop(server);
    let output = folder.run(&["serve"]);
    assert!(!output.status.success(), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("daypass.db is not a Daypass database"), "{}", text(&output.stderr));
}

/// A server that starts and then can write nothing would sign nobody in, and nobody out.
#[cfg(unix)]
#[tokio::test]
async fn a_database_that_can_only_be_read_does_not_start_and_nothing_of_it_is_lost() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new().obeying_permissions();
    folder.add_account("alice", PASSWORD);
    let server = folder.serve();
    let cookie = session_cookie(&sign_in(&server).await).unwrap();
    drop(server);
    let data = folder.path().join("data");
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let files: Vec<_> = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.iter().for_each(|file| set(file, 0o400));
    set(&data, 0o500);
    let why = folder.refused(&["serve"]);
    assert!(why.contains("daypass.db cannot be opened"), "{why}");
    set(&data, 0o700);
    files.iter().for_each(|file| set(file, 0o600));
    let server = folder.serve();
    assert_eq!(server.me(&cookie).await.0, 200);
}

/// A disk that does not answer is no error that anybody is told of: whoever asks it waits. Nobody who asks the
/// server does for long, and what was waiting then is done when it answers again.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_disk_that_hangs_is_503_and_comes_back() {
    let folder = Folder::new();
    folder.add_account("alice", PASSWORD);
    let (hangs, library) = (folder.path().join("hangs"), crate::preload::build("disk.c", folder.path()));
    let folder = folder.env("LD_PRELOAD", library).env("HANGS", hangs.display().to_string());
    let server = folder.serve();
    let threads = || fs::read_dir(format!("/proc/{}/task", server.id())).unwrap().count();
    let stays = session_cookie(&sign_in(&server).await).unwrap();
    let before = threads();
    for _ in 0..2 {
        let out = session_cookie(&sign_in(&server).await).unwrap();
        fs::write(&hangs, "").unwrap();
        let asked = (0..40).map(|_| async {
            // What is in memory can be read, the database's own included.
            assert!([200, 503].contains(&server.me(&stays).await.0));
            let answer = post(&server, "/api/sign_out", &out, "").await;
            assert!(answer.status() == 503 && !removes_cookie(&answer), "{answer:?}");
            assert_eq!(sign_in(&server).await.status(), 503);
        });
        futures_util::future::join_all(asked).await;
        assert!(threads() < before + 5, "{before} threads, and then {}", threads());
        fs::remove_file(&hangs).unwrap();
        until("it can be written again", || async { post(&server, "/api/sign_out", &out, "").await.status() == 200 })
            .await;
        assert_eq!(server.me(&out).await.0, 401);
        assert_eq!(server.me(&stays).await.0, 200);
    }
    let log = server.log().unwrap();
    assert!(!log.contains("panicked") && !log.contains("a request took longer"), "{log}");
}
