//! What one account does to another.

use crate::{
    attacker::Attacker,
    message::{Ask, form},
    outcome::{Outcome, Stop, must, not_applicable},
};

/// The ids of the sessions that an account is shown.
pub(crate) async fn ids(attacker: &Attacker, cookie: &str) -> Result<Vec<String>, Stop> {
    let list = attacker.ours(Ask::post(&attacker.target.paths.sessions, "").with("cookie", cookie));
    let answer = attacker.send(&list).await;
    let entries: Vec<serde_json::Value> = serde_json::from_str(&answer.body).unwrap_or_default();
    let ids: Vec<_> = entries.iter().filter_map(|entry| Some(entry.get("id")?.as_str()?.to_owned())).collect();
    must(!ids.is_empty(), "the account's own session is not in its list", &list, &answer)?;
    Ok(ids)
}

pub(crate) async fn of_others(attacker: &Attacker) -> Outcome {
    let paths = &attacker.target.paths;
    let victim = attacker.victim().await?;
    let other = attacker.sign_in(attacker.other()?).await?;
    let theirs = ids(attacker, &victim.cookie).await?;
    let own = ids(attacker, &other.cookie).await?;
    let list = attacker.ours(Ask::post(&paths.sessions, "").with("cookie", &other.cookie));
    let answer = attacker.send(&list).await;
    must(own.iter().all(|id| !theirs.contains(id)), "the list holds sessions of another", &list, &answer)?;
    for session in [&victim.value, &other.value] {
        must(!answer.body.contains(session.as_str()), "the list holds what opens a session", &list, &answer)?;
    }
    let Some(first) = theirs.first() else { return Err(not_applicable("the victim has no session")) };
    let mut guesses = theirs.clone();
    guesses.extend([
        first.to_uppercase(),
        format!("{first}x"),
        format!(" {first}"),
        format!("{first}\0"),
        format!("{},{first}", own.join(",")),
        "0".to_owned(),
        "1".to_owned(),
        "-1".to_owned(),
        "*".to_owned(),
        "%".to_owned(),
        "null".to_owned(),
        victim.value.clone(),
        attacker.target.account.name.clone(),
    ]);
    let mut unknown = None;
    for id in guesses.iter().chain([&"no-such-session".to_owned()]) {
        // What is named of the account beside it changes nothing.
        let name = &attacker.target.account.name;
        for fields in [&[("which", &**id)][..], &[("which", id), ("account", name), ("username", name)]] {
            let ask = attacker.ours(Ask::post(&paths.end_sessions, &form(fields)).with("cookie", &other.cookie));
            let answer = attacker.send(&ask).await;
            must(answer.is_refusal(), "a session that is not the account's is ended", &ask, &answer)?;
            // One that exists is answered as one that does not.
            let features = (answer.status, answer.body.clone());
            let first = unknown.get_or_insert_with(|| features.clone());
            must(*first == features, "the answer tells which ids exist", &ask, &answer)?;
        }
    }
    attacker.must_live(&victim.cookie, "the victim's session was ended by another account").await?;
    // "All" and "others" are the account's own.
    for which in ["others", "all"] {
        let ask =
            attacker.ours(Ask::post(&paths.end_sessions, &form(&[("which", which)])).with("cookie", &other.cookie));
        let answer = attacker.send(&ask).await;
        must(answer.is_success(), "an account cannot end its own sessions", &ask, &answer)?;
        attacker.must_live(&victim.cookie, "the victim's session was ended by another account").await?;
    }
    attacker.must_be_dead(&other.cookie, "a session that was ended is alive").await
}
