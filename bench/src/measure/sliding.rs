//! One request in a hundred extends its session.

use super::{
    CONNECTIONS, KNOWN, Pace, WRITTEN, add_rounds, bars_over_bare, generations, interleave_slices, start, turn,
    use_once,
};
use crate::{
    Outcome,
    fill::Times,
    load::{Checks, Connection, Form, Lane, post},
    results::{Results, Section},
    stage::{Running, Stage, Who},
};
use std::{ops::Range, time::Duration};

/// In how many turns each has its time: few, since after each of ours is waited until it has written.
const SLICES: u32 = 2;
/// Activity is written down half a minute after the last one.
const AHEAD_MS: u32 = 31_000;

/// Sessions that are used seldom: more than a round takes, so that none slides twice in it.
fn seldom(stage: &Stage) -> Range<usize> {
    let used = stage.sizes.used;
    used..used + stage.sizes.spare.min(2_000)
}

/// Those of them that a turn uses, which no other turn of the round does.
fn of_turn(seldom: &Range<usize>, slice: usize) -> Range<usize> {
    let each = seldom.len() / SLICES as usize;
    let first = seldom.start + slice * each;
    first..first + each
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
    let (used, seldom) = (stage.sizes.used, seldom(stage));
    let mut rows = Vec::new();
    for rounds in generations(pace.half_the_rounds()) {
        let mut servers = start(stage, &[&[Who::Bare][..], &peers].concat()).await?;
        for who in Who::ENGINES {
            let database = stage.database(who).await?;
            stage.set_times(&database, Times::OfAllAges).await?;
            servers.push(stage.start_on(who, KNOWN, database).await?);
        }
        for running in &servers {
            use_once(running, 0..seldom.end).await?;
        }
        let more = interleave_slices(
            &mut servers,
            rounds,
            SLICES as usize,
            async |servers| {
                for running in servers.iter().filter(|running| running.who.is_ours()) {
                    make_due(stage, running).await?;
                }
                tokio::time::sleep(WRITTEN).await;
                Ok(())
            },
            async |running, slice| {
                // Others extend a session when something is put into it, and write that before they answer.
                let path = if peers.contains(&running.who) { "/api/touch" } else { "/api/me" };
                let after = if running.who.is_ours() { WRITTEN } else { Duration::ZERO };
                let slide = of_turn(&seldom, slice);
                let plan = Checks::of(&running.cookies, 0..used, "/api/me").mixed_with(slide, path);
                let mut lanes = [Lane::open(running.server.address, CONNECTIONS, plan).await?];
                turn(stage, running, &mut lanes, pace.time / SLICES, after).await
            },
        )
        .await?;
        add_rounds(&mut rows, more);
        stage.end(servers).await?;
    }
    let section = Section {
        title: "One request in a hundred extends its session",
        text:
            "Activity extends a session half a minute after it last did. Daypass writes that down a second later, many \
               at a time, which is counted, with what the database does besides in that second, and renews the cookies \
               that are a quarter of an hour old: here they are of all ages. The others write when something in the \
               session changes, which one request in a hundred does here; session-guard by a rule of its own."
                .to_owned(),
        rows,
    };
    results.bars.extend(bars_over_bare(&section, &Who::ENGINES, "1 in 100 slides", 1.25));
    results.sections.push(section);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_turns_of_a_round_use_the_same_session() {
        let seldom = 1_000..3_000;
        let turns: Vec<_> = (0..SLICES as usize).map(|slice| of_turn(&seldom, slice)).collect();
        assert_eq!((turns[0].start, turns.iter().map(Range::len).sum::<usize>()), (1_000, 2_000));
        assert!(turns.windows(2).all(|two| two[0].end == two[1].start));
    }
}
