//! Ways off the site.

use crate::{
    attacker::Attacker,
    message::{Answer, Ask, form},
    outcome::{Outcome, must},
};
use url::Url;

/// Where no `next` may lead: what Django and kratos refuse, and what browsers make of paths.
const ELSEWHERE: [&str; 97] = [
    "http://evil.example",
    "http:///evil.example",
    "https://evil.example",
    "https:///evil.example",
    "ftp://evil.example",
    "ftp:///evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/////evil.example",
    "//evil.example/%2f..",
    "//evil.example/..",
    "///evil.example/%2e%2e",
    "//evil%E3%80%82example",
    "//google.com%00.evil.example",
    "\\\\evil.example",
    "\\\\\\evil.example",
    "/\\\\/evil.example",
    "\\\\\\/evil.example",
    "\\\\/evil.example",
    "/\\evil.example",
    "/\\/evil.example",
    "\\/evil.example",
    "/\\\\evil.example",
    "\\evil.example",
    "http:///\\evil.example",
    "http:\\\\evil.example",
    "http:/\\//evil.example",
    "http:\\/evil.example",
    "http:/evil.example",
    "http:evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:\\evil.example",
    "HTTPS:///evil.example",
    "HtTp://evil.example",
    "javascript:alert(1)",
    "\njavascript:alert(1)",
    "java\nscript:alert(1)",
    "java\tscript:alert(1)",
    " javascript:alert(1)",
    "\u{1}javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "javascript://app.example/%0aalert(1)",
    "vbscript:x",
    "data:text/html,<script>alert(1)</script>",
    "blob:https://app.example/x",
    "file:///etc/passwd",
    "about:blank",
    "mailto:a@evil.example",
    "\u{8}//evil.example",
    "\u{0}//evil.example",
    "\n",
    "\n//evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "/\r\n/evil.example",
    "/ /evil.example",
    "/\u{b}/evil.example",
    "http://testserver\\@evil.example",
    "http:\\\\testserver\\evil.example",
    "http:\\\\testserver\\me:pass@evil.example",
    "http:\\\\testserver\\confirm\\me@evil.example",
    "http:999999999",
    "http://[2001:cdba:0000:0000:0000:0000:3257:9652/",
    "http://2001:cdba:0000:0000:0000:0000:3257:9652]/",
    "http://127.0.0.1@evil.example",
    "@evil.example",
    ".evil.example",
    "evil.example",
    "www.evil.example/x",
    "?next=//evil.example",
    "#//evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/../..//evil.example",
    "/./..//evil.example",
    "/a/../..//evil.example",
    "/a/..//evil.example",
    "/a//../..//evil.example",
    "/%2e//evil.example",
    "/%2e%2e//evil.example",
    "/.%2e//evil.example",
    "/%2f/evil.example",
    "/%2Fevil.example",
    "/%5cevil.example",
    "/%5Cevil.example",
    "/%09/evil.example",
    "/%0d%0aLocation:%20//evil.example",
    "/\r\nSet-Cookie: planted=1",
    "/x\r\nLocation: https://evil.example",
    "\u{ff0f}\u{ff0f}evil.example",
    "/\u{ff0f}evil.example",
    "/\u{2028}/evil.example",
];

/// Whether a `Location` stays on the site, for whichever rules a browser reads it by.
fn stays(location: &str, origin: &str) -> bool {
    let plain = location.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && byte != b'\\');
    let local = location.starts_with('/') && !location.starts_with("//");
    let own = Url::parse(origin).ok();
    let there = own.as_ref().and_then(|own| own.join(location).ok());
    let resolved =
        own.zip(there).is_some_and(|(own, there)| own.origin() == there.origin() && !there.path().starts_with("//"));
    plain && local && resolved
}

fn must_stay(attacker: &Attacker, ask: &Ask, answer: &Answer) -> Outcome {
    let mut locations = answer.all("location");
    must(locations.all(|to| stays(to, &attacker.target.origin)), "it leads off the site", ask, answer)?;
    let says = |text: &str| answer.header("location").to_ascii_lowercase().contains(text);
    must(!says("__err") && !says("error="), "an error stands in an address", ask, answer)?;
    must(!answer.cookies().iter().any(|(name, _)| *name == "planted"), "a header was written", ask, answer)?;
    must(answer.status != 0 && answer.status < 500, "it breaks the server", ask, answer)
}

pub(crate) async fn next(attacker: &Attacker) -> Outcome {
    let (paths, account) = (&attacker.target.paths, &attacker.target.account);
    let mut before = attacker.victim().await?;
    let long = format!("/{}", "a".repeat(10_000));
    for next in ELSEWHERE.iter().copied().chain([&*long]) {
        // Without scripts, a right password leads on.
        let fields = [("username", &*account.name), ("password", &account.password), ("next", next)];
        let ask = attacker.ours(Ask::submit(&paths.sign_in, &form(&fields)).with("cookie", &before.cookie));
        let answer = attacker.send(&ask).await;
        must_stay(attacker, &ask, &answer)?;
        before = attacker.visit(account, &ask, &answer)?;
        // What is not even tried leads back.
        let fields = [("username", &*account.name), ("password", ""), ("next", next)];
        let ask = attacker.ours(Ask::submit(&paths.sign_in, &form(&fields)));
        let answer = attacker.send(&ask).await;
        must_stay(attacker, &ask, &answer)?;
        // Who is signed in already is sent on from the page with the form.
        let query = form(&[("next", next)]);
        for address in [format!("{}?{query}", paths.sign_in_page), format!("{}?next=/&{query}", paths.sign_in_page)] {
            let ask = Ask::get(&address).with("cookie", &before.cookie);
            let answer = attacker.send(&ask).await;
            must_stay(attacker, &ask, &answer)?;
        }
    }
    // The address itself may be one that a browser resolves to somewhere else.
    for path in ["//evil.example", "//evil.example/%2f..", "/%5Cevil.example", "/.//evil.example", "/\\evil.example"] {
        for cookie in ["", &before.cookie] {
            let ask = Ask::get(path).with("cookie", cookie);
            let answer = attacker.send_raw(&ask).await;
            must_stay(attacker, &ask, &answer)?;
        }
    }
    // `next` does lead on where it may: else nothing was shown.
    let fields = [("username", &*account.name), ("password", &account.password), ("next", "/a/b?c=d")];
    let ask = attacker.ours(Ask::submit(&paths.sign_in, &form(&fields)).with("cookie", &before.cookie));
    let answer = attacker.send(&ask).await;
    must(answer.header("location") == "/a/b?c=d", "a path on the site is not followed", &ask, &answer)?;
    attacker.visit(account, &ask, &answer).map(drop)
}

pub(crate) async fn referer(attacker: &Attacker) -> Outcome {
    let (paths, account) = (&attacker.target.paths, &attacker.target.account);
    let right = form(&[("username", &account.name), ("password", &account.password)]);
    let referers: [&[u8]; 8] = [
        b"https://evil.example/x",
        b"//evil.example",
        b"/\\evil.example",
        b"javascript:alert(1)",
        b"https://evil.example/?__err=x&__path=/",
        b"%",
        b"\xff",
        b"",
    ];
    let mut before = attacker.victim().await?;
    for referer in referers {
        for (path, body) in [
            (&paths.sign_in, "username=x&password="),
            (&paths.sign_in, "%"),
            (&paths.sign_in, "username=a&username=b"),
            (&paths.extend, ""),
            (&paths.session, ""),
            (&paths.confirm, "password="),
            (&paths.change_password, "current=&new="),
            (&paths.end_sessions, "which="),
            (&paths.end_sessions, "which=nothing"),
            (&paths.nowhere, ""),
        ] {
            for cookie in ["", &before.cookie] {
                let ask = attacker.ours(Ask::submit(path, body).with("referer", referer).with("cookie", cookie));
                let answer = attacker.send(&ask).await;
                must_stay(attacker, &ask, &answer)?;
            }
        }
        let ask = Ask::submit(&paths.sign_in, &right).with("referer", referer).with("cookie", &before.cookie);
        let ask = attacker.ours(ask);
        let answer = attacker.send(&ask).await;
        must_stay(attacker, &ask, &answer)?;
        let visit = attacker.visit(account, &ask, &answer)?;
        let ask =
            attacker.ours(Ask::submit(&paths.sign_out, "").with("referer", referer).with("cookie", &visit.cookie));
        let answer = attacker.send(&ask).await;
        must_stay(attacker, &ask, &answer)?;
        before = attacker.victim().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_elsewhere_is_told_from_what_does_not() {
        let origin = "https://app.example";
        for to in ["/", "/a?b=//c", "/login?next=/%2F%2Fevil.example"] {
            assert!(stays(to, origin), "{to}");
        }
        for to in ELSEWHERE {
            // Those that only decode to something else are for the server that would decode them.
            assert!(!stays(to, origin) || to.contains('%') || to == "/a/..//evil.example", "{to:?}");
        }
    }
}
