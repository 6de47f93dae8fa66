//! Some sign out while others go on.

use super::{CONNECTIONS, Pace, checks::use_all, interleave, start, turn};
use crate::{
    Outcome,
    load::{Checks, Form, Forms, Lane},
    results::{Results, Section},
    stage::{Place, Stage, Who},
};
use std::{collections::HashMap, time::Duration};

/// Who signs out at once.
const LEAVING: usize = 1;

pub(super) async fn sign_outs(stage: &Stage, pace: &Pace, results: &mut Results) -> Outcome<()> {
    let peers =
        [Who::TowerSessions(Place::Sqlite), Who::TowerSessions(Place::Postgres), Who::SessionGuard(Place::Postgres)];
    let mut servers = start(stage, &[&peers[..], &Who::ENGINES, &Who::HOSTS].concat()).await?;
    let (used, spare) = (stage.sizes.used, stage.sizes.spare);
    // Each session signs out once, in some round.
    let rounds = pace.fewer_rounds();
    let share = spare / rounds;
    let mut turns: HashMap<String, usize> = HashMap::new();
    let rows = interleave(
        &mut servers,
        rounds,
        async |servers| use_all(stage, servers).await,
        async |running| {
            let turns = turns.entry(running.who.label()).or_default();
            let first = used + *turns * share;
            *turns += 1;
            let cookies = running.cookies.clone();
            let leave = Forms::to("/api/sign_out", 200, move |count| {
                let session = usize::try_from(count).ok().filter(|&count| count < share)? + first;
                Some(Form { cookie: Some(cookies.borrow()[session].clone()), ..Form::default() })
            });
            let stay = Checks::of(&running.cookies, 0..used, "/api/me");
            let mut lanes = [
                Lane::open(running.server.address, CONNECTIONS - LEAVING, stay).await?,
                Lane::open(running.server.address, LEAVING, leave).await?,
            ];
            turn(stage, running, &mut lanes, pace.time, Duration::ZERO).await
        },
    )
    .await?;
    results.sections.push(Section {
        title: "Sign-outs while others go on",
        text: format!(
            "{LEAVING} of {CONNECTIONS} connections ends one session after the other, the rest check {used} others. Time, \
             rate and percentile are of both together, so whoever signs people out quickly has more of the dearer requests."
        ),
        rows,
    });
    Ok(())
}
