//! Headers that every answer has, and those that none has.

use crate::{
    attacker::Attacker,
    message::{Answer, Ask, form},
    outcome::{Outcome, must, not_applicable},
};
use std::collections::BTreeSet;

/// What a policy may not allow. Scripts are let in by a nonce and nothing else.
const UNSAFE: [&str; 4] = ["'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'", "http:"];
const A_YEAR: u64 = 31_536_000;

fn directive<'a>(policy: &'a str, name: &str) -> Option<&'a str> {
    policy.split(';').map(str::trim).find_map(|directive| directive.strip_prefix(name)?.strip_prefix(' '))
}

/// Fails unless an answer has all headers that it must have.
fn must_have_headers(attacker: &Attacker, ask: &Ask, answer: &Answer) -> Outcome {
    must(answer.status != 0, "no answer comes", ask, answer)?;
    for (name, values) in [
        ("x-content-type-options", &["nosniff"][..]),
        ("referrer-policy", &["same-origin", "no-referrer", "strict-origin"]),
        ("cross-origin-opener-policy", &["same-origin"]),
        ("cross-origin-resource-policy", &["same-origin"]),
    ] {
        must(values.contains(&answer.header(name)), format!("{name} is missing"), ask, answer)?;
    }
    must(!answer.header("permissions-policy").is_empty(), "permissions-policy is missing", ask, answer)?;
    let policy = answer.header("content-security-policy");
    let is = |name: &str, value: &str| directive(policy, name) == Some(value);
    must(is("frame-ancestors", "'none'"), "it can be framed", ask, answer)?;
    must(is("base-uri", "'none'"), "the policy lets a base be set", ask, answer)?;
    must(directive(policy, "default-src").is_some(), "the policy has no default", ask, answer)?;
    must(is("object-src", "'none'") || is("default-src", "'none'"), "the policy lets plugins run", ask, answer)?;
    let scripts = directive(policy, "script-src").or_else(|| directive(policy, "default-src")).unwrap_or_default();
    let loose = UNSAFE.iter().find(|word| scripts.split(' ').any(|source| source == **word));
    must(loose.is_none() && !scripts.contains('*'), "the policy lets scripts in that were injected", ask, answer)?;
    if attacker.target.is_https() {
        let age = answer
            .header("strict-transport-security")
            .split(';')
            .next()
            .and_then(|age| age.trim().strip_prefix("max-age="));
        let long = age.and_then(|age| age.parse::<u64>().ok()).is_some_and(|age| age >= A_YEAR);
        must(long, "strict-transport-security is missing, or shorter than a year", ask, answer)?;
    }
    let cors = answer.headers.iter().any(|(name, _)| name.starts_with("access-control-"));
    must(!cors, "another origin is let in", ask, answer)?;
    for name in ["server", "x-powered-by", "via"] {
        must(answer.header(name).is_empty(), "it tells what it is made with", ask, answer)?;
    }
    let typed = answer.body.is_empty() || answer.header("content-type").contains('/');
    must(typed, "a body without a type", ask, answer)?;
    for cookie in answer.all("set-cookie") {
        must(is_strict(cookie, attacker.target.is_https()), "a cookie is not as strict as it can be", ask, answer)?;
    }
    Ok(())
}

fn is_strict(cookie: &str, https: bool) -> bool {
    let mut parts = cookie.split(';').map(str::trim);
    let name = parts.next().and_then(|pair| pair.split('=').next()).unwrap_or_default();
    let attributes: Vec<_> = parts.map(str::to_ascii_lowercase).collect();
    let has = |attribute: &str| attributes.iter().any(|one| one == attribute);
    let no_domain = !attributes.iter().any(|one| one.starts_with("domain"));
    let site = has("samesite=lax") || has("samesite=strict");
    let bound = !https || has("secure") && name.starts_with("__Host-");
    has("httponly") && has("path=/") && site && no_domain && bound && cookie.len() <= 4096
}

pub(crate) async fn everywhere(attacker: &Attacker) -> Outcome {
    let (paths, account) = (&attacker.target.paths, &attacker.target.account);
    let victim = attacker.victim().await?;
    let nobody = attacker.nobody();
    let wrong = form(&[("username", &nobody), ("password", "wrong guess")]);
    let right = form(&[("username", &account.name), ("password", &account.password)]);
    let kept = attacker.kept(account);
    let prefix = paths.sign_in.rsplit_once('/').map_or("", |(prefix, _)| prefix);
    let signed = |ask: Ask| ask.with("cookie", &victim.cookie);
    let post = |path: &str, body: &str| attacker.ours(Ask::post(path, body));
    let asks = vec![
        Ask::get(&paths.page),
        signed(Ask::get(&paths.page)),
        Ask::new("HEAD", &paths.page),
        Ask::get(&paths.sign_in_page),
        signed(Ask::get(&paths.sign_in_page)),
        signed(Ask::get(&paths.sessions_page)),
        Ask::get(&paths.nowhere),
        signed(Ask::get(&paths.nowhere)),
        Ask::get(&paths.file),
        Ask::get(&paths.file).with("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT"),
        Ask::get(&paths.file).with("range", "bytes=5-1"),
        Ask::get(&paths.file).with("range", "bytes=99999999-"),
        Ask::get(&paths.me),
        signed(Ask::get(&paths.me)),
        attacker.me(&attacker.cookie("junk")),
        Ask::get(&format!("{prefix}/there-is-no-such-call")),
        post(&format!("{prefix}/there-is-no-such-call"), ""),
        Ask::get(&paths.sign_in),
        Ask::new("OPTIONS", &paths.sign_in).with("access-control-request-method", "POST"),
        Ask::new("OPTIONS", &paths.me).with("access-control-request-method", "GET"),
        attacker.ours(Ask::new("PUT", &paths.page)),
        Ask::post(&paths.sign_in, &wrong).with("sec-fetch-site", "cross-site"),
        post(&paths.sign_in, ""),
        post(&paths.sign_in, &"a".repeat(100_000)),
        attacker.ours(Ask::new("POST", &paths.sign_in).body("{}").with("content-type", "application/json")),
        post(&paths.sign_in, &right).with("cookie", &kept),
        attacker.ours(Ask::submit(&paths.sign_in, "")),
        post(&paths.session, ""),
        signed(post(&paths.extend, "")),
        signed(post(&paths.sessions, "")),
        signed(post(&paths.end_sessions, "which=no-such-session")),
        signed(post(&paths.confirm, &right)),
        post(&paths.sign_out, ""),
        attacker.ours(Ask::submit(&paths.sign_out, "")),
    ];
    let mut statuses = BTreeSet::new();
    for ask in asks {
        let origins = [None, Some("https://evil.example"), Some("null")];
        // To say that it is asked for by another origin changes nothing in what is only read.
        let is_read = ["GET", "HEAD", "OPTIONS"].contains(&&*ask.method);
        for origin in &origins[..if is_read { 3 } else { 1 }] {
            let ask = origin.iter().fold(ask.clone(), |ask, origin| ask.with("origin", origin));
            let answer = attacker.send(&ask).await;
            statuses.insert(answer.status);
            must_have_headers(attacker, &ask, &answer)?;
        }
    }
    // Guesses until one has to wait: waits grow, so that it comes to that on a slow machine, too.
    for _ in 0..attacker.target.limits.tries_on_a_name + 10 {
        let ask = post(&paths.sign_in, &wrong);
        let answer = attacker.send(&ask).await;
        must_have_headers(attacker, &ask, &answer)?;
        statuses.insert(answer.status);
        if answer.status == 429 {
            break;
        }
    }
    let missed: Vec<_> =
        [200, 302, 401, 403, 404, 405, 413, 415, 429].into_iter().filter(|status| !statuses.contains(status)).collect();
    if !missed.is_empty() {
        return Err(not_applicable(format!("answers with {missed:?} could not be had; all others have their headers")));
    }
    // The session of above is over since its password was confirmed.
    let victim = attacker.victim().await?;
    nonces(attacker, &victim.cookie).await
}

/// A nonce is a new one each time, and stands where scripts of the page cannot read it.
async fn nonces(attacker: &Attacker, cookie: &str) -> Outcome {
    let paths = &attacker.target.paths;
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        for ask in
            [Ask::get(&paths.sign_in_page), Ask::get(&paths.page).with("cookie", cookie), Ask::get(&paths.nowhere)]
        {
            let answer = attacker.send(&ask).await;
            let policy = answer.header("content-security-policy");
            let nonce =
                policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default().to_owned();
            must(nonce.len() >= 22, "the policy of a page has no nonce of 128 bits", &ask, &answer)?;
            let all = answer.body.matches(&nonce).count();
            let attributes = answer.body.matches(&format!("nonce=\"{nonce}\"")).count();
            let attributes = attributes + answer.body.matches(&format!("nonce={nonce}")).count();
            must(all == attributes && all > 0, "the nonce stands elsewhere than in `nonce=`", &ask, &answer)?;
            must(seen.insert(nonce), "a nonce comes twice", &ask, &answer)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_cookies_are_told_from_others() {
        assert!(is_strict("__Host-s=x; HttpOnly; SameSite=Lax; Secure; Path=/", true));
        assert!(is_strict("s=x; HttpOnly; SameSite=Strict; Path=/; Max-Age=0", false));
        for loose in [
            "s=x; HttpOnly; SameSite=Lax; Secure; Path=/",
            "__Host-s=x; SameSite=Lax; Secure; Path=/",
            "__Host-s=x; HttpOnly; Secure; Path=/",
            "__Host-s=x; HttpOnly; SameSite=None; Secure; Path=/",
            "__Host-s=x; HttpOnly; SameSite=Lax; Path=/",
            "__Host-s=x; HttpOnly; SameSite=Lax; Secure; Path=/a",
            "__Host-s=x; HttpOnly; SameSite=Lax; Secure; Path=/; Domain=app.example",
        ] {
            assert!(!is_strict(loose, true), "{loose}");
        }
    }

    #[test]
    fn directives_are_found_by_their_whole_name() {
        let policy = "default-src 'none'; script-src-elem x; script-src 'self' 'nonce-a'";
        assert_eq!(directive(policy, "script-src"), Some("'self' 'nonce-a'"));
        assert_eq!(directive(policy, "base-uri"), None);
    }
}
