//! What is kept of an answer, and what an answer leaves behind.

use crate::{
    attacker::Attacker,
    message::Ask,
    outcome::{Outcome, must},
};

pub(crate) async fn stores(attacker: &Attacker) -> Outcome {
    let paths = &attacker.target.paths;
    let victim = attacker.victim().await?;
    for cookie in ["", &victim.cookie] {
        let pages = [&paths.page, &paths.sign_in_page, &paths.sessions_page, &paths.nowhere, &paths.me];
        let calls = [&paths.session, &paths.extend, &paths.sessions, &paths.activity];
        let asks = pages.iter().map(|path| Ask::get(path));
        let asks = asks.chain(calls.iter().map(|path| attacker.ours(Ask::post(path, ""))));
        for ask in asks {
            let ask = ask.with("cookie", cookie);
            let answer = attacker.send(&ask).await;
            let no_store = answer.all("cache-control").any(|value| value.contains("no-store"));
            must(no_store, "a cache may keep it", &ask, &answer)?;
            let vary = answer.all("vary").any(|value| value.to_ascii_lowercase().contains("cookie"));
            must(vary, "a cache may give it to somebody else", &ask, &answer)?;
            must(answer.header("etag").is_empty(), "it can be asked for whether it changed", &ask, &answer)?;
        }
    }
    // What one person saw is not what the next one gets.
    let page = Ask::get(&paths.page).with("cookie", &victim.cookie);
    let seen = attacker.send(&page).await;
    must(seen.is_success(), "the page is not reached with a session", &page, &seen)?;
    for ask in [
        Ask::get(&paths.page),
        Ask::get(&paths.page).with("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT"),
        Ask::get(&paths.page).with("if-none-match", "*"),
        Ask::get(&format!("{}/x.css", paths.sessions_page)),
        Ask::get(&format!("{}%2Fx.css", paths.sessions_page)),
        Ask::get(&format!("{};x.css", paths.sessions_page)),
    ] {
        let answer = attacker.send(&ask).await;
        must(!answer.is_success() && answer.status != 304, "without a session it is served", &ask, &answer)?;
        let ask = ask.with("cookie", &victim.cookie);
        let answer = attacker.send(&ask).await;
        let no_store = answer.all("cache-control").any(|value| value.contains("no-store"));
        must(no_store, "a private page under the name of a file may be kept", &ask, &answer)?;
    }
    Ok(())
}

pub(crate) async fn anonymous(attacker: &Attacker) -> Outcome {
    let paths = &attacker.target.paths;
    for agent in ["", "curl/8", "Mozilla/5.0"] {
        for path in [&paths.page, &paths.sign_in_page, &paths.nowhere, &paths.file, &paths.me, &paths.sessions_page] {
            for method in ["GET", "HEAD"] {
                let ask = Ask::new(method, path).with("user-agent", agent);
                let answer = attacker.send(&ask).await;
                must(answer.status != 0 && answer.status < 500, "it breaks the server", &ask, &answer)?;
                must(answer.all("set-cookie").next().is_none(), "who only looks gets a cookie", &ask, &answer)?;
            }
        }
        for path in paths.calls() {
            // To sign out takes away what is not there, which leaves nothing.
            if path != paths.sign_out {
                let ask = attacker.ours(Ask::post(path, "")).with("user-agent", agent);
                let answer = attacker.send(&ask).await;
                must(answer.all("set-cookie").next().is_none(), "a call without a session sets one", &ask, &answer)?;
            }
        }
    }
    Ok(())
}
