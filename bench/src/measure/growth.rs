//! From a thousand sessions that are alive to a million.

use super::{CONNECTIONS, KNOWN, Pace, checks::warm, cold, interleave, note_asked, turn};
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
            let mut servers = Vec::new();
            for (database, cookies) in &mut databases {
                let mut running = stage.start_on(who, known, database.clone()).await?;
                // Some were renewed by the servers before, and who comes with an older one has copied it.
                running.cookies = cookies.take().unwrap_or(running.cookies);
                *cookies = Some(Cookies::clone(&running.cookies));
                servers.push(running);
            }
            let rows = if kind == "warm" {
                let (rows, asked) = warm(stage, pace.time, pace.half_the_rounds(), &mut servers, in_use(stage)).await?;
                note_asked(results, &label, asked, &rows, pace.time);
                rows
            } else {
                cold_rows(stage, pace, &mut servers).await?
            };
            results.bars.extend(bar(&label, &rows, pace.most_sessions));
            let points = sizes.iter().zip(&rows).map(|(&size, row)| (size, row.spread(|sample| sample.cpu)));
            results.growth.push(Growth { label, points: points.collect() });
        }
    }
    Ok(())
}

/// As many in each case: what grows is what is there beside them.
fn in_use(stage: &Stage) -> Range<usize> {
    0..stage.sizes.used.min(FEWEST)
}

async fn cold_rows(stage: &Stage, pace: &Pace, servers: &mut [Running]) -> Outcome<Vec<Row>> {
    let mut since = None;
    interleave(
        servers,
        pace.half_the_rounds(),
        async |servers| cold::keep_fresh(stage, servers, &mut since).await,
        async |running| {
            let plan = Checks::of(&running.cookies, in_use(stage), "/api/me");
            let mut lanes = [Lane::open(running.server.address, CONNECTIONS, plan).await?];
            turn(stage, running, &mut lanes, pace.time, Duration::ZERO).await
        },
    )
    .await
}

fn bar(label: &str, rows: &[Row], most: usize) -> Option<Bar> {
    let measured: Spread = rows.last()?.over(rows.first()?);
    let what = format!("Growth from {FEWEST} to {most} sessions: {label}, processor time");
    Some(Bar { what, measured, unit: "×", limit: Limit::AtMost(1.1) })
}
