//! What pages of other sites make a browser send.

use crate::{
    attacker::Attacker,
    message::{Ask, NONE, form},
    outcome::{Outcome, must},
};

const FORM: &str = "application/x-www-form-urlencoded";
const TYPES: [Option<&str>; 5] =
    [Some(FORM), Some("text/plain"), Some("multipart/form-data; boundary=x"), Some("application/json"), None];

/// `Sec-Fetch-Site` and `Origin`, none of which a page of the server's own sends.
fn foreign(origin: &str) -> Vec<(Option<&'static str>, Vec<String>)> {
    let (scheme, host) = origin.split_once("://").unwrap_or_default();
    let other_scheme = if scheme == "https" { "http" } else { "https" };
    let origins = [
        vec![],
        vec!["https://evil.example".to_owned()],
        vec!["null".to_owned()],
        vec![String::new()],
        vec![format!("{other_scheme}://{host}")],
        vec![format!("{origin}.evil.example")],
        vec![format!("{origin}@evil.example")],
        vec![format!("{scheme}://evil.{host}")],
        vec![format!("{origin}/")],
        vec![format!("{origin}, https://evil.example")],
        vec![origin.to_owned(), "https://evil.example".to_owned()],
        vec![origin.to_owned()],
    ];
    let sites =
        [None, Some("cross-site"), Some("same-site"), Some("something"), Some("same-origin, cross-site"), Some("")];
    let mut all = Vec::new();
    for site in sites {
        for own in &origins {
            // Neither of them is not from a page of the server's own either.
            let is_ours = site.is_none() && !own.is_empty() && own.iter().all(|value| value == origin);
            if !is_ours {
                all.push((site, own.clone()));
            }
        }
    }
    all
}

pub(crate) async fn cross_site(attacker: &Attacker) -> Outcome {
    let (paths, account) = (&attacker.target.paths, &attacker.target.account);
    let victim = attacker.victim().await?;
    let sign_in = form(&[("username", &account.name), ("password", &account.password)]);
    let confirm = form(&[("password", &account.password)]);
    let change = form(&[("current", &account.password), ("new", "seven purple ladders under a lake")]);
    let calls = [
        (&paths.sign_in, &*sign_in),
        (&paths.sign_out, ""),
        (&paths.extend, ""),
        (&paths.confirm, &confirm),
        (&paths.change_password, &change),
        (&paths.end_sessions, "which=all"),
    ];
    let kept = attacker.kept(account);
    // Every mix of headers and types on the two calls that need no session; on the others every mix of
    // headers, since what refuses them reads no type.
    for (site, origins) in foreign(&attacker.target.origin) {
        for (path, body) in calls {
            let of_all = *path == paths.sign_in || *path == paths.sign_out;
            for kind in if of_all { &TYPES[..] } else { &TYPES[..1] } {
                for cookie in [&victim.cookie, &kept] {
                    let mut ask = Ask::new("POST", path).body(body).with("cookie", cookie);
                    ask = kind.iter().fold(ask, |ask, kind| ask.with("content-type", kind));
                    ask = site.iter().fold(ask, |ask, site| ask.with("sec-fetch-site", site));
                    ask = origins.iter().fold(ask, |ask, origin| ask.with("origin", origin));
                    let answer = attacker.send(&ask).await;
                    must(answer.status == 403, "a request of another site is not refused", &ask, &answer)?;
                    must(answer.cookies().is_empty(), "it sets a cookie", &ask, &answer)?;
                    must(answer.header("location").is_empty(), "it leads somewhere", &ask, &answer)?;
                }
            }
        }
    }
    // A page without scripts asks for a document.
    for site in ["cross-site", "same-site"] {
        let ask = Ask::submit(&paths.sign_out, "").with("cookie", &victim.cookie).with("sec-fetch-site", site);
        let answer = attacker.send(&ask).await;
        must(answer.status == 403 && answer.cookies().is_empty(), "it is not refused", &ask, &answer)?;
    }
    attacker.must_live(&victim.cookie, "another site signed the person out").await?;
    // And the same from a page of the server's own does go through: else nothing was shown.
    attacker.victim().await?;
    for header in [("origin", &*attacker.target.origin), ("sec-fetch-site", "same-origin")] {
        let ask = Ask::post(&paths.extend, "").with("cookie", &victim.cookie).with(header.0, header.1);
        let answer = attacker.send(&ask).await;
        must(answer.is_success(), "a page of the server's own is refused", &ask, &answer)?;
    }
    Ok(())
}

pub(crate) async fn websocket(attacker: &Attacker) -> Outcome {
    let paths = &attacker.target.paths;
    let victim = attacker.victim().await?;
    for path in [&paths.page, &paths.me, &paths.session, &paths.sign_out, &paths.nowhere, &paths.file] {
        for origin in [Some("https://evil.example"), Some("null"), None] {
            for upgrade in ["websocket", "WebSocket", "h2c, websocket"] {
                let ask = Ask::get(path)
                    .with("cookie", &victim.cookie)
                    .with("connection", "Upgrade")
                    .with("upgrade", upgrade)
                    .with("sec-websocket-version", "13")
                    .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
                let ask = match origin {
                    Some(origin) => ask.with("origin", origin).with("sec-fetch-site", "cross-site"),
                    None => ask.with("sec-fetch-site", "same-site"),
                };
                let answer = attacker.send(&ask).await;
                must(answer.status != 101 && answer.status != NONE, "a WebSocket is opened", &ask, &answer)?;
                must(!answer.is_success(), "an upgrade from another site is served", &ask, &answer)?;
            }
        }
    }
    attacker.must_live(&victim.cookie, "the victim was signed out").await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_more_than_a_hundred_and_twenty_mixes_and_none_is_our_own() {
        let mixes = foreign("https://app.example");
        assert!(mixes.len() * TYPES.len() * 2 >= 120, "{}", mixes.len());
        for (site, origins) in mixes {
            assert!(site != Some("same-origin") && site != Some("none"));
            assert!(site.is_some() || origins != ["https://app.example"], "{origins:?}");
        }
    }
}
