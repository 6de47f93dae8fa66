//! Whether the time of an answer tells which names or sessions exist.
//!
//! Two samples are compared by their ranks (Mann and Whitney), which asks nothing of how times are
//! distributed, and is not moved by a few slow answers. The tries are interleaved, so that what slows
//! the machine slows both. A difference counts beyond 4.5 standard deviations: by chance that happens
//! once in 150,000 runs. With fewer than 16 pairs not even two samples that do not overlap reach it.
//!
//! A server that slows guessing lets nobody have more pairs than its free tries, an attacker from one
//! network neither: what such a sample does not show, one network cannot find out.

use crate::{
    accounts,
    attacker::Attacker,
    message::{Answer, Ask, form},
    outcome::{Outcome, Stop, must, not_applicable},
};
use std::time::{Duration, Instant};

/// Pairs of tries, at most.
const PAIRS: usize = 200;
/// And at least.
const FEWEST: usize = 16;
/// Standard deviations by which ranks may differ.
const THRESHOLD: f64 = 4.5;

/// The times of what exists, and of what does not.
#[derive(Default)]
struct Times {
    exists: Vec<Duration>,
    does_not: Vec<Duration>,
}

impl Times {
    /// Asks for both, in the order of whose turn it is. The answer that is of another status than both should
    /// have, if one is, and its pair does not count.
    async fn pair(&mut self, attacker: &Attacker, exists: &Ask, does_not: &Ask, status: u16) -> Result<(), Answer> {
        let exists_first = self.exists.len().is_multiple_of(2);
        let mut times = [Duration::ZERO; 2];
        for made_up in [!exists_first, exists_first] {
            let begin = Instant::now();
            let answer = attacker.send(if made_up { does_not } else { exists }).await;
            times[usize::from(made_up)] = begin.elapsed();
            if answer.status != status {
                return Err(answer);
            }
        }
        self.exists.push(times[0]);
        self.does_not.push(times[1]);
        Ok(())
    }

    /// Whether they are the same.
    fn judge(&self, of: &str, ask: &Ask, last: &Answer) -> Outcome {
        let pairs = self.exists.len();
        if pairs < FEWEST {
            return Err(not_applicable(format!(
                "the server looked at {pairs} pairs of tries only, and {FEWEST} are needed: make this attack alone"
            )));
        }
        let difference = rank_test(&self.exists, &self.does_not);
        let wrong = format!(
            "after {pairs} pairs of tries the times of {of} that exists differ by {difference:.1} standard deviations \
             (medians {:?} and {:?})",
            median(&self.exists),
            median(&self.does_not)
        );
        must(difference.abs() < THRESHOLD, wrong, ask, last)
    }
}

fn is_asked_for(attacker: &Attacker, id: &str) -> Result<(), Stop> {
    let alone = format!("times are measured on a machine that does nothing else: --timing, with --only {id}");
    if attacker.target.timing { Ok(()) } else { Err(not_applicable(alone)) }
}

pub(crate) async fn names(attacker: &Attacker) -> Outcome {
    is_asked_for(attacker, "A11-time")?;
    let account = &attacker.target.account;
    let right = || attacker.guess(&account.name, &account.password);
    let ask = attacker.guess(&account.name, "wrong guess");
    let mut last = attacker.send(&ask).await;
    let mut times = Times::default();
    for n in 0..PAIRS {
        // A right password makes the name's count begin anew.
        if n % (attacker.target.limits.tries_on_a_name - 1).max(1) == 0 {
            attacker.send(&right()).await;
        }
        let fresh = attacker.guess(&attacker.nobody(), "wrong guess");
        if let Err(answer) = times.pair(attacker, &ask, &fresh, 401).await {
            last = answer;
            break;
        }
    }
    times.judge("a name", &ask, &last)
}

/// Nor does it tell which ids belong to sessions of others.
pub(crate) async fn sessions(attacker: &Attacker) -> Outcome {
    is_asked_for(attacker, "A32-time")?;
    let victim = attacker.victim().await?;
    let other = attacker.sign_in(attacker.other()?).await?;
    let end = |id: &str| {
        let path = &attacker.target.paths.end_sessions;
        attacker.ours(Ask::post(path, &form(&[("which", id)])).with("cookie", &other.cookie))
    };
    let ids = accounts::ids(attacker, &victim.cookie).await?;
    let Some(id) = ids.first() else { return Err(not_applicable("the victim has no session")) };
    // As long, and of the same letters.
    let made_up: String = id.chars().rev().collect();
    let (exists, does_not) = (end(id), end(&made_up));
    let first = attacker.send(&does_not).await;
    must(first.is_refusal() && made_up != *id, "a session that is not the account's is ended", &does_not, &first)?;
    let mut times = Times::default();
    for _ in 0..PAIRS {
        if let Err(answer) = times.pair(attacker, &exists, &does_not, first.status).await {
            must(false, "one that exists is answered as one that does not", &exists, &answer)?;
        }
    }
    times.judge("a session of another", &exists, &first)
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// By how many standard deviations the ranks of `a` among both are from what chance gives them.
#[expect(clippy::cast_precision_loss, reason = "samples are small")]
fn rank_test(a: &[Duration], b: &[Duration]) -> f64 {
    let (n, m) = (a.len() as f64, b.len() as f64);
    // How many of `b` each of `a` is above, ties by half: the statistic U.
    let above = |x: &Duration| {
        b.iter()
            .map(|y| {
                if x > y {
                    1.0
                } else if x == y {
                    0.5
                } else {
                    0.0
                }
            })
            .sum::<f64>()
    };
    let u: f64 = a.iter().map(above).sum();
    (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(times: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        times.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn ranks_tell_what_differs_from_what_does_not() {
        let even = millis((0..200).map(|n| n * 2));
        let odd = millis((0..200).map(|n| n * 2 + 1));
        assert!(rank_test(&even, &odd).abs() < 1.0);
        // A few very slow answers are no difference.
        let mut some_slow = odd;
        some_slow[..5].fill(Duration::from_secs(100));
        assert!(rank_test(&even, &some_slow).abs() < THRESHOLD);
        // A third of the spread is.
        let later = millis((0..200).map(|n| n * 2 + 130));
        assert!(rank_test(&later, &even) > THRESHOLD && rank_test(&even, &later) < -THRESHOLD);
        let apart = |n: u64| rank_test(&millis(100..100 + n), &millis(0..n));
        assert!(apart(u64::try_from(FEWEST).unwrap()) > THRESHOLD);
        assert!(apart(u64::try_from(FEWEST).unwrap() - 3) < THRESHOLD);
        assert_eq!(median(&millis([3, 1, 2])), Duration::from_millis(2));
    }
}
