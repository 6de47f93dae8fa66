//! What is unsafe does not start, says why in one line, and changes nothing.

use crate::program::{Folder, text};
use std::{fs, path::Path};

fn nothing_was_made(folder: &Folder) -> bool {
    fs::read_dir(folder.path()).unwrap().next().is_none()
}

#[test]
fn unsafe_settings_do_not_start() {
    let zeros = "A".repeat(86);
    for (name, value, why) in [
        ("DAYPASS_KEYS", "changeme", "a key has 6 bytes"),
        ("DAYPASS_KEYS", "my-secret-password", "a key is not base64url"),
        ("DAYPASS_KEYS", zeros.as_str(), "not random"),
        ("DAYPASS_KEYS_FILE", "no/such/file", "no/such/file"),
        ("DAYPASS_IDLE_TIMEOUT", "13h", "longer than the ordinary absolute timeout"),
        ("DAYPASS_REMEMBERED_IDLE_TIMEOUT", "31d", "longer than the remembered absolute timeout"),
        ("DAYPASS_PUBLIC_ORIGIN", "http://app.example", "use https"),
        ("DAYPASS_PUBLIC_ORIGIN", "https://app.example/path", "without a path"),
        ("DAYPASS_LISTEN", "0.0.0.0:0", "needs a public origin with https"),
        ("DAYPASS_PUBLIC_ORIGIN", "https://app.example", "no keys"),
        ("DAYPASS_DATABASE_URL", "mysql://x", "not a database address"),
    ] {
        let folder = Folder::new().env(name, value);
        let said = folder.refused(&["serve"]);
        assert!(said.contains(why), "{name}={value}: {said}");
        assert!(name != "DAYPASS_KEYS" || !said.contains(value), "{said}");
        if name != "DAYPASS_DATABASE_URL" {
            assert!(nothing_was_made(&folder), "{name}={value} left something behind");
        }
        let doctor = folder.run(&["doctor"]);
        assert!(
            text(&doctor.stdout).contains("remembered  "),
            "the configuration is not shown: {}",
            text(&doctor.stdout)
        );
        assert!(
            !doctor.status.success() && text(&doctor.stdout).contains(why),
            "{name}={value}: {}",
            text(&doctor.stdout)
        );
    }
    for (name, value) in [("DAYPASS_IDLE_TIMEOUT", "soon"), ("DAYPASS_LOG", "loud")] {
        assert!(!Folder::new().env(name, value).run(&["serve"]).status.success());
    }
    let demo = Folder::new().env("DAYPASS_DEMO", "1").env("DAYPASS_PUBLIC_ORIGIN", "https://app.example");
    assert!(demo.refused(&["serve"]).contains("demo accounts are for loopback alone"));
    let folder = Folder::new();
    let key = folder.ok(&["keys", "new"]);
    let both = folder.env("DAYPASS_KEYS", key.trim()).env("DAYPASS_KEYS_FILE", "keys");
    assert!(both.refused(&["serve"]).contains("given twice"));
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let path = folder.path().join("keys");
    fs::write(&path, folder.ok(&["keys", "new"])).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let folder = folder.env("DAYPASS_KEYS_FILE", "keys");
    assert!(folder.refused(&["serve"]).contains("can be read by others"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    drop(folder.serve());
    assert!(!folder.path().join("data/keys").exists());
}

#[test]
fn a_database_that_is_not_ours_is_refused_and_left_as_it_was() {
    let folder = Folder::new().env("DAYPASS_DATABASE_URL", "sqlite://the.db");
    let path = folder.path().join("the.db");
    fs::write(&path, "no database at all ".repeat(500)).unwrap();
    for command in [&["serve"][..], &["users", "list"], &["sessions", "list"]] {
        let said = folder.refused(command);
        assert!(said.contains("the.db is not a Daypass database"), "{said}");
    }
    assert_eq!(fs::read(&path).unwrap(), "no database at all ".repeat(500).as_bytes());
    assert!(text(&folder.run(&["doctor"]).stdout).contains("not a Daypass database"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something else was made");
}

#[tokio::test]
async fn an_address_that_is_taken_changes_nothing_either() {
    let folder = Folder::new().env("DAYPASS_DEMO", "1").env("DAYPASS_DATABASE_URL", "sqlite://the.db");
    let server = folder.serve();
    let cookie = server.sign_in("admin", "password123").await.unwrap().unwrap();
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    let folder = folder.env("DAYPASS_LISTEN", address).env("DAYPASS_DEMO", "0");
    assert!(folder.refused(&["serve"]).contains("cannot listen on"));
    assert_eq!(server.me(&cookie).await.0, 200, "the accounts of a demonstration that runs are gone");
}

#[test]
fn the_doctor_shows_what_is_in_force_and_no_secret() {
    let folder = Folder::new();
    let key = folder.ok(&["keys", "new"]);
    let folder = folder.env("DAYPASS_KEYS", key.trim()).env("DAYPASS_IDLE_TIMEOUT", "2h").env("DAYPASS_DEMO", "1");
    let said = folder.ok(&["doctor"]);
    for line in [
        "1 from DAYPASS_KEYS",
        "2h idle, 12h at most",
        "demo        on",
        "sqlite://data/demo.db",
        "longer than an hour",
        "plain http",
    ] {
        assert!(said.contains(line), "{line:?} is not in\n{said}");
    }
    assert!(!said.contains(key.trim()));
    assert!(nothing_was_made(&folder), "looking changed something");
    let elsewhere = folder.env("DAYPASS_DATABASE_URL", "postgres://daypass@nowhere.invalid/app");
    assert!(text(&elsewhere.run(&["doctor"]).stdout).contains("use sslmode=verify-full"));
    let safe = Folder::new().env("DAYPASS_PUBLIC_ORIGIN", "https://app.example").env("DAYPASS_KEYS", key.trim());
    assert!(safe.ok(&["doctor"]).contains("no proxy is trusted"));
    let safe = safe.env("DAYPASS_TRUSTED_PROXIES", "10.0.0.0/8");
    assert!(safe.ok(&["doctor"]).contains("nothing unsafe was found"));
}

/// NIST SP 800-63B-4, 2.1.3 and 2.2.3: what goes beyond starts, and is warned of.
#[test]
fn the_doctor_warns_of_timeouts_beyond_what_is_recommended() {
    let doctor = |settings: &[(&'static str, &str)]| {
        let folder = settings.iter().fold(Folder::new(), |folder, (name, value)| folder.env(name, *value));
        folder.ok(&["doctor"])
    };
    let (idle, absolute) = ("DAYPASS_IDLE_TIMEOUT", "DAYPASS_ABSOLUTE_TIMEOUT");
    let remembered = "DAYPASS_REMEMBERED_ABSOLUTE_TIMEOUT";
    for (settings, warned) in [
        (&[(idle, "1h")][..], None),
        (&[(idle, "3601s")], Some("the idle timeout is longer than an hour")),
        (&[(absolute, "24h")], None),
        (&[(absolute, "86401s")], Some("the absolute timeout is longer than a day")),
        (&[(remembered, "30d")], None),
        (&[(remembered, "2592001s")], Some("remembered sessions last longer than 30 days")),
    ] {
        let said = doctor(settings);
        let warnings: Vec<_> =
            said.lines().filter(|line| line.starts_with("warning") && line.contains("NIST")).collect();
        assert_eq!(warnings.len(), usize::from(warned.is_some()), "{settings:?}: {said}");
        assert!(warned.is_none_or(|warned| warnings[0].contains(warned)), "{said}");
    }
    let both = doctor(&[(idle, "25h"), (absolute, "25h")]);
    assert_eq!(both.matches("NIST").count(), 2, "{both}");
}

#[tokio::test]
async fn settings_come_from_a_file_too() {
    let folder = Folder::new();
    fs::write(folder.path().join(".env"), "DAYPASS_IDLE_TIMEOUT=7m\nDAYPASS_DEMO=1\n").unwrap();
    let said = folder.ok(&["doctor"]);
    assert!(said.contains("7m idle") && said.contains("demo        on"), "{said}");
    // The environment is stronger than the file, and a flag than both.
    let folder = folder.env("DAYPASS_IDLE_TIMEOUT", "8m");
    assert!(folder.ok(&["doctor"]).contains("8m idle"));
    assert!(folder.ok(&["doctor", "--idle-timeout", "9m"]).contains("9m idle"));
    fs::write(folder.path().join(".env"), "this is = not \"one").unwrap();
    assert!(folder.refused(&["doctor"]).contains(".env"));
}

#[tokio::test]
async fn demo_accounts_are_there_in_demo_mode_alone() {
    let folder = Folder::new().env("DAYPASS_DEMO", "1");
    let server = folder.serve();
    for (name, password) in [("admin", "password123"), ("user1", "mypassword")] {
        assert!(server.sign_in(name, password).await.unwrap().is_some());
    }
    drop(server);
    assert!(folder.path().join("data/demo.db").exists() && !folder.path().join("data/daypass.db").exists());

    // In a database that both have used they are gone when the demonstration is over.
    let database = folder.path().join("shared.db").display().to_string();
    let with = |demo: &str| {
        Folder::new().env("DAYPASS_DATABASE_URL", format!("sqlite://{database}")).env("DAYPASS_DEMO", demo)
    };
    let (demo, real) = (with("1"), with("0"));
    real.add_account("user1", "a password of a person");
    let server = demo.serve();
    assert!(server.sign_in("admin", "password123").await.unwrap().is_some());
    assert!(server.sign_in("user1", "mypassword").await.unwrap().is_none(), "somebody's account was taken over");
    drop(server);
    let server = real.serve();
    assert!(server.sign_in("admin", "password123").await.unwrap().is_none());
    assert!(server.sign_in("user1", "a password of a person").await.unwrap().is_some());
    assert!(!real.ok(&["users", "list"]).contains("admin"));
}

#[cfg(unix)]
#[tokio::test]
async fn what_it_makes_is_private_and_it_stops_in_order() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let server = folder.serve();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("data")), 0o700);
    for name in ["keys", "daypass.db"] {
        assert_eq!(mode(&folder.path().join("data").join(name)), 0o600, "{name}");
    }
    assert!(server.terminate());
}
