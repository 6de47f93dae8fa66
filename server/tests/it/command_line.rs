//! What operators type, beside a server that runs.

use crate::program::{Folder, text};
use daypass_auth::testing::until;

const PASSWORD: &str = "correct horse battery staple";

#[tokio::test]
async fn accounts_are_made_listed_changed_and_deleted() {
    let folder = Folder::new();
    assert_eq!(folder.ok(&["users", "list"]).lines().count(), 1, "no account is there by itself");
    folder.add_account("Alice", PASSWORD);
    let listed = folder.ok(&["users", "list"]);
    assert!(listed.lines().nth(1).unwrap().starts_with("alice  active"), "{listed}");
    let json: serde_json::Value = serde_json::from_str(&folder.ok(&["users", "list", "--json"])).unwrap();
    assert_eq!((json[0]["name"].as_str(), json[0]["state"].as_str()), (Some("alice"), Some("active")));
    assert!(!json.to_string().contains("argon2"));

    let again = folder.run_with(&["users", "add", "alice", "--password-stdin"], PASSWORD);
    assert!(!again.status.success() && text(&again.stderr).contains("exists already"));
    for (password, why) in [
        ("too short", "at least 15 characters"),
        ("", "empty"),
        ("Password12345678", "among the most common ones"),
        ("bobbobbobbobbob2024", "the account's name"),
        ("tickets-tickets-1", "this site's name"),
        ("zzzzzzzzzzzzzzz", "repeats the same"),
        ("qwertyuiopasdfgh", "follows the keyboard"),
    ] {
        for [command, name] in [["add", "bob"], ["passwd", "alice"]] {
            // Each account has its own name to keep out.
            let password = if name == "alice" { password.replace("bob", "alice") } else { password.to_owned() };
            let args = ["users", command, name, "--password-stdin", "--public-origin", "https://tickets.example"];
            let refused = folder.run_with(&args, &password);
            assert!(!refused.status.success() && text(&refused.stderr).contains(why), "{}", text(&refused.stderr));
        }
    }
    assert!(folder.refused(&["users", "disable", "nobody"]).contains("there is no account nobody"));
    assert!(folder.refused(&["users", "add", "a b", "--password-stdin"]).contains("no spaces"));

    let server = folder.serve();
    let cookie = server.sign_in("alice", PASSWORD).await.unwrap().unwrap();
    let changed = folder.run_with(&["users", "passwd", "alice", "--password-stdin"], "another long password\r\n");
    assert!(changed.status.success());
    assert_eq!(server.me(&cookie).await, (401, "password_changed".to_owned()));
    assert!(server.sign_in("alice", PASSWORD).await.unwrap().is_none());
    let cookie = server.sign_in("alice", "another long password").await.unwrap().unwrap();
    folder.ok(&["users", "disable", "alice"]);
    assert_eq!(server.me(&cookie).await, (401, "account_disabled".to_owned()));
    assert!(server.sign_in("alice", "another long password").await.unwrap().is_none());
    folder.ok(&["users", "enable", "alice"]);
    assert_eq!(server.me(&cookie).await, (401, "account_disabled".to_owned()));
    let cookie = server.sign_in("alice", "another long password").await.unwrap().unwrap();
    folder.ok(&["users", "delete", "alice"]);
    assert_eq!(server.me(&cookie).await, (401, "invalid".to_owned()));
    assert_eq!(folder.ok(&["users", "list"]).lines().count(), 1);
}

#[tokio::test]
async fn sessions_are_listed_and_revoked_in_a_server_that_runs() {
    let folder = Folder::new();
    folder.add_account("alice", PASSWORD);
    folder.add_account("bob", PASSWORD);
    let server = folder.serve();
    let alice = [
        server.sign_in("alice", PASSWORD).await.unwrap().unwrap(),
        server.sign_in("alice", PASSWORD).await.unwrap().unwrap(),
    ];
    let bob = server.sign_in("bob", PASSWORD).await.unwrap().unwrap();
    let list = |args: &[&str]| -> Vec<serde_json::Value> {
        serde_json::from_str(&folder.ok(&[&["sessions", "list", "--json"], args].concat())).unwrap()
    };
    assert_eq!(list(&[]).len(), 3);
    let of_alice = list(&["--account", "alice"]);
    assert_eq!(of_alice.len(), 2);
    assert_eq!(of_alice[0]["place"], "127.0.0.1");
    for secret in alice.iter().chain([&bob]) {
        assert!(!folder.ok(&["sessions", "list", "--json"]).contains(&secret[10..30]), "a list that opens something");
    }
    assert!(folder.ok(&["sessions", "list"]).starts_with("ID"));

    folder.ok(&["sessions", "revoke", of_alice[0]["id"].as_str().unwrap()]);
    // Another process than the server's: it is told within a fifth of a second.
    let alive = async || [server.me(&alice[0]).await.0, server.me(&alice[1]).await.0];
    until("one of two is ended", async || [[401, 200], [200, 401]].contains(&alive().await)).await;
    assert!(folder.refused(&["sessions", "revoke", "nosuchsession"]).contains("no such session"));
    assert_eq!(folder.ok(&["sessions", "revoke", "--account", "alice"]), "Ended 1 session.\n");
    until("both are ended", async || alive().await == [401, 401]).await;
    assert_eq!(server.me(&alice[1]).await.1, "revoked");
    assert_eq!(server.me(&bob).await.0, 200);
    assert_eq!(folder.ok(&["sessions", "revoke", "--all"]), "Ended 1 session.\n");
    until("all are ended", async || server.me(&bob).await == (401, "revoked".to_owned())).await;
    assert!(list(&[]).is_empty());
    for args in [
        &["sessions", "revoke"][..],
        &["sessions", "revoke", "x", "--all"],
        &["sessions", "revoke", "--all", "--account", "alice"],
    ] {
        assert!(!folder.run(args).status.success(), "{args:?}");
    }
}

#[test]
fn a_fresh_key_is_one_line_and_works() {
    let folder = Folder::new();
    let (one, two) = (folder.ok(&["keys", "new"]), folder.ok(&["keys", "new"]));
    assert_eq!((one.lines().count(), two.lines().count()), (1, 1));
    assert_ne!(one, two);
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "making a key leaves nothing behind");
    let folder = folder.env("DAYPASS_KEYS", format!("{},{}", two.trim(), one.trim()));
    drop(folder.serve());
    assert!(!folder.path().join("data/keys").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn the_password_is_asked_twice_without_being_shown() {
    // `script` gives the command a terminal of its own.
    let folder = Folder::new();
    let ask = |first: &str, second: &str| {
        let mut child = std::process::Command::new("script")
            .args(["-qec", &format!("{} users add carol", env!("CARGO_BIN_EXE_daypass")), "/dev/null"])
            .current_dir(folder.path())
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut input, format!("{first}\n{second}\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        drop(input);
        (output.status.success(), text(&output.stdout))
    };
    let (ok, said) = ask(PASSWORD, "something else entirely");
    assert!(!ok && said.contains("not the same") && said.contains("New password:"), "{said}");
    let (ok, said) = ask(PASSWORD, PASSWORD);
    assert!(ok && said.contains("Added carol"), "{said}");
    assert!(folder.ok(&["users", "list"]).contains("carol"));
}
