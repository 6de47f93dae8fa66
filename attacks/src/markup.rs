//! Markup where text belongs.

use crate::{
    attacker::Attacker,
    message::{Ask, form},
    outcome::{Outcome, must},
};

const MARKUP: [&str; 9] = [
    "<script>zq7()</script>",
    "</script><script>zq7()</script>",
    "<img src=x onerror=zq7()>",
    "\"><svg/onload=zq7()>",
    "'><b zq7>",
    "</title><b zq7>",
    "--><b zq7>",
    "\" autofocus onfocus=zq7() x=\"",
    "{{zq7}}<b zq7>",
];

/// What of a piece of markup must not stand in a document as it is.
fn bare(markup: &str) -> &str {
    // What breaks out of an attribute does so by its quote and what follows.
    markup.trim_start_matches("{{zq7}}")
}

pub(crate) async fn typed(attacker: &Attacker) -> Outcome {
    let paths = &attacker.target.paths;
    let account = &attacker.target.account;
    let victim = attacker.victim().await?;
    let mut shown = 0;
    for markup in MARKUP {
        let encoded = form(&[("next", markup)]).replace('+', "%20");
        let encoded = encoded.trim_start_matches("next=");
        let mut asks = Vec::new();
        for cookie in ["", &victim.cookie] {
            for address in [
                format!("{}/{encoded}", paths.nowhere),
                format!("{}?{encoded}", paths.nowhere),
                format!("{}?next={encoded}", paths.sign_in_page),
                format!("{}?next=/{encoded}", paths.sign_in_page),
                format!("{}?username={encoded}&error={encoded}", paths.sign_in_page),
                format!("{}?{encoded}={encoded}", paths.page),
            ] {
                asks.push(Ask::get(&address).with("cookie", cookie));
            }
        }
        // A name that is given back to the form, by way of the cookies that the answer sets.
        let fields = form(&[("username", markup), ("password", ""), ("next", markup)]);
        let ask = attacker.ours(Ask::submit(&paths.sign_in, &fields));
        let answer = attacker.send(&ask).await;
        let cookies = answer.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        asks.push(Ask::get(&paths.sign_in_page).with("cookie", cookies.join("; ")));
        // What a browser calls itself, on the page that lists the sessions.
        let fields = form(&[("username", &account.name), ("password", &account.password)]);
        let ask = Ask::post(&paths.sign_in, &fields).with("user-agent", markup).with("cookie", attacker.kept(account));
        let ask = attacker.ours(ask);
        let answer = attacker.send(&ask).await;
        let visit = attacker.visit(account, &ask, &answer)?;
        asks.push(Ask::get(&paths.sessions_page).with("cookie", &visit.cookie).with("user-agent", markup));
        for ask in asks {
            let answer = attacker.send(&ask).await;
            must(answer.status != 0 && answer.status < 500, "it breaks the server", &ask, &answer)?;
            shown += usize::from(answer.body.contains("zq7"));
            must(!answer.body.contains(bare(markup)), "what was typed is markup", &ask, &answer)?;
        }
        let out = attacker.ours(Ask::post(&paths.sign_out, "").with("cookie", &visit.cookie));
        attacker.send(&out).await;
        // A call says what it is, so that nothing of it is taken for a page.
        let fields = form(&[("username", markup), ("password", "")]);
        let ask = attacker.ours(Ask::post(&paths.sign_in, &fields));
        let answer = attacker.send(&ask).await;
        must(!answer.header("content-type").contains("html"), "a call answers with a page", &ask, &answer)?;
    }
    if shown == 0 {
        return Err(crate::outcome::not_applicable("no page shows anything of what is typed"));
    }
    attacker.must_live(&victim.cookie, "the victim was signed out").await
}
