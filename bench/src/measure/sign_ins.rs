//! Sign-ins, against what argon2id allows.

use super::{Pace, interleave, start, turn};
use crate::{
    Outcome, PASSWORD,
    load::{Form, Forms, Lane, awake},
    process::pinned,
    results::{Bar, Limit, Results, Section},
    say_more,
    serve::account_name,
    stage::{Place, Stage, Who},
    stats::{Spread, ratios},
};
use std::{collections::HashMap, time::Duration};

/// Who signs in at once.
const PEOPLE: usize = 4;
/// The server has one core, and so by default one thread that hashes.
const THREADS: &str = "1";
/// What the C library does with much memory: nothing, or asks for large pages for it.
const AS_THEY_COME: &str = "glibc.malloc.hugetlb=0";
const LARGE: &str = "glibc.malloc.hugetlb=1";

pub(super) async fn sign_ins(stage: &Stage, pace: &Pace, results: &mut Results) -> Outcome<()> {
    let peers =
        [Who::TowerSessions(Place::Sqlite), Who::TowerSessions(Place::Postgres), Who::SessionGuard(Place::Postgres)];
    let ours = [Who::ENGINES, Who::HOSTS].concat();
    let mut servers = start(stage, &[&peers[..], &ours].concat()).await?;
    let (mut ceilings, mut next) = (HashMap::<_, [Vec<f64>; 2]>::new(), 0);
    let time = pace.time * 3;
    let rows = interleave(
        &mut servers,
        pace.half_the_rounds(),
        async |_| Ok(()),
        async |running| {
            // Just before each: how quickly a machine gets at its memory changes within a minute.
            if running.who.is_ours() {
                for (ceilings, pages) in ceilings.entry(running.who).or_default().iter_mut().zip([AS_THEY_COME, LARGE])
                {
                    ceilings.push(awake(hashes_a_second(stage, time / 2, pages)).await?);
                }
            }
            let (first, accounts) = (next, stage.accounts());
            next += 10_000;
            let plan = Forms::to("/api/sign_in", 200, move |count| {
                let account = (first + usize::try_from(count).ok()?) % accounts;
                let body = form_urlencoded::Serializer::new(String::new())
                    .append_pair("username", &account_name(account))
                    .append_pair("password", PASSWORD)
                    .finish();
                Some(Form { body, ..Form::default() })
            });
            let mut lanes = [Lane::open(running.server.address, PEOPLE, plan).await?];
            turn(stage, running, &mut lanes, time, Duration::ZERO).await
        },
    )
    .await?;
    let [alone, large] = [0, 1].map(|at| {
        let all: Vec<_> = ceilings.values().flat_map(|ceilings| &ceilings[at]).copied().collect();
        Spread::of_rounds(&all)
    });
    say_more(&format!("  argon2id alone: {:.1} a second, in large pages {:.1}", alone.median, large.median));
    let mut over_large = Vec::new();
    for row in rows.iter().filter(|row| row.ours) {
        let rates: Vec<_> = row.samples.iter().map(|sample| sample.rate).collect();
        let [alone, large] = ceilings.get(&row.who).cloned().unwrap_or_default();
        let over = |ceiling: &[f64]| Spread::of_rounds(&ratios(&rates, ceiling));
        results.bars.push(Bar {
            what: format!("Sign-ins a second: {}, over argon2id alone", row.label),
            measured: over(&alone),
            unit: "×",
            limit: Limit::AtLeast(0.95),
        });
        over_large.push(format!("{} {:.2}×", row.label, over(&large).median));
    }
    results.sections.push(Section {
        title: "Sign-ins",
        text: format!(
            "{PEOPLE} people sign in at once, over and over, each with an account of their own and argon2id at 19 MiB and \
             two passes. argon2id alone, on one thread of the same core, just before each of \
             Daypass's turns, does {:.1} a second ({:.1} to {:.1}). Daypass asks the system for large pages to hash in, \
             as whoever hashes may; in such pages argon2id alone does {:.1} a second ({:.1} to {:.1}), and over that are: {}.",
            alone.median, alone.low, alone.high, large.median, large.low, large.high, over_large.join(", ")
        ),
        rows,
    });
    Ok(())
}

async fn hashes_a_second(stage: &Stage, time: Duration, pages: &str) -> Outcome<f64> {
    let mut command = pinned(&stage.programs.bench);
    command.args(["ceiling", "--threads", THREADS, "--millis", &time.as_millis().to_string()]);
    command.env("GLIBC_TUNABLES", pages);
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}
