//! Sessions that the server has not seen before.

use super::{CONNECTIONS, Pace, interleave, turn};
use crate::{
    Outcome,
    fill::Times,
    load::{Checks, Lane},
    results::{Results, Section},
    stage::{Running, Stage, Who},
};
use std::time::{Duration, Instant};

/// It knows one session at most, so each check of another one is its first.
pub(super) const KNOWS_NONE: u32 = 1;
/// For how long sessions count as just used, and a little less.
const FRESH: Duration = Duration::from_secs(90);

/// Keeps sessions as just used: to slide is another matter.
pub(super) async fn keep_fresh(stage: &Stage, servers: &[Running], since: &mut Option<Instant>) -> Outcome<()> {
    if since.is_none_or(|since| since.elapsed() > FRESH) {
        for running in servers.iter().filter(|running| running.who.is_ours()) {
            stage.set_times(&running.database, Times::JustUsed).await?;
        }
        *since = Some(Instant::now());
    }
    Ok(())
}

pub(super) async fn cold(stage: &Stage, pace: &Pace, results: &mut Results) -> Outcome<()> {
    let mut servers = Vec::new();
    for who in [&[Who::Bare][..], &Who::ENGINES, &Who::HOSTS].concat() {
        servers.push(stage.start(who, KNOWS_NONE).await?);
    }
    let mut since = None;
    let sessions = stage.sizes.spare;
    let rows = interleave(
        &mut servers,
        pace.fewer_rounds(),
        async |servers| keep_fresh(stage, servers, &mut since).await,
        async |running| {
            let plan = Checks::of(&running.cookies, 0..sessions, "/api/me");
            let mut lanes = [Lane::open(running.server.address, CONNECTIONS, plan).await?];
            turn(stage, running, &mut lanes, pace.time, Duration::ZERO).await
        },
    )
    .await?;
    results.sections.push(Section {
        title: "A session that the server has not seen before",
        text: format!(
            "The same with {sessions} sessions in turn, at a server that remembers one at most: each request is a \
             session's first one there (cold), and asks the database."
        ),
        rows,
    });
    Ok(())
}
