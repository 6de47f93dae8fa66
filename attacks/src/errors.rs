//! What errors say.

use crate::{
    attacker::Attacker,
    message::{Answer, Ask, NONE},
    outcome::{Outcome, must},
};

/// Words that only the inside knows.
const INSIDE: [&str; 22] = [
    "panicked",
    "backtrace",
    "stack trace",
    ".rs:",
    "src/",
    "/home/",
    "/root/",
    "/srv/",
    "sqlx",
    "sqlite",
    "postgres",
    "no such table",
    "syntax error",
    "insert into",
    "select ",
    "serde",
    "deserialize",
    "missing field",
    "servererror",
    "server_fn",
    "invalid utf-8",
    "expected value",
];

/// Fails if an answer to nonsense is not as it must be.
pub(crate) fn must_say_nothing(ask: &Ask, answer: &Answer) -> Outcome {
    must(answer.status != NONE, "the server does not answer", ask, answer)?;
    must(answer.status < 500, "what a client does wrong is an error of the server's", ask, answer)?;
    let text = answer.body.to_ascii_lowercase();
    for inside in INSIDE {
        let said = text.contains(inside)
            || answer.headers.iter().any(|(_, value)| value.to_ascii_lowercase().contains(inside));
        must(!said, format!("it tells something of the inside: {inside:?}"), ask, answer)?;
    }
    let typed = answer.body.is_empty() || !answer.header("content-type").is_empty();
    must(typed, "a body without a type", ask, answer)
}

/// A marker that no answer has a reason to repeat.
const MARKER: &str = "zq7marker";

pub(crate) async fn oracle(attacker: &Attacker) -> Outcome {
    let paths = &attacker.target.paths;
    let victim = attacker.victim().await?;
    let bodies: [&[u8]; 16] = [
        b"",
        b"%",
        b"%ff=%fe",
        b"\xff\xfe=1",
        b"&&&=&",
        b"username",
        b"username=zq7marker",
        b"password=zq7marker",
        b"username=&password=",
        b"username=zq7marker%00&password=",
        b"username=zq7marker&username=x&password=",
        b"username[]=zq7marker&password=",
        b"zq7marker=1",
        b"which=zq7marker",
        b"which[]=zq7marker",
        b"{\"username\":\"zq7marker\"}",
    ];
    for path in paths.calls() {
        if path == paths.sign_out {
            continue;
        }
        for body in bodies {
            for kind in ["application/x-www-form-urlencoded", "application/json", "text/plain", "x", ""] {
                let ask = Ask::new("POST", path).body(body).with("content-type", kind).with("cookie", &victim.cookie);
                let ask = attacker.ours(ask);
                let answer = attacker.send(&ask).await;
                must_say_nothing(&ask, &answer)?;
                must(!answer.body.contains(MARKER), "it repeats what was sent", &ask, &answer)?;
            }
        }
    }
    // Calls that do not exist, and addresses that cannot be read.
    let prefix = paths.sign_in.rsplit_once('/').map_or("", |(prefix, _)| prefix);
    for path in ["/zq7marker", "/zq7marker/../sign_in", "/%ff", "/%00", "/%", "/<zq7marker>", "/zq7marker?a=%ff"] {
        for method in ["GET", "POST"] {
            let ask = attacker.ours(Ask::new(method, &format!("{prefix}{path}")).with("cookie", &victim.cookie));
            let answer = attacker.send_raw(&ask).await;
            must_say_nothing(&ask, &answer)?;
            must(!answer.is_success(), "a call that does not exist is served", &ask, &answer)?;
            must(!answer.body.contains(MARKER), "it repeats what was sent", &ask, &answer)?;
        }
    }
    // What is the project's own, under the names that one would try.
    for path in [
        "/.git/config",
        "/.env",
        "/Cargo.toml",
        "/keys",
        "/data/daypass.db",
        "/data/keys",
        "/pkg/../.env",
        "/pkg/%2e%2e/.env",
        "/pkg/..%2f.env",
        "/..%2f..%2fetc%2fpasswd",
        "/../../etc/passwd",
        "/pkg/....//.env",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/server-status",
        "/debug/pprof",
        "/metrics",
        "/%00",
        "/robots%00.txt",
        "/pkg/%ff",
        &format!("/{}", "a".repeat(300)),
        &"/a".repeat(3000),
    ] {
        for cookie in ["", &victim.cookie] {
            let ask = Ask::get(path).with("cookie", cookie);
            let answer = attacker.send_raw(&ask).await;
            must_say_nothing(&ask, &answer)?;
            must(!answer.is_success(), "a file is served that is nobody's to read", &ask, &answer)?;
        }
    }
    attacker.must_live(&victim.cookie, "the victim was signed out").await
}
