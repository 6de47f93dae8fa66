//! Wrong passwords come in floods, and people who are signed in go on.

use super::{Pace, Turn, checks::use_all, start};
use crate::{
    Outcome,
    load::{Checks, Form, Forms, Lane, run, run_rightly},
    results::{Bar, Limit, Results, Row, Sample, Section},
    say_more,
    stage::{Running, Stage, Who},
    stats::{Spread, ratios},
};

/// Who is signed in, and who guesses.
const PEOPLE: usize = 4;
const GUESSERS: usize = 16;

pub(super) async fn flood(stage: &Stage, pace: &Pace, results: &mut Results) -> Outcome<()> {
    let mut rows = Vec::new();
    for who in [Who::ENGINES, Who::HOSTS].concat() {
        let mut servers = start(stage, &[who]).await?;
        let (mut quiet, mut flooded) = (Vec::new(), Vec::new());
        for round in 0..pace.fewer_rounds() {
            use_all(stage, &mut servers).await?;
            for running in &servers {
                quiet.push(checks(stage, pace, running, None).await?);
                flooded.push(checks(stage, pace, running, Some(round)).await?);
            }
        }
        let p99s = |samples: &[Sample]| samples.iter().map(|sample| sample.p99).collect::<Vec<_>>();
        let measured = Spread::of_rounds(&ratios(&p99s(&flooded), &p99s(&quiet)));
        say_more(&format!("  {:44} {:9.2} x the p99 without", who.label(), measured.median));
        results.bars.push(Bar {
            what: format!("Wrong passwords beside checks: {}, p99 of a check over that without them", who.label()),
            measured,
            unit: "×",
            limit: Limit::AtMost(3.0),
        });
        let row = |label, samples| Row { label, ours: true, who, samples };
        rows.push(row(who.label(), quiet));
        rows.push(row(format!("{}, flooded", who.label()), flooded));
    }
    results.sections.push(Section {
        title: "A flood of wrong passwords beside checks",
        text: format!(
            "{PEOPLE} connections check; with the flood {GUESSERS} more send wrong passwords without a pause, each for \
             another name from another address, so that none of them has to wait. Server, hashing and database have one \
             core together. Rate and percentile are those of the checks alone; the processor time of the flood counts \
             into that of a check."
        ),
        rows,
    });
    Ok(())
}

async fn checks(stage: &Stage, pace: &Pace, running: &Running, flood: Option<usize>) -> Outcome<Sample> {
    let address = running.server.address;
    let plan = Checks::of(&running.cookies, 0..stage.sizes.used, "/api/me");
    let mut lanes = vec![Lane::open(address, PEOPLE, plan).await?];
    let who = running.who.label();
    run_rightly(&who, &mut lanes, Some(pace.time / 5)).await?;
    if let Some(round) = flood {
        let plan = Forms::to("/api/sign_in", 401, move |count| {
            let number = u32::try_from(count).ok()? + u32::try_from(round).ok()? * 1_000_000;
            let [_, a, b, c] = number.to_be_bytes();
            let place = Some(format!("10.{a}.{b}.{c}"));
            Some(Form { place, body: format!("username=nobody{number}&password=not+the+password"), cookie: None })
        });
        lanes.push(Lane::open(address, GUESSERS, plan).await?);
    }
    let before = stage.cpu(running)?;
    let mut tallies = run(&mut lanes, Some(pace.time * 2)).await?;
    let used = stage.cpu(running)? - before;
    let flooded = tallies.split_off(1);
    for tally in &tallies {
        if let Some((status, times)) = tally.wrong.first_key_value() {
            return Err(format!("{who} answered {status} {times} times to checks").into());
        }
    }
    // Too many at once are told to come again later, which is right; any other answer is not.
    if let Some((status, _)) = flooded.iter().flat_map(|tally| &tally.wrong).find(|(status, _)| **status != 503) {
        return Err(format!("{who} answered {status} to a wrong password").into());
    }
    Ok(Turn::new(tallies, used).sample())
}
