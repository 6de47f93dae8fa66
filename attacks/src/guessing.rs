//! Passwords that are guessed, and names.

use crate::{
    attacker::Attacker,
    message::{Answer, Ask},
    outcome::{Outcome, broken, must, not_applicable},
};
use futures_util::future::join_all;
use std::time::{Duration, Instant};

/// At once.
const MANY: usize = 200;
/// Tries after which a name has to wait surely.
const MORE: usize = 5;

/// Whether a password was looked at. It was not when the try has to wait, or the server was busy.
fn looked_at(answer: &Answer) -> bool {
    answer.status == 401
}

/// How many guesses may be looked at in a time: the free ones, and one after each wait that has passed,
/// of a second at first and twice as long each time.
fn most(free: usize, time: Duration) -> usize {
    let waits = (time.as_secs() + 1).ilog2();
    free + usize::try_from(waits).unwrap_or_default() + 1
}

pub(crate) async fn parallel(attacker: &Attacker) -> Outcome {
    let name = attacker.nobody();
    let asks: Vec<_> = (0..MANY).map(|n| attacker.guess(&name, &format!("guess number {n}"))).collect();
    let begin = Instant::now();
    let answers = join_all(asks.iter().map(|ask| attacker.send(ask))).await;
    let mut looked = 0;
    for (ask, answer) in asks.iter().zip(&answers) {
        must([401, 429, 503].contains(&answer.status), "a guess is neither refused nor made to wait", ask, answer)?;
        must(
            answer.status != 429 || !answer.header("retry-after").is_empty(),
            "it does not say how long",
            ask,
            answer,
        )?;
        looked += usize::from(looked_at(answer));
    }
    let free = attacker.target.limits.tries_on_a_name;
    let most = if begin.elapsed() < Duration::from_secs(1) { free } else { most(free, begin.elapsed()) };
    if let (Some(ask), Some(answer)) = (asks.first(), answers.iter().find(|answer| looked_at(answer))) {
        must(looked <= most, format!("{looked} of {MANY} guesses were looked at, and {free} are free"), ask, answer)
    } else {
        Err(not_applicable("the server makes this network wait, after other tries"))
    }
}

pub(crate) async fn enumeration(attacker: &Attacker) -> Outcome {
    let (account, nobody) = (&attacker.target.account, attacker.nobody());
    let free = attacker.target.limits.tries_on_a_name;
    // A right password makes the name's count begin anew, as it is for the other name.
    let right = attacker.guess(&account.name, &account.password);
    let answer = attacker.send(&right).await;
    attacker.visit(account, &right, &answer)?;
    let (mut looked, mut waited) = (0, [0, 0]);
    for n in 0..free + MORE {
        let asks = [&account.name, &nobody].map(|name| attacker.guess(name, &format!("wrong guess {n}")));
        let answers = [attacker.send(&asks[0]).await, attacker.send(&asks[1]).await];
        for (index, answer) in answers.iter().enumerate() {
            waited[index] += usize::from(answer.status == 429);
        }
        // While waits begin and end, one may have to wait a little longer than the other.
        let in_step = answers[0].status == answers[1].status;
        if in_step || n + 1 < free {
            looked += usize::from(answers.iter().all(looked_at));
            let [known, unknown] = answers.each_ref().map(without_digits);
            let differs = "a name that exists is answered differently";
            must(known.features() == unknown.features(), differs, &asks[0], &answers[0])?;
        }
    }
    if looked == 0 {
        return Err(not_applicable("the server makes this network wait, after other tries"));
    }
    let ask = attacker.guess(&nobody, "wrong guess");
    let answer = attacker.send(&ask).await;
    let both = waited.iter().all(|&count| count > 0);
    must(
        both,
        format!("of the known name {} tries had to wait, of the other {}", waited[0], waited[1]),
        &ask,
        &answer,
    )?;
    // Names that can be none are answered as if they could.
    let mut first: Option<Answer> = None;
    for name in ["al ice", "\u{1f600}", "a\u{202e}b", "x@y.example"] {
        let ask = attacker.guess(name, "wrong guess");
        let answer = without_digits(&attacker.send(&ask).await);
        if looked_at(&answer) {
            let first = first.get_or_insert_with(|| answer.clone());
            must(first.features() == answer.features(), "a strange name is answered differently", &ask, &answer)?;
        }
        must(looked_at(&answer) || answer.status == 429, "a strange name is answered differently", &ask, &answer)?;
    }
    Ok(())
}

fn without_digits(answer: &Answer) -> Answer {
    Answer { body: answer.body.chars().filter(|c| !c.is_ascii_digit()).collect(), ..answer.clone() }
}

pub(crate) async fn lock_out(attacker: &Attacker) -> Outcome {
    let account = &attacker.target.account;
    let mut last = None;
    for n in 0..attacker.target.limits.tries_on_a_name + MORE {
        let ask = attacker.guess(&account.name, &format!("wrong guess {n}"));
        let answer = attacker.send(&ask).await;
        must([401, 429, 503].contains(&answer.status), "a guess is not refused", &ask, &answer)?;
        let waits = answer.status == 429;
        last = Some((ask, answer));
        if waits {
            break;
        }
    }
    let Some((ask, answer)) = last else { return Ok(()) };
    must(answer.status == 429, "strangers guess without ever having to wait", &ask, &answer)?;
    // The owner's own browser goes on as if nothing had been.
    let kept = attacker.kept(account);
    if kept.is_empty() {
        return Err(broken("nothing tells a browser that has signed in from a stranger's", &ask, &answer));
    }
    attacker.victim().await.map(drop)
}

pub(crate) async fn forwarded(attacker: &Attacker) -> Outcome {
    let limits = attacker.target.limits;
    let spoof = |ask: Ask, n: usize| {
        let address = format!("198.51.{}.{}", n / 250, n % 250 + 1);
        ask.with("x-forwarded-for", format!("{address}, 203.0.113.{}", n % 250))
            .with("x-real-ip", &address)
            .with("cf-connecting-ip", &address)
            .with("true-client-ip", &address)
            .with("x-client-ip", &address)
            .with("forwarded", format!("for={address}"))
    };
    // On one name, and then on many.
    let name = attacker.nobody();
    let begin = Instant::now();
    let mut looked = [0, 0];
    let mut shown = None;
    for n in 0..limits.tries_on_a_name + MORE {
        let ask = spoof(attacker.guess(&name, "wrong guess"), n);
        let answer = attacker.send(&ask).await;
        looked[0] += usize::from(looked_at(&answer));
        shown = Some((ask, answer));
    }
    for n in 0..limits.tries_from_a_network + 2 * MORE {
        let ask = spoof(attacker.guess(&attacker.nobody(), "wrong guess"), n);
        let answer = attacker.send(&ask).await;
        looked[1] += usize::from(looked_at(&answer));
        shown = Some((ask, answer));
    }
    let Some((ask, answer)) = shown else { return Ok(()) };
    if looked == [0, 0] {
        return Err(not_applicable("the server makes this network wait, after other tries"));
    }
    let most = [limits.tries_on_a_name, limits.tries_from_a_network].map(|free| most(free, begin.elapsed()));
    must(looked[0] <= most[0], format!("{} tries on one name were looked at", looked[0]), &ask, &answer)?;
    must(looked[1] <= most[1], format!("{} tries from one network were looked at", looked[1]), &ask, &answer)?;
    // Where the server is, nobody else says either.
    let paths = &attacker.target.paths;
    let victim = attacker.victim().await?;
    for (header, value) in [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-scheme", "http"),
        ("x-original-url", "/evil.example"),
        ("x-rewrite-url", "/evil.example"),
        ("forwarded", "host=evil.example;proto=http"),
        ("host", "evil.example"),
    ] {
        for (path, cookie) in [(&paths.page, ""), (&paths.sign_in_page, ""), (&paths.sign_in_page, &victim.cookie)] {
            let ask = Ask::get(path).with(header, value).with("cookie", cookie);
            let plain = attacker.send(&Ask::get(path).with("cookie", cookie)).await;
            let answer = attacker.send(&ask).await;
            let named = answer.body.contains("evil.example")
                || answer.headers.iter().any(|(_, value)| value.contains("evil.example"));
            must(!named, "the page believes where it is said to be", &ask, &answer)?;
            let same = (answer.status, answer.header("location")) == (plain.status, plain.header("location"));
            must(same, "the answer is another one", &ask, &answer)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_machine_lets_waits_pass_and_no_more() {
        for (seconds, more) in [(0, 1), (1, 2), (2, 2), (3, 3), (6, 3), (7, 4), (60, 6)] {
            assert_eq!(most(5, Duration::from_secs(seconds)), 5 + more, "{seconds}");
        }
    }
}
