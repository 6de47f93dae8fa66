//! `daypass db move`, beside what people hold in their hands: cookies.

use crate::program::{Folder, text};
use daypass_auth::testing::{Postgres, database};

const PASSWORD: &str = "correct horse battery staple";
const FILE: &str = "sqlite://data/daypass.db";

#[tokio::test]
async fn a_move_signs_nobody_out_either_way() {
    let postgres = database().await;
    let folder = Folder::new();
    folder.add_account("alice", PASSWORD);
    let server = folder.serve();
    let cookie = server.sign_in("alice", PASSWORD).await.unwrap().unwrap();
    let ended = server.sign_in("alice", PASSWORD).await.unwrap().unwrap();
    assert!(server.sign_out(&ended).await.unwrap());
    drop(server);

    let moved = folder.ok(&["db", "move", FILE, &postgres]);
    assert!(moved.starts_with("Moved, and compared: 1 accounts, 2 sessions,"), "{moved}");
    let again = folder.ok(&["db", "move", FILE, &postgres]);
    assert!(again.starts_with("All of it was there already: 1 accounts, 2 sessions,"), "{again}");

    let folder = folder.env("DAYPASS_DATABASE_URL", postgres.clone());
    let server = folder.serve();
    assert_eq!(server.me(&cookie).await.0, 200);
    assert_eq!(server.me(&ended).await, (401, "signed_out".to_owned()));
    let later = server.sign_in("alice", PASSWORD).await.unwrap().unwrap();
    drop(server);
    let refused = folder.refused(&["db", "move", &postgres, FILE]);
    assert!(refused.contains("in it that are not those of the other"), "{refused}");

    folder.ok(&["db", "move", &postgres, "sqlite://data/back.db"]);
    let folder = folder.env("DAYPASS_DATABASE_URL", "sqlite://data/back.db");
    let server = folder.serve();
    assert_eq!((server.me(&cookie).await.0, server.me(&later).await.0), (200, 200));
}

#[tokio::test]
async fn a_move_that_was_killed_is_run_again() {
    let postgres = Postgres::start().await;
    let target = postgres.database().await;
    let folder = Folder::new();
    let accounts: String =
        (0..3000).map(|n| format!("user{n},$2b$04$abcdefghijklmnopqrstuu5LcbQ8W5pLYDbLYMjqEHpVnWq8W9YdK\n")).collect();
    std::fs::write(folder.path().join("accounts.csv"), format!("name,hash\n{accounts}")).unwrap();
    folder.ok(&["users", "import", "accounts.csv"]);
    for round in 0..6 {
        let mut moving = folder.spawn(&["db", "move", FILE, &target]);
        std::thread::sleep(std::time::Duration::from_millis(round * 60));
        moving.kill().unwrap();
        moving.wait().unwrap();
    }
    let output = folder.run(&["db", "move", FILE, &target]);
    let said = text(&output.stdout);
    assert!(output.status.success() && said.contains(": 3000 accounts, 0 sessions,"), "{said}{}", text(&output.stderr));
}

#[tokio::test]
async fn no_command_says_the_password_of_a_database() {
    let folder = Folder::new().env("DAYPASS_DATABASE_URL", "postgres://daypass:canary@127.0.0.1:1/app");
    let doctor = folder.run(&["doctor"]);
    let said = text(&doctor.stdout) + &text(&doctor.stderr);
    assert!(said.contains("postgres://daypass:***@127.0.0.1:1/app") && !doctor.status.success(), "{said}");
    assert!(!said.contains("canary"), "{said}");
    for args in [
        &["serve"][..],
        &["users", "list"],
        &["db", "move", "postgres://a:canary@127.0.0.1:1/app", "sqlite://x.db"],
        &["db", "move", "postgres://a:can#ary@127.0.0.1:1/app", "sqlite://x.db"],
    ] {
        let refused = folder.refused(args);
        assert!(!refused.contains("canary") && !refused.contains("ary@"), "{refused}");
    }
}
