//! Much too much, and much too slowly.

use crate::{
    attacker::Attacker,
    message::{Ask, NONE, form},
    outcome::{Finding, Outcome, Stop, must},
    raw,
};
use std::time::Duration;

/// Longer than any head or body may take.
const TOO_LONG: Duration = Duration::from_secs(90);
const MIB: usize = 1024 * 1024;

pub(crate) async fn oversized(attacker: &Attacker) -> Outcome {
    let (paths, account) = (&attacker.target.paths, &attacker.target.account);
    let victim = attacker.victim().await?;
    let form_of = |name: &str, password: &str| form(&[("username", name), ("password", password)]);
    let body = |path: &str, body: &str| attacker.ours(Ask::post(path, body).with("cookie", &victim.cookie));
    let head = |ask: Ask| attacker.ours(ask);
    let cookies = |n: usize, each: usize| {
        let pairs: Vec<_> = (0..n).map(|n| format!("c{n}={}", "x".repeat(each))).collect();
        pairs.join("; ")
    };
    let with_headers = |n: usize| (0..n).fold(Ask::get(&paths.me), |ask, n| ask.with(&format!("x-more-{n}"), "y"));
    let asks = [
        body(&paths.sign_in, &form_of(&account.name, &"a".repeat(MIB))),
        body(&paths.sign_in, &form_of(&account.name, &"a".repeat(2 * 1024))),
        body(&paths.sign_in, &form_of(&account.name, &"\u{1f600}".repeat(1024))),
        body(&paths.sign_in, &form_of(&"a".repeat(64 * 1024), "x")),
        body(&paths.sign_in, &form_of(&"a".repeat(1024), "x")),
        body(&paths.sign_in, &"a=b&".repeat(MIB)),
        body(&paths.sign_in, &"&".repeat(MIB)),
        body(&paths.confirm, &form(&[("password", &"a".repeat(MIB))])),
        body(&paths.change_password, &form(&[("current", &"a".repeat(MIB)), ("new", &"b".repeat(MIB))])),
        body(&paths.end_sessions, &form(&[("which", &"a".repeat(MIB))])),
        body(&paths.extend, &"a".repeat(MIB)),
        // Of the head: cookies, headers, the address.
        head(Ask::get(&paths.me).with("cookie", attacker.cookie(&"x".repeat(8 * 1024)))),
        head(Ask::get(&paths.me).with("cookie", "x".repeat(60 * 1024))),
        head(Ask::get(&paths.me).with("cookie", cookies(200, 3000))),
        head(with_headers(150)),
        head(Ask::get(&paths.me).with("x-long", "y".repeat(MIB))),
        head(Ask::get(&format!("{}?{}", paths.sign_in_page, "a".repeat(MIB)))),
        head(Ask::get(&format!("/{}", "a/".repeat(30 * 1024)))),
    ];
    for ask in asks {
        let answer = attacker.send_raw(&ask).await;
        // To close the connection on somebody who sends a megabyte is an answer, too.
        let huge =
            ask.body.len() >= MIB || ask.path.len() >= MIB || ask.headers.iter().any(|(_, value)| value.len() > 60_000);
        must(answer.status != NONE || huge, "no answer comes", &ask, &answer)?;
        must(answer.status == NONE || answer.status >= 300, "it is taken", &ask, &answer)?;
        must(answer.status < 500, "it breaks the server", &ask, &answer)?;
        must(!attacker.starts_session(&answer), "it starts a session", &ask, &answer)?;
    }
    // Two hundred cookies that all are small are only junk.
    let ask = Ask::get(&paths.me).with("cookie", format!("{}; {}", cookies(200, 1), attacker.cookie(&victim.value)));
    let answer = attacker.send(&ask).await;
    must(answer.is_success(), "many cookies sign people out", &ask, &answer)?;
    attacker.must_live(&victim.cookie, "the victim was signed out").await
}

pub(crate) async fn slow(attacker: &Attacker) -> Outcome {
    let (address, path) = (attacker.address(), &attacker.target.paths.sign_in);
    let (origin, host) = (&attacker.target.origin, &address);
    let head = format!("GET / HTTP/1.1\r\nhost: {host}\r\nx-slow: ");
    let body = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\norigin: {origin}\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: 10000\r\n\r\nusername="
    );
    let chunked = body.replace("content-length: 10000", "transfer-encoding: chunked").replace("username=", "400\r\n");
    let drip = |beginning: String| {
        attacker.count();
        let address = address.clone();
        async move {
            let ended = raw::drip(&address, beginning.as_bytes(), TOO_LONG).await;
            (beginning, ended)
        }
    };
    for (beginning, ended) in futures_util::future::join_all([head, body, chunked].map(drip)).await {
        let came = match ended {
            Ok(true) => continue,
            Ok(false) => format!("nothing for {} s; the connection is still open", TOO_LONG.as_secs()),
            Err(error) => format!("no connection: {error}"),
        };
        let sent = format!("a byte a second after\n{beginning}");
        return Err(Stop::Broken(Finding { wrong: "a slow client is waited for".to_owned(), sent, came }));
    }
    Ok(())
}
