//! From a thousand sessions that are alive to a million.

use super::{
    CONNECTIONS, KNOWN, Pace, SLICES, add_rounds, checks::warm, cold, generations, interleave_slices, note_asked, turn,
    use_once,
};
use crate::{
    Outcome,
    load::{Checks, Cookies, Lane},
    results::{Bar, Growth, Limit, Results, Row},
    say_more,
    stage::{Place, Running, Stage, Who},
    stats::Spread,
};
use std::{ops::Range, time::Duration};

/// How many there are to begin with.
const FEWEST: usize = 1_000;

pub(super) async fn growth(stage: &Stage, pace: &Pace, results: &mut Results) -> Outcome<()> {
    let sizes: Vec<_> = std::iter::successors(Some(FEWEST), |size| Some(size * 10))
        .take_while(|&size| size <= pace.most_sessions)
        .collect();
    for who in Who::ENGINES {
        let place = if who == Who::Engine(Place::Sqlite) { Place::Sqlite } else { Place::Postgres };
        let mut databases = Vec::new();
        for &size in &sizes {
            databases.push((stage.database_of(place, size.min(stage.sizes.spare), size).await?, None));
        }
        for kind in ["warm", "cold"] {
            let label = format!("{}, {kind}", who.label());
            say_more(&format!("  {label}"));
            let known = if kind == "warm" { KNOWN } else { cold::KNOWS_NONE };
            let (mut rows, mut asked) = (Vec::new(), 0);
            for rounds in generations(pace.half_the_rounds()) {
                let mut servers = Vec::new();
                for (database, cookies) in &mut databases {
                    let mut running = stage.start_on(who, known, database.clone()).await?;
                    // As the servers before left them.
                    running.cookies = cookies.take().unwrap_or(running.cookies);
                    *cookies = Some(Cookies::clone(&running.cookies));
                    servers.push(running);
                }
                let more = if kind == "warm" {
                    let (more, of_these) = warm(stage, pace.time, rounds, &mut servers, in_use(stage)).await?;
                    asked += of_these;
                    more
                } else {
                    cold_rows(stage, pace.time, rounds, &mut servers).await?
                };
                add_rounds(&mut rows, more);
            }
            if kind == "warm" {
                note_asked(results, &label, asked, &rows, pace.time);
            }
            results.bars.extend(bar(&label, &rows, pace.most_sessions));
            let points = sizes.iter().zip(&rows).map(|(&size, row)| (size, row.spread(|sample| sample.cpu)));
            results.growth.push(Growth { label, points: points.collect() });
        }
        for (database, _) in &databases {
            stage.discard(database).await?;
        }
    }
    Ok(())
}

/// As many in each case: what grows is what is there beside them.
fn in_use(stage: &Stage) -> Range<usize> {
    0..stage.sizes.used.min(FEWEST)
}

async fn cold_rows(stage: &Stage, time: Duration, rounds: usize, servers: &mut [Running]) -> Outcome<Vec<Row>> {
    let mut since = None;
    cold::keep_fresh(stage, servers, &mut since).await?;
    // What each has of its file at hand, it has from then on.
    for running in &*servers {
        use_once(running, in_use(stage)).await?;
    }
    interleave_slices(
        servers,
        rounds,
        SLICES as usize,
        async |servers| cold::keep_fresh(stage, servers, &mut since).await,
        async |running, _| {
            let plan = Checks::of(&running.cookies, in_use(stage), "/api/me");
            let mut lanes = [Lane::open(running.server.address, CONNECTIONS, plan).await?];
            turn(stage, running, &mut lanes, time / SLICES, Duration::ZERO).await
        },
    )
    .await
}

fn bar(label: &str, rows: &[Row], most: usize) -> Option<Bar> {
    let measured: Spread = rows.last()?.over(rows.first()?);
    let what = format!("Growth from {FEWEST} to {most} sessions: {label}, processor time");
    Some(Bar { what, measured, unit: "×", limit: Limit::AtMost(1.1) })
}
