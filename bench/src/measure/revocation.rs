//! A session ends on one node, and another one, which knows it, refuses it.

use super::{KNOWN, Pace};
use crate::{
    Outcome,
    load::{Connection, Fixed, Form, Plan, post},
    results::{Bar, Limit, Results},
    say_more,
    stage::{Place, Stage, Who},
    stats::{Spread, p99},
};
use std::time::{Duration, Instant};

/// Longer than it may ever take.
const LONGEST: Duration = Duration::from_secs(5);

pub(super) async fn revocation(stage: &Stage, pace: &Pace, results: &mut Results) -> Outcome<()> {
    let who = Who::Host(Place::Postgres);
    let here = stage.start(who, KNOWN).await?;
    let there = stage.start_on(who, KNOWN, here.database.clone()).await?;
    let (mut ending, mut asking) =
        (Connection::open(here.server.address).await?, Connection::open(there.server.address).await?);
    let cookies: Vec<_> = here.cookies.borrow().iter().take(pace.revocations).cloned().collect();
    let mut took = Vec::with_capacity(cookies.len());
    for cookie in &cookies {
        let mut ask = Vec::new();
        Fixed::get("/api/me", Some(cookie), 200).next(&mut ask);
        // Twice: the second time it is answered from memory.
        for _ in 0..2 {
            let status = asking.ask(&ask).await?.status;
            if status != 200 {
                return Err(format!("a session that was to be ended was dead before: {status}").into());
            }
        }
        let mut end = Vec::new();
        post(&mut end, "/api/sign_out", &Form { cookie: Some(cookie.clone()), ..Form::default() });
        let status = ending.ask(&end).await?.status;
        let ended = Instant::now();
        if status != 200 {
            return Err(format!("a session was not ended: {status}").into());
        }
        while asking.ask(&ask).await?.status != 401 {
            if ended.elapsed() > LONGEST {
                return Err("a session that was ended on one node lives on the other".into());
            }
        }
        took.push(ended.elapsed());
    }
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let median = Spread::of(&took.iter().copied().map(millis).collect::<Vec<_>>());
    let worst = took.iter().max().copied().unwrap_or_default();
    let p99 = p99(&mut took).map_or(f64::NAN, millis);
    say_more(&format!("  p99 {p99:.2} ms, longest {:.2} ms", millis(worst)));
    results.notes.push(format!(
        "From the answer to a sign-out on one node to the first refusal on the other, with the time of that request in it, \
         over {} sessions: median {:.2} ms, longest {:.2} ms.",
        took.len(),
        median.map_or(f64::NAN, |it| it.median),
        millis(worst)
    ));
    results.bars.push(Bar {
        what: format!("A sign-out on one node is refused on the other, p99 of {}", took.len()),
        measured: Spread::once(p99),
        unit: "ms",
        limit: Limit::AtMost(50.0),
    });
    Ok(())
}
