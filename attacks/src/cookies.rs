//! Cookies that are not quite the session's.

use crate::{
    attacker::Attacker,
    message::{Ask, NONE},
    outcome::{Outcome, broken, must, not_applicable},
};

/// White space to Unicode, and not to HTTP.
const SPACES: [&str; 5] = ["\u{a0}", "\u{2000}", "\u{85}", "\u{3000}", " \u{2003}"];
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Names that some libraries read as `name`, and no browser does.
fn twins_of(name: &str) -> Vec<String> {
    let encoded = |at: usize, upper: bool| {
        let byte = name.as_bytes()[at];
        let code = if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
        format!("{}{code}{}", &name[..at], &name[at + 1..])
    };
    let mut twins: Vec<_> = (0..name.len()).flat_map(|at| [encoded(at, true), encoded(at, false)]).collect();
    twins.push(name.bytes().map(|byte| format!("%{byte:02X}")).collect());
    twins.extend(SPACES.iter().flat_map(|space| [format!("{space}{name}"), format!("{name}{space}")]));
    twins.extend([name.to_uppercase(), name.to_lowercase().replace("__host", "__HOST"), format!("\"{name}\"")]);
    twins.dedup();
    twins.retain(|twin| twin != name);
    twins
}

pub(crate) async fn twins(attacker: &Attacker) -> Outcome {
    let victim = attacker.victim().await?;
    let other = attacker.sign_in(attacker.other()?).await?;
    let theirs = attacker.send(&attacker.me(&victim.cookie)).await.body;
    let own = attacker.send(&attacker.me(&other.cookie)).await.body;
    if theirs == own {
        return Err(not_applicable(format!("{} answers both accounts the same", attacker.target.paths.me)));
    }
    let real = attacker.cookie(&victim.value);
    for twin in twins_of(&attacker.cookie_name) {
        let twin = format!("{twin}={}", other.value);
        for cookie in [format!("{real}; {twin}"), format!("{twin}; {real}"), twin] {
            let ask = attacker.me(&cookie);
            let answer = attacker.send(&ask).await;
            must(answer.status != NONE && answer.status < 500, "it breaks the server", &ask, &answer)?;
            must(answer.body != own, "a neighbour's cookie brought the neighbour's session", &ask, &answer)?;
        }
    }
    // Of two with the very name nobody can tell which is the browser's own.
    let second = attacker.cookie(&other.value);
    for cookie in [format!("{real}; {second}"), format!("{second}; {real}")] {
        let ask = attacker.me(&cookie);
        let answer = attacker.send(&ask).await;
        must(answer.body != own && answer.status < 500, "of two cookies one was believed", &ask, &answer)?;
    }
    attacker.must_live(&victim.cookie, "the victim was signed out").await
}

/// A value with one bit changed, for each bit that a character of base64 carries.
fn flips(value: &str) -> impl Iterator<Item = String> {
    value.bytes().enumerate().filter(|(_, byte)| ALPHABET.contains(byte)).flat_map(move |(at, byte)| {
        let index = ALPHABET.iter().position(|&letter| letter == byte).unwrap_or_default();
        (0..6).map(move |bit| {
            let letter = char::from(ALPHABET[index ^ (1 << bit)]);
            format!("{}{letter}{}", &value[..at], &value[at + 1..])
        })
    })
}

pub(crate) async fn spoilt(attacker: &Attacker) -> Outcome {
    let victim = attacker.victim().await?;
    let value = victim.value.as_str();
    if !value.is_ascii() {
        return Err(not_applicable("the session cookie is not ASCII"));
    }
    let mut values: Vec<String> = flips(value).collect();
    values.extend((0..value.len()).map(|cut| value[..cut].to_owned()));
    values.extend((1..value.len()).step_by(3).map(|cut| value[cut..].to_owned()));
    values.extend(["A", "=", "==", "%00", "\"", ".", "%3D"].map(|more| format!("{value}{more}")));
    let name = &attacker.target.account.name;
    values.extend([
        format!("\"{value}\""),
        format!("A{value}"),
        format!("{value}{value}"),
        value.bytes().rev().map(char::from).collect(),
        value.to_lowercase(),
        value.to_uppercase(),
        "A".repeat(value.len()),
        "null".to_owned(),
        name.clone(),
        format!(r#"{{"account":"{name}"}}"#),
        format!("account={name}"),
    ]);
    values.retain(|spoilt| spoilt != value);
    let mut first = None;
    for spoilt in values {
        let ask = attacker.me(&attacker.cookie(&spoilt));
        let answer = attacker.send(&ask).await;
        must(answer.is_refusal() || answer.is_redirect(), "a cookie that was changed is not refused", &ask, &answer)?;
        // What is empty is no cookie, and may be told so.
        if spoilt.is_empty() {
            continue;
        }
        let features = (answer.status, answer.body.clone());
        let first = first.get_or_insert_with(|| features.clone());
        must(*first == features, "the answer tells how far the cookie was read", &ask, &answer)?;
    }
    // Moved to another name that the server knows, or that only looks like it.
    let mut names = vec![format!("{}-device", attacker.cookie_name), format!("{}-notice", attacker.cookie_name)];
    names.push(attacker.cookie_name.trim_start_matches("__Host-").trim_start_matches("__Secure-").to_owned());
    names.extend(["__Host-", "__Secure-"].map(|prefix| format!("{prefix}{}", attacker.cookie_name)));
    let kept = attacker.kept(&attacker.target.account);
    let kept: Vec<_> = kept.split("; ").filter_map(|pair| pair.split_once('=')).collect();
    names.extend(kept.iter().map(|(name, _)| (*name).to_owned()));
    names.retain(|name| *name != attacker.cookie_name);
    for name in names {
        attacker.must_be_dead(&format!("{name}={value}"), "it opens under another name").await?;
    }
    for (_, value) in kept {
        attacker.must_be_dead(&attacker.cookie(value), "another cookie opens under the session's name").await?;
    }
    attacker.must_live(&victim.cookie, "the victim was signed out").await
}

pub(crate) async fn junk(attacker: &Attacker) -> Outcome {
    let victim = attacker.victim().await?;
    let real = attacker.cookie(&victim.value).into_bytes();
    let long = "x=".to_owned() + &"y".repeat(4096);
    for junk in [
        &b"x=\xff\xfe"[..],
        b"\xff=\xfe",
        b"=",
        b"==",
        b"=x",
        b"x",
        b";;;",
        b"$Version=1",
        b"$Version=\"1\"; $Path=\"/\"",
        b"q=\"a; b\"",
        b"q=\"",
        b"\"",
        b"x=%",
        b"x=%ff%00",
        b"x= ; y",
        b"x=\t",
        b"a=1; a=1; a=2",
        b"Path=/; HttpOnly; Domain=evil.example",
        b"x=<script>",
        long.as_bytes(),
    ] {
        for pairs in [[&real, junk], [junk, &real]] {
            let ask = Ask::get(&attacker.target.paths.me).with("cookie", pairs.join(&b"; "[..]));
            let answer = attacker.send(&ask).await;
            must(answer.is_success(), "junk beside the cookie signs people out", &ask, &answer)?;
            must(!answer.headers.iter().any(|(name, _)| name == "set-cookie"), "it is taken away", &ask, &answer)?;
        }
        let ask = Ask::get(&attacker.target.paths.me).with("cookie", junk);
        let answer = attacker.send(&ask).await;
        must(answer.is_refusal() || answer.is_redirect(), "junk alone is not refused cleanly", &ask, &answer)?;
    }
    // The same twice, in one header and in two.
    let one = Ask::get(&attacker.target.paths.me).with("cookie", [&real[..], &real].join(&b"; "[..]));
    let two = Ask::get(&attacker.target.paths.me).with("cookie", &real).with("cookie", &real);
    for ask in [one, two] {
        let answer = attacker.send_raw(&ask).await;
        must(answer.is_success() || answer.is_refusal(), "two cookies break the server", &ask, &answer)?;
        let removed = answer.cookies().contains(&(attacker.cookie_name.as_str(), ""));
        must(!removed, "the browser's own cookie is taken away", &ask, &answer)?;
    }
    attacker.must_live(&victim.cookie, "the victim was signed out").await?;
    let ask = attacker.me("");
    let answer = attacker.send(&ask).await;
    if answer.is_success() { Err(broken("without a cookie the call is reached", &ask, &answer)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_and_flips_are_never_the_thing_itself() {
        for name in ["daypass", "__Host-daypass"] {
            let twins = twins_of(name);
            assert!(twins.len() >= 20 && twins.iter().all(|twin| twin != name), "{twins:?}");
        }
        let flips: Vec<_> = flips("aB3=").collect();
        assert_eq!(flips.len(), 18);
        assert!(flips.iter().all(|flipped| flipped != "aB3=" && flipped.ends_with('=')));
    }
}
