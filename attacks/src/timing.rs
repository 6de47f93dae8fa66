//! Whether the time of an answer tells which names exist.
//!
//! Two samples are compared by their ranks (Mann and Whitney), which asks nothing of how times are
//! distributed, and is not moved by a few slow answers. The tries are interleaved, so that what slows
//! the machine slows both. A difference counts beyond 4.5 standard deviations: by chance that happens
//! once in 150,000 runs. With fewer than 16 pairs not even two samples that do not overlap reach it.
//!
//! A server that slows guessing lets nobody have more pairs than its free tries, an attacker from one
//! network neither: what such a sample does not show, one network cannot find out.

use crate::{
    attacker::Attacker,
    message::Ask,
    outcome::{Outcome, must, not_applicable},
};
use std::time::{Duration, Instant};

/// Pairs of tries, at most.
const PAIRS: usize = 200;
/// And at least.
const FEWEST: usize = 16;
/// Standard deviations by which ranks may differ.
const THRESHOLD: f64 = 4.5;

pub(crate) async fn names(attacker: &Attacker) -> Outcome {
    if !attacker.target.timing {
        return Err(not_applicable(
            "times are measured on a machine that does nothing else: --timing, with --only A11-time",
        ));
    }
    let account = &attacker.target.account;
    let right = || attacker.guess(&account.name, &account.password);
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let ask = attacker.guess(&account.name, "wrong guess");
    let mut last = attacker.send(&ask).await;
    'pairs: for n in 0..PAIRS {
        // A right password makes the name's count begin anew.
        if n % (attacker.target.limits.tries_on_a_name - 1).max(1) == 0 {
            attacker.send(&right()).await;
        }
        let fresh = attacker.guess(&attacker.nobody(), "wrong guess");
        // Each is the first of a pair as often as the second.
        let mut pair = [(&ask, &mut known), (&fresh, &mut unknown)];
        if n % 2 == 1 {
            pair.swap(0, 1);
        }
        for (ask, times) in pair {
            let (time, answer) = timed(attacker, ask).await;
            if answer.status != 401 {
                last = answer;
                break 'pairs;
            }
            last = answer;
            times.push(time);
        }
    }
    let pairs = known.len().min(unknown.len());
    if pairs < FEWEST {
        return Err(not_applicable(format!(
            "the server looked at {pairs} pairs of tries only, and {FEWEST} are needed: make this attack alone"
        )));
    }
    let difference = rank_test(&known, &unknown);
    let wrong = format!(
        "after {pairs} pairs of tries the times of a name that exists differ by {difference:.1} standard deviations \
         (medians {:?} and {:?})",
        median(&known),
        median(&unknown)
    );
    must(difference.abs() < THRESHOLD, wrong, &ask, &last)
}

async fn timed(attacker: &Attacker, ask: &Ask) -> (Duration, crate::message::Answer) {
    let begin = Instant::now();
    let answer = attacker.send(ask).await;
    (begin.elapsed(), answer)
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
