//! Accounts from a file of another program.

use crate::program::{Folder, text};
use daypass_auth::{
    AccountName,
    store::{SqliteStore, Store},
};
use std::{process::Output, time::Duration};

/// Of `abcdefghijklmnopqrstuvwxyz` and `her password`, by bcrypt.
const ALPHABET: &str = "$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.";
const HER_PASSWORD: &str = "$2b$04$QdrD/wrcv5r0gE36qBIlOue25kMeK8LpDqMObTiUBVWhBDo8tL1AG";

struct Said {
    code: i32,
    out: String,
    err: Vec<String>,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let err = text(&output.stderr).lines().map(str::to_owned).collect();
        Self { code: output.status.code().unwrap(), out: text(&output.stdout), err }
    }
}

impl Folder {
    fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), content).unwrap();
    }

    fn import(&self, args: &[&str]) -> Said {
        self.run(&[&["users", "import"], args].concat()).into()
    }

    fn names(&self) -> Vec<String> {
        let listed: serde_json::Value = serde_json::from_str(&self.ok(&["users", "list", "--json"])).unwrap();
        listed.as_array().unwrap().iter().map(|account| account["name"].as_str().unwrap().to_owned()).collect()
    }

    async fn hash_of(&self, name: &str) -> String {
        let url = format!("sqlite://{}", self.path().join("data/daypass.db").display());
        let store = SqliteStore::open(&url).await.unwrap();
        let (_, hash) = store.account(&AccountName::parse(name).unwrap()).await.unwrap().unwrap();
        store.close().await;
        hash.as_str().to_owned()
    }
}

#[tokio::test]
async fn good_lines_become_accounts_and_bad_ones_are_refused() {
    let folder = Folder::new();
    folder.add_account("bob", "another long password");
    let content = "\u{feff}name,password\r\n\
        Alice,\"the moon, \"\"green\"\" cheese\"\r\n\
        bob,a password that is not taken\r\n\
        carol,too short\r\n\
        dave,Password12345678\r\n\
        erin,erinerinerinerin\r\n\
        a b,wir fahren morgen ans meer\r\n\
        ALICE,mi gato duerme en la silla\r\n\
        frank,one,two\r\n\
        grace,$2b$04$QdrD/wrcv5r0gE36qBIlOue25kMeK8LpDqMObTiUBVWhBDo8tL1AG\r\n\
        heidi,\u{1b}[31mevil\u{7}evil\u{1b}[0m\u{202e}evil\r\n";
    folder.file("people.csv", content);
    let said = folder.import(&["people.csv"]);
    assert_eq!(said.out, "Imported 2 accounts, 1 was there already, 7 refused.\n");
    assert_eq!(said.code, 1);
    assert_eq!(
        said.err,
        [
            "line 4: a password has at least 15 characters",
            "line 5: this password is among the most common ones, or put together from them",
            "line 6: this password is made of the account's name or this site's name",
            "line 7: an account name has no spaces and no invisible characters",
            "line 8: it names the same account as line 2",
            "line 9: it has 3 fields instead of 2",
            "line 10: this is a hash and no password; above a column of hashes stands `hash`",
        ]
    );
    assert_eq!(folder.names(), ["alice", "bob", "heidi"]);
    let server = folder.serve();
    assert!(server.sign_in("alice", "the moon, \"green\" cheese").await.unwrap().is_some());
    assert!(server.sign_in("bob", "another long password").await.unwrap().is_some(), "it was left as it was");
    assert!(server.sign_in("bob", "a password that is not taken").await.unwrap().is_none());
}

#[tokio::test]
async fn a_bcrypt_account_signs_in_and_has_an_argon2id_hash_from_then_on() {
    let folder = Folder::new();
    let config = format!(
        "credentials:\n  usernames:\n    alice:\n      email: alice@example.org\n      password: {ALPHABET}\n    \
         bob:\n      password: the moon is green cheese\n    Bob:\n      password: {ALPHABET}\n    \
         carol:\n      password: abc\n    \"da\\u001b[31mve\\u202e\":\n      password: {ALPHABET}\n    \
         erin:\n      password: {}\n    frank: null\ncookie:\n  key: secret\n",
        ALPHABET.replace("$08$", "$31$")
    );
    folder.file("config.yaml", &config);
    let said = folder.import(&["config.yaml"]);
    assert_eq!(said.out, "Imported 2 accounts, 0 were there already, 5 refused.\n");
    assert_eq!(
        said.err,
        [
            "\"Bob\": it names the same account as \"bob\"",
            "\"carol\": a password has at least 15 characters",
            "\"da\\u{1b}[31mve\\u{202e}\": an account name has no spaces and no invisible characters",
            "\"erin\": the hash costs too little or too much (argon2id takes 7 to 256 MiB, bcrypt a cost of 4 to 14)",
            "\"frank\": there is no password",
        ]
    );
    assert_eq!(folder.hash_of("alice").await, ALPHABET);
    let server = folder.serve();
    assert!(server.sign_in("alice", "abcdefghijklmnopqrstuvwxyZ").await.unwrap().is_none());
    assert_eq!(folder.hash_of("alice").await, ALPHABET, "a wrong password changes nothing");
    let cookie = server.sign_in("alice", "abcdefghijklmnopqrstuvwxyz").await.unwrap().unwrap();
    let hash = folder.hash_of("alice").await;
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert_eq!(server.me(&cookie).await.0, 200);
    assert!(server.sign_in("alice", "abcdefghijklmnopqrstuvwxyz").await.unwrap().is_some());
    assert_eq!(folder.hash_of("alice").await, hash);
    assert_eq!(server.me(&cookie).await.0, 200, "nobody's session ended by it");
    assert!(server.sign_in("bob", "the moon is green cheese").await.unwrap().is_some());
}

#[tokio::test]
async fn hashes_come_in_a_csv_too() {
    let folder = Folder::new();
    folder.add_account("carol", "another long password");
    let argon2id = folder.hash_of("carol").await;
    folder.ok(&["users", "delete", "carol"]);
    let weak = argon2id.replace("m=19456", "m=64");
    let content =
        format!("hash,name\n{HER_PASSWORD},alice\n\"{argon2id}\",bob\nsecret,carol\n\"{weak}\",dave\n$2x$x,erin\n");
    folder.file("hashes.txt", content);
    assert!(folder.refused(&["users", "import", "hashes.txt"]).contains("--format"));
    let said = folder.import(&["hashes.txt", "--format", "csv"]);
    assert_eq!((said.out.as_str(), said.code), ("Imported 2 accounts, 0 were there already, 3 refused.\n", 1));
    let places: Vec<_> = said.err.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(places, ["line 4", "line 5", "line 6"]);
    for shown in [&said.err.join("\n"), &said.out] {
        assert!(!shown.contains("secret") && !shown.contains("$2") && !shown.contains("c29t"), "{shown}");
    }
    let server = folder.serve();
    assert!(server.sign_in("alice", "her password").await.unwrap().is_some());
    assert!(server.sign_in("bob", "another long password").await.unwrap().is_some());
    let again = folder.import(&["hashes.txt", "--format", "csv"]);
    assert_eq!(again.out, "Imported 0 accounts, 2 were there already, 3 refused.\n");
    assert!(folder.hash_of("alice").await.starts_with("$argon2id$"), "it is not put back to what the file says");
}

#[test]
fn a_dry_run_says_the_same_and_changes_nothing() {
    let folder = Folder::new();
    folder.file("people.csv", "name,password\nalice,the moon is green cheese\nbob,too short\n");
    let said = folder.import(&["--dry-run", "people.csv"]);
    assert_eq!(said.out, "Would import 1 account, 0 are there already, 1 refused.\n");
    assert_eq!((said.code, said.err), (1, vec!["line 3: a password has at least 15 characters".to_owned()]));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "not even a database is made");
    folder.add_account("alice", "another long password");
    let before = folder.ok(&["users", "list", "--json"]);
    let said = folder.import(&["--dry-run", "people.csv"]);
    assert_eq!(said.out, "Would import 0 accounts, 1 is there already, 1 refused.\n");
    folder.file("people.csv", "name,password\nbob,the moon is green cheese\n");
    let said = folder.import(&["--dry-run", "people.csv"]);
    assert_eq!((said.out.as_str(), said.code), ("Would import 1 account, 0 are there already, 0 refused.\n", 0));
    assert_eq!(folder.ok(&["users", "list", "--json"]), before);
}

#[test]
fn an_import_that_was_killed_is_run_again_and_doubles_nothing() {
    const ACCOUNTS: usize = 150;
    let folder = Folder::new();
    let lines: String = (0..ACCOUNTS).map(|n| format!("user{n},the moon is green cheese {n}\n")).collect();
    folder.file("people.csv", format!("name,password\n{lines}"));
    let mut child = folder.spawn(&["users", "import", "people.csv"]);
    let begun = std::time::Instant::now();
    while !folder.path().join("data/daypass.db").exists() || folder.names().len() < 5 {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is being imported");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let made = folder.names().len();
    assert!((5..ACCOUNTS).contains(&made), "{made} were made before it could be killed");
    let said = folder.import(&["people.csv"]);
    assert_eq!(said.out, format!("Imported {} accounts, {made} were there already, 0 refused.\n", ACCOUNTS - made));
    assert_eq!((said.code, said.err), (0, Vec::new()), "no bar where there is no terminal");
    assert_eq!(folder.names().len(), ACCOUNTS);
    assert_eq!(
        folder.import(&["people.csv"]).out,
        format!("Imported 0 accounts, {ACCOUNTS} were there already, 0 refused.\n")
    );
}

#[test]
fn a_file_that_is_none_is_refused_as_a_whole() {
    let folder = Folder::new();
    folder.file("no-header.csv", "alice,canary canary canary\n");
    folder.file("broken.yaml", "credentials:\n  usernames:\n    alice: {password: \"canary\n");
    folder.file("other.yml", "title: canary\n");
    folder.file("people.json", "{}");
    folder.file("latin.yaml", b"credentials: {usernames: {alice: {password: \xe9canary}}}");
    folder.file("long.csv", vec![b'a'; 16 * 1024 * 1024 + 1]);
    for (file, why) in [
        ("no-header.csv", "`name,password`"),
        ("broken.yaml", "line "),
        ("other.yml", "credentials"),
        ("people.json", "--format csv|streamlit"),
        ("latin.yaml", "not UTF-8"),
        ("long.csv", "16 MiB"),
        ("missing.csv", "cannot be read"),
        (".", "--format"),
    ] {
        let said = folder.refused(&["users", "import", file]);
        assert!(said.contains(why) && !said.contains("canary"), "{file}: {said}");
        assert!(!folder.path().join("data").exists(), "{file} makes no database");
    }
    let help = folder.ok(&["users", "import", "--help"]);
    for word in ["--dry-run", "--format", "16 MiB", "streamlit", "name,hash"] {
        assert!(help.contains(word), "{help}");
    }
}

#[cfg(unix)]
#[test]
fn on_a_terminal_a_bar_shows_how_far_it_is() {
    let folder = Folder::new();
    let lines: String = (0..20).map(|n| format!("user{n},the moon is green cheese {n}\n")).collect();
    folder.file("people.csv", format!("name,password\n{lines}"));
    // `script` gives the command a terminal of its own.
    let output = std::process::Command::new("script")
        .args(["-qec", &format!("{} users import people.csv", env!("CARGO_BIN_EXE_daypass")), "/dev/null"])
        .current_dir(folder.path())
        .env("TERM", "xterm")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let said = text(&output.stdout);
    assert!(said.contains(" of 20 accounts"), "{said:?}");
    assert!(said.contains("Imported 20 accounts, 0 were there already, 0 refused."), "{said:?}");
}
