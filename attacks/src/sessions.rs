//! Sessions that should be over, or should never have been.

use crate::{
    attacker::Attacker,
    message::{Ask, form},
    outcome::{Outcome, must},
};

pub(crate) async fn replay(attacker: &Attacker) -> Outcome {
    let paths = &attacker.target.paths;
    for as_form in [false, true] {
        let victim = attacker.victim().await?;
        let page = Ask::get(&paths.page).with("cookie", &victim.cookie);
        let shown = attacker.send(&page).await;
        must(shown.is_success(), "the page is not reached with a session", &page, &shown)?;
        let out = if as_form { Ask::submit(&paths.sign_out, "") } else { Ask::post(&paths.sign_out, "") };
        let out = attacker.ours(out.with("cookie", &victim.cookie));
        let answer = attacker.send(&out).await;
        must(answer.is_success() || answer.is_redirect(), "the sign-out is refused", &out, &answer)?;
        let removed = answer.all("set-cookie").any(|cookie| {
            cookie.starts_with(&format!("{}=;", attacker.cookie_name))
                && cookie.to_ascii_lowercase().contains("max-age=0")
        });
        must(removed, "the sign-out does not remove the cookie", &out, &answer)?;
        // The cookie that somebody kept, wherever one could try it, and once more.
        for _ in 0..2 {
            attacker.must_be_dead(&victim.cookie, "a cookie is alive after its sign-out").await?;
            let again = attacker.send(&page).await;
            must(!again.is_success(), "the page is reached after the sign-out", &page, &again)?;
            for path in paths.own_calls() {
                let ask = attacker.ours(Ask::post(path, "").with("cookie", &victim.cookie));
                let answer = attacker.send(&ask).await;
                must(!answer.is_success() && answer.status < 500, "a call is reached after it", &ask, &answer)?;
                must(!attacker.starts_session(&answer), "a call revives the session", &ask, &answer)?;
            }
            let ask = attacker.ours(Ask::post(&paths.session, "").with("cookie", &victim.cookie));
            let answer = attacker.send(&ask).await;
            let says_nobody = !answer.body.contains(&attacker.target.account.name);
            must(says_nobody && !attacker.starts_session(&answer), "it still says whose it was", &ask, &answer)?;
        }
        let out_again = attacker.send(&out).await;
        must(out_again.status < 400, "to sign out twice is refused", &out, &out_again)?;
    }
    Ok(())
}

pub(crate) async fn fixation(attacker: &Attacker) -> Outcome {
    let (paths, account) = (&attacker.target.paths, &attacker.target.account);
    let credentials = form(&[("username", &account.name), ("password", &account.password)]);
    let kept = attacker.kept(account);
    let sign_in = |cookie: &str| attacker.ours(Ask::post(&paths.sign_in, &credentials).with("cookie", cookie));
    // Values that were in the browser before: made up, and of a session that is over.
    let over = attacker.victim().await?;
    let out = attacker.ours(Ask::post(&paths.sign_out, "").with("cookie", &over.cookie));
    attacker.send(&out).await;
    for planted in ["planted", "0", &"A".repeat(300), &over.value] {
        let ask = sign_in(&format!("{}; {kept}", attacker.cookie(planted)));
        let answer = attacker.send(&ask).await;
        let visit = attacker.visit(account, &ask, &answer)?;
        must(visit.value != planted, "a value that was there before became a session", &ask, &answer)?;
        attacker.must_be_dead(&attacker.cookie(planted), "a value that was there before opens").await?;
    }
    // A session over a session: the old one ends, whoever it was of.
    let mut before = attacker.victim().await?;
    for _ in 0..2 {
        let ask = sign_in(&before.cookie);
        let answer = attacker.send(&ask).await;
        let after = attacker.visit(account, &ask, &answer)?;
        must(after.value != before.value, "the session is the one from before", &ask, &answer)?;
        attacker.must_be_dead(&before.cookie, "the session from before lives on").await?;
        before = after;
    }
    // To give the password again is a new session, too.
    let ask = attacker
        .ours(Ask::post(&paths.confirm, &form(&[("password", &account.password)])).with("cookie", &before.cookie));
    let answer = attacker.send(&ask).await;
    let after = attacker.visit(account, &ask, &answer)?;
    must(after.value != before.value, "a confirmed password leaves the session as it was", &ask, &answer)?;
    attacker.must_be_dead(&before.cookie, "the session from before lives on").await?;
    if let Some(other) = &attacker.target.other {
        let credentials = form(&[("username", &other.name), ("password", &other.password)]);
        let cookie = format!("{}; {}", attacker.cookie(&after.value), attacker.kept(other));
        let ask = attacker.ours(Ask::post(&paths.sign_in, &credentials).with("cookie", cookie));
        let answer = attacker.send(&ask).await;
        attacker.visit(other, &ask, &answer)?;
        attacker.must_be_dead(&after.cookie, "somebody else's sign-in leaves the session alive").await?;
    }
    Ok(())
}
