//! One request in a hundred extends its session.

use super::{CONNECTIONS, Pace, WRITTEN, bars_over_bare, interleave, start, turn};
use crate::{
    Outcome,
    load::{Checks, Connection, Form, Lane, post, run_rightly},
    results::{Results, Section},
    stage::{Running, Stage, Who},
};
use std::ops::Range;

/// Activity is written down half a minute after the last one.
const AHEAD_MS: u32 = 31_000;

/// Sessions that are used seldom: more than a round takes, so that each slides once in it.
fn seldom(stage: &Stage) -> Range<usize> {
    let used = stage.sizes.used;
    used..used + stage.sizes.spare.min(2_000)
}

async fn use_once(running: &Running, sessions: Range<usize>) -> Outcome<()> {
    let plan = Checks::of(&running.cookies, sessions, "/api/me").once();
    let mut lanes = [Lane::open(running.server.address, CONNECTIONS, plan).await?];
    run_rightly(&running.who.label(), &mut lanes, None).await?;
    Ok(())
}

/// All have just been used; then half a minute passes, and those that are used most are used again.
async fn make_due(stage: &Stage, running: &Running) -> Outcome<()> {
    let used = stage.sizes.used;
    use_once(running, 0..seldom(stage).end).await?;
    let mut request = Vec::new();
    post(&mut request, &format!("/bench/ahead?{AHEAD_MS}"), &Form::default());
    let status = Connection::open(running.server.address).await?.ask(&request).await?.status;
    if status != 200 {
        return Err(format!("the clock was not put forward: {status}").into());
    }
    use_once(running, 0..used).await
}

pub(super) async fn sliding(stage: &Stage, pace: &Pace, results: &mut Results) -> Outcome<()> {
    let peers = Who::PEERS;
    let mut servers = start(stage, &[&[Who::Bare][..], &peers, &Who::ENGINES].concat()).await?;
    let (used, seldom) = (stage.sizes.used, seldom(stage));
    let rows = interleave(
        &mut servers,
        pace.half_the_rounds(),
        async |servers| {
            for running in servers.iter().filter(|running| running.who.is_ours()) {
                make_due(stage, running).await?;
            }
            tokio::time::sleep(WRITTEN).await;
            Ok(())
        },
        async |running| {
            // Others extend a session when something is put into it.
            let path = if peers.contains(&running.who) { "/api/touch" } else { "/api/me" };
            let plan = Checks::of(&running.cookies, 0..used, "/api/me").mixed_with(seldom.clone(), path);
            let mut lanes = [Lane::open(running.server.address, CONNECTIONS, plan).await?];
            turn(stage, running, &mut lanes, pace.time, WRITTEN).await
        },
    )
    .await?;
    let section = Section {
        title: "One request in a hundred extends its session",
        text: "Activity extends a session half a minute after it last did. Daypass writes that down a second later, many \
               at a time, which is counted, and renews the cookies that are a quarter of an hour old. The others write \
               when something in the session changes, which one request in a hundred does here; session-guard by a rule of its own."
            .to_owned(),
        rows,
    };
    results.bars.extend(bars_over_bare(&section, &Who::ENGINES, "1 in 100 slides", 1.25));
    results.sections.push(section);
    Ok(())
}
