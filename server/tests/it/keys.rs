//! Keys are told apart and turned, beside a server and without a sign-out.

use crate::program::{Folder, secret, text};
use std::{fs, path::PathBuf};

const PASSWORD: &str = "correct horse battery staple";

/// Id and use of each key, as `keys list` tells them.
fn listed(folder: &Folder) -> Vec<(String, String)> {
    let said = folder.ok(&["keys", "list"]);
    assert!(said.starts_with("ID        USE"), "{said}");
    let cells = |line: &str| -> Vec<String> { line.split("  ").map(|cell| cell.trim().to_owned()).collect() };
    said.lines().skip(1).map(cells).map(|cells| (cells[0].clone(), cells[1].clone())).collect()
}

fn ids(folder: &Folder) -> Vec<String> {
    listed(folder).into_iter().map(|(id, _)| id).collect()
}

/// A folder with a key file of this text, that nobody else can read.
fn with_keys(text: &str) -> (Folder, PathBuf) {
    let folder = Folder::new().env("DAYPASS_KEYS_FILE", "the.keys");
    let path = folder.path().join("the.keys");
    secret(&path, text);
    (folder, path)
}

fn fresh() -> String {
    Folder::new().ok(&["keys", "new"])
}

#[test]
fn the_list_tells_keys_apart_and_shows_none() {
    let keys = [fresh(), fresh()];
    let (folder, _) = with_keys(&format!("# 2020-01-01T00:00:00Z\n{}{}", keys[0], keys[1]));
    let said = folder.ok(&["keys", "list"]);
    let rows = listed(&folder);
    assert_eq!([rows[0].1.as_str(), rows[1].1.as_str()], ["seals and opens", "opens"]);
    assert!(rows[0].0 != rows[1].0 && rows[0].0.len() == 8, "{said}");
    let days: u32 =
        said.lines().nth(1).unwrap().rsplit(' ').next().unwrap().strip_suffix('d').unwrap().parse().unwrap();
    assert!(days > 2000 && said.lines().nth(2).unwrap().ends_with("unknown"), "{said}");
    // The same keys have the same ids, wherever they are.
    let elsewhere = Folder::new().env("DAYPASS_KEYS", format!("{},{}", keys[1].trim(), keys[0].trim()));
    let there = listed(&elsewhere);
    assert_eq!([&there[1].0, &there[0].0], [&rows[0].0, &rows[1].0]);
    for args in [&["keys", "rotate"][..], &["keys", "rotate", "--teach"], &["keys", "rotate", "--drop", &rows[0].0]] {
        let output = folder.run(args);
        for secret in &keys {
            let shown = [text(&output.stdout), text(&output.stderr), said.clone()].concat();
            assert!(!shown.contains(&secret[..12]), "{args:?} shows a key");
        }
        assert!(elsewhere.refused(args).contains("DAYPASS_KEYS are changed where that is set"));
    }
    assert!(!folder.refused(&["keys", "rotate", "--drop", keys[1].trim()]).contains(&keys[1][..12]));
    assert!(Folder::new().refused(&["keys", "list"]).contains("no key in data/keys yet"));
}

#[tokio::test]
async fn keys_turn_without_a_sign_out() {
    let folder = Folder::new();
    folder.add_account("alice", PASSWORD);
    let server = folder.serve();
    let before = server.sign_in("alice", PASSWORD).await.unwrap().unwrap();
    let old = ids(&folder)[0].clone();
    assert!(folder.ok(&["keys", "list"]).contains("less than an hour"), "the first start says when it made a key");

    let said = folder.ok(&["keys", "rotate"]);
    assert!(said.contains("from the next start on") && said.contains("--drop"), "{said}");
    let turned = listed(&folder);
    assert_eq!((turned.len(), &turned[1].0, turned[1].1.as_str()), (2, &old, "opens"));
    assert_eq!(server.me(&before).await.0, 200, "a server that runs notices nothing");
    drop(server);
    let server = folder.serve();
    assert_eq!(server.me(&before).await.0, 200, "turning keys signs out");
    let after = server.sign_in("alice", PASSWORD).await.unwrap().unwrap();
    drop(server);

    folder.ok(&["keys", "rotate", "--drop", &old]);
    let server = folder.serve();
    assert_eq!(server.me(&before).await, (401, "invalid".to_owned()));
    assert_eq!(server.me(&after).await.0, 200);
    assert!(server.sign_in("alice", PASSWORD).await.unwrap().is_some());
}

#[tokio::test]
async fn two_nodes_turn_their_keys_one_after_the_other() {
    let (one, file_of_one) = with_keys(&fresh());
    let database = format!("sqlite://{}/the.db", one.path().display());
    let one = one.env("DAYPASS_DATABASE_URL", database.as_str());
    let (two, file_of_two) = with_keys(&fs::read_to_string(&file_of_one).unwrap());
    let two = two.env("DAYPASS_DATABASE_URL", database);
    one.add_account("alice", PASSWORD);
    let node = one.serve();
    let before = node.sign_in("alice", PASSWORD).await.unwrap().unwrap();
    drop(node);

    one.ok(&["keys", "rotate", "--teach"]);
    let taught = ids(&one)[1].clone();
    secret(&file_of_two, &fs::read_to_string(&file_of_one).unwrap());
    one.ok(&["keys", "rotate", "--promote", &taught]);
    assert_eq!((ids(&one)[0].as_str(), ids(&two)[1].as_str()), (taught.as_str(), taught.as_str()));
    // The one seals with the new key already, the other still with the old one.
    let (first, second) = (one.serve(), two.serve());
    let after = first.sign_in("alice", PASSWORD).await.unwrap().unwrap();
    let meanwhile = second.sign_in("alice", PASSWORD).await.unwrap().unwrap();
    for cookie in [&before, &meanwhile, &after] {
        assert_eq!((first.me(cookie).await.0, second.me(cookie).await.0), (200, 200));
    }
}

#[test]
fn what_would_leave_no_key_is_refused_and_changes_nothing() {
    let (folder, path) = with_keys(&fresh());
    let sealing = ids(&folder)[0].clone();
    folder.ok(&["keys", "rotate", "--teach"]);
    let before = fs::read(&path).unwrap();
    for (args, why) in [
        (&["--drop", sealing.as_str()][..], "that key seals"),
        (&["--drop", "00000000"], "no key of that id"),
        (&["--promote", "00000000"], "no key of that id"),
    ] {
        let said = folder.refused(&[&["keys", "rotate"], args].concat());
        assert!(said.contains(why) && said.contains("the.keys"), "{said}");
    }
    assert!(!folder.run(&["keys", "rotate", "--teach", "--drop", &sealing]).status.success());
    assert_eq!(fs::read(&path).unwrap(), before);
    for _ in 0..6 {
        folder.ok(&["keys", "rotate"]);
    }
    let before = fs::read(&path).unwrap();
    assert!(folder.refused(&["keys", "rotate"]).contains("at most 8"));
    assert_eq!(fs::read(&path).unwrap(), before);
    drop(folder.serve());
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_neither_listed_nor_changed() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = with_keys(&fresh());
    let before = fs::read(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    for args in [&["keys", "list"][..], &["keys", "rotate"], &["keys", "rotate", "--teach"]] {
        assert!(folder.refused(args).contains("can be read by others"), "{args:?}");
    }
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something was left behind");
}

#[cfg(unix)]
#[test]
fn a_loss_of_power_leaves_the_old_keys_or_the_new_ones() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = with_keys(&fresh());
    let mut whole = vec![fs::read_to_string(&path).unwrap()];
    for round in 0..30_u64 {
        let mut child = folder.spawn(&["keys", "rotate"]);
        // From before it has read anything until after it is done.
        std::thread::sleep(std::time::Duration::from_micros(round * 400));
        let _ended_already = child.kill();
        child.wait().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let before = whole.last().unwrap();
        assert!(text == *before || text.ends_with(before.as_str()), "half of a file");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        // Seven at most, so that there is room for the next one.
        if ids(&folder).len() == 8 {
            secret(&path, &whole[0]);
            whole.truncate(1);
        } else {
            whole.push(text);
        }
    }
    folder.ok(&["keys", "rotate"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the next one takes away what was left behind");
}

#[tokio::test]
async fn an_old_key_is_told_and_keeps_nobody_from_starting() {
    let (folder, _) = with_keys(&format!("# 2020-01-01T00:00:00Z\n{}", fresh()));
    let id = ids(&folder)[0].clone();
    let said = folder.ok(&["doctor"]);
    assert!(said.contains(&format!("warning  the key that seals, {id}, is ")), "{said}");
    drop(folder.serve());
    folder.ok(&["keys", "rotate"]);
    assert!(!folder.ok(&["doctor"]).contains("the key that seals"));
}
