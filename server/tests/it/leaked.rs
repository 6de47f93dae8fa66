//! A list of passwords that have leaked.

use crate::{
    host::{set_cookies, status_and_json},
    program::Folder,
};
use serde_json::json;
use std::fs;

const PASSWORD: &str = "correct horse battery staple";
const LEAKED: &str = "zebra quilt lantern harbour";
/// Of [`LEAKED`]: `printf %s '…' | sha1sum`.
const HASH: &str = "9913F0870699D6BFB7BB1572A249B94036DB85B3";

#[tokio::test]
async fn a_password_that_has_leaked_is_nobodys() {
    let mut folder = Folder::new();
    folder.add_account("alice", PASSWORD);
    folder = folder.env("DAYPASS_LEAKED_PASSWORDS", "leaked.txt");
    assert!(folder.refused(&["serve"]).contains("leaked.txt"), "a list that was wanted is not there");
    let list = folder.path().join("leaked.txt");
    fs::write(&list, format!("{}:7\r\n{HASH}:3\r\n{}:1\r\n", "0".repeat(40), "F".repeat(40))).unwrap();
    assert!(folder.ok(&["doctor"]).contains("leaked      leaked.txt"));
    let added = folder.run_with(&["users", "add", "bob", "--password-stdin"], LEAKED);
    assert!(String::from_utf8_lossy(&added.stderr).contains("has leaked"), "{added:?}");

    let server = folder.serve();
    let change = async |new: &str| {
        let cookie = server.sign_in("alice", PASSWORD).await.unwrap().unwrap();
        let form = format!("current={PASSWORD}&new={new}").replace(' ', "+");
        let request = server.client.post(format!("{}/api/change_password", server.url)).header("cookie", cookie);
        request.header("content-type", "application/x-www-form-urlencoded").body(form).send().await.unwrap()
    };
    let refused = change(LEAKED).await;
    assert!(set_cookies(&refused).is_empty());
    let why = json!({"error": "invalid_field", "field": "new", "problem": "leaked"});
    assert_eq!(status_and_json(refused).await, (422, why));
    // Nobody knows: nothing is set.
    fs::remove_file(&list).unwrap();
    assert_eq!(change("orchard violet compass meadow").await.status(), 503);
    fs::write(&list, format!("{HASH}\n")).unwrap();
    assert_eq!(change("orchard violet compass meadow").await.status(), 200);
}
