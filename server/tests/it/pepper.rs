//! A pepper that is kept apart from the database.

use crate::program::{Folder, secret, text};
use std::fs;

const PASSWORD: &str = "correct horse battery staple";

#[tokio::test]
async fn a_pepper_is_taken_up_by_and_by_and_needed_from_then_on() {
    let mut folder = Folder::new();
    let pepper = folder.path().join("the.pepper");
    folder.add_account("alice", PASSWORD);
    let can_sign_in = async |folder: &Folder, name| {
        let server = folder.serve();
        let cookie = server.sign_in(name, PASSWORD).await.unwrap();
        assert!(server.terminate());
        cookie.is_some()
    };
    folder = folder.env("DAYPASS_PEPPER_FILE", "the.pepper");
    assert!(folder.refused(&["serve"]).contains("the.pepper"), "a pepper that was wanted is not there");
    assert!(folder.refused(&["users", "passwd", "alice"]).contains("the.pepper"));
    secret(&pepper, &folder.ok(&["keys", "new"]));
    assert!(folder.ok(&["doctor"]).contains("pepper      the.pepper"));
    // The hash from before is still right, and made anew.
    assert!(can_sign_in(&folder, "alice").await);
    folder.add_account("bob", PASSWORD);
    assert!(can_sign_in(&folder, "bob").await);
    // Turned like keys are: the newest is mixed in, the others are still good.
    let turned = format!("{}{}", folder.ok(&["keys", "new"]), fs::read_to_string(&pepper).unwrap());
    secret(&pepper, &turned);
    assert!(can_sign_in(&folder, "alice").await);
    let newest = turned.lines().next().unwrap();
    secret(&pepper, newest);
    assert!(can_sign_in(&folder, "alice").await, "made anew with the newest");
    assert!(!can_sign_in(&folder, "bob").await, "made with one that is gone");
    fs::copy(folder.path().join("data/keys"), &pepper).unwrap();
    assert!(folder.refused(&["serve"]).contains("is both a key and a pepper"));
    assert!(text(&folder.run(&["doctor"]).stdout).contains("error    pepper: "));
    folder = folder.without("DAYPASS_PEPPER_FILE");
    assert!(!can_sign_in(&folder, "alice").await, "whoever has the database alone checks no password");
}
