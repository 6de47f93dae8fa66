//! The loads, one file each. In each of them all servers run side by side and take turns under load: what disturbs
//! the machine for a while disturbs all of them.

mod checks;
mod cold;
mod flood;
mod growth;
mod memory;
mod page;
mod revocation;
mod sign_ins;
mod sign_outs;
mod sliding;

use crate::{
    Outcome,
    load::{Checks, Connection, Fixed, Lane, Plan, Tally, run_rightly},
    results::{Bar, Limit, Results, Row, Sample, Section},
    say_more,
    stage::{Running, Stage, Who},
    stats::{Spread, p99},
};
use std::{ops::Range, path::Path, time::Duration};

/// How often, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Rounds of the loads that most is said of; others have half as many, those that take long a quarter.
    pub(crate) rounds: usize,
    /// How long a server is under load in a round.
    pub(crate) time: Duration,
    /// The most sessions that there are in the end.
    pub(crate) most_sessions: usize,
    /// How many sessions are ended on one node and looked for on another.
    pub(crate) revocations: usize,
}

impl Pace {
    fn half_the_rounds(&self) -> usize {
        self.rounds.div_ceil(2)
    }

    fn fewer_rounds(&self) -> usize {
        self.rounds.div_ceil(4)
    }
}

/// Sessions that a server knows without asking its store, unless something else is said.
const KNOWN: u32 = daypass_auth::live::MOST_KNOWN;
/// Connections that ask at once.
const CONNECTIONS: usize = 16;
/// In how many turns each has its time in a round, where nothing has to be waited for in between.
const SLICES: u32 = 8;
/// How often servers are started anew where little is between what is asked for and what is measured. Where the memory
/// of a process happens to lie makes it several hundredths dearer or cheaper than another of the same program, for as
/// long as it runs.
const GENERATIONS: usize = 4;
/// How long it is under load before that, at least.
const WARM_UP: Duration = Duration::from_millis(50);
/// Longer than what waits to be written down waits.
const WRITTEN: Duration = Duration::from_millis(1200);

/// The loads, by the names that `--only` takes.
pub(crate) const NAMES: [&str; 11] =
    ["checks", "cold", "sliding", "guests", "growth", "sign-ins", "sign-outs", "flood", "memory", "revocation", "page"];

/// Measures what is named, or all.
pub(crate) async fn measure(stage: &Stage, pace: &Pace, only: &[String], site: Option<&Path>) -> Outcome<Results> {
    let mut results = Results::default();
    for name in NAMES {
        if !only.is_empty() && !only.iter().any(|only| only == name) {
            continue;
        }
        say_more(name);
        match name {
            "checks" => checks::signed_in(stage, pace, &mut results).await?,
            "cold" => cold::cold(stage, pace, &mut results).await?,
            "sliding" => sliding::sliding(stage, pace, &mut results).await?,
            "guests" => checks::guests(stage, pace, &mut results).await?,
            "growth" => growth::growth(stage, pace, &mut results).await?,
            "sign-ins" => sign_ins::sign_ins(stage, pace, &mut results).await?,
            "sign-outs" => sign_outs::sign_outs(stage, pace, &mut results).await?,
            "flood" => flood::flood(stage, pace, &mut results).await?,
            "memory" => memory::memory(stage, &mut results).await?,
            "revocation" => revocation::revocation(stage, pace, &mut results).await?,
            _ => page::page(site, &mut results)?,
        }
    }
    Ok(results)
}

/// Everybody's rounds, and whose turn it is in each: another one first each time, so that nobody always
/// follows the same one.
async fn interleave(
    servers: &mut [Running],
    rounds: usize,
    before: impl AsyncFnMut(&mut [Running]) -> Outcome<()>,
    mut turn: impl AsyncFnMut(&mut Running) -> Outcome<Turn>,
) -> Outcome<Vec<Row>> {
    interleave_slices(servers, rounds, 1, before, async |running, _| turn(running).await).await
}

/// The same with so many turns of each in one round, which count as one: the shorter they are, the nearer are those
/// that are compared with each other, on a machine that is quicker in one second than in the next. A turn is told which
/// of its round it is.
async fn interleave_slices(
    servers: &mut [Running],
    rounds: usize,
    slices: usize,
    mut before: impl AsyncFnMut(&mut [Running]) -> Outcome<()>,
    mut turn: impl AsyncFnMut(&mut Running, usize) -> Outcome<Turn>,
) -> Outcome<Vec<Row>> {
    let row = |running: &Running| Row {
        label: running.who.label(),
        ours: running.who.is_ours(),
        who: running.who,
        samples: Vec::with_capacity(rounds),
    };
    let mut rows: Vec<_> = servers.iter().map(row).collect();
    for round in 0..rounds {
        before(servers).await?;
        let mut turns: Vec<_> = servers.iter().map(|_| Turn::default()).collect();
        for slice in round * slices..(round + 1) * slices {
            for place in 0..servers.len() {
                let at = (place + slice * 5 + round) % servers.len();
                let at = if slice % 2 == 0 { at } else { servers.len() - 1 - at };
                turns[at].add(turn(&mut servers[at], slice - round * slices).await?);
            }
        }
        for (row, turn) in rows.iter_mut().zip(turns) {
            row.samples.push(turn.sample());
        }
    }
    for row in &rows {
        let Spread { median, low, high } = row.spread(|sample| sample.cpu);
        say_more(&format!("  {:44} {median:9.2} us ({low:.2} to {high:.2})", row.label));
    }
    Ok(rows)
}

/// How many of these rounds each generation of servers has.
fn generations(rounds: usize) -> impl Iterator<Item = usize> {
    (0..GENERATIONS).map(move |one| (one + 1) * rounds / GENERATIONS - one * rounds / GENERATIONS).filter(|&of| of > 0)
}

/// Adds the rounds of one generation to those of the ones before.
fn add_rounds(rows: &mut Vec<Row>, more: Vec<Row>) {
    if rows.is_empty() {
        *rows = more;
        return;
    }
    for (row, more) in rows.iter_mut().zip(more) {
        row.samples.extend(more.samples);
    }
}

/// Each of these sessions asks once, which is not measured.
async fn use_once(running: &Running, sessions: Range<usize>) -> Outcome<()> {
    let plan = Checks::of(&running.cookies, sessions, "/api/me").once();
    let mut lanes = [Lane::open(running.server.address, CONNECTIONS, plan).await?];
    run_rightly(&running.who.label(), &mut lanes, None).await?;
    Ok(())
}

/// One server under load. `after` is counted too: for what it does later.
async fn turn(stage: &Stage, running: &Running, lanes: &mut [Lane], time: Duration, after: Duration) -> Outcome<Turn> {
    let who = running.who.label();
    // Caches and branch predictors were somebody else's a moment ago.
    run_rightly(&who, lanes, Some((time / 5).max(WARM_UP))).await?;
    let before = stage.cpu(running)?;
    let tallies = run_rightly(&who, lanes, Some(time)).await?;
    tokio::time::sleep(after).await;
    Ok(Turn::new(tallies, stage.cpu(running)? - before))
}

/// What a server did when it was its turn, once or several times.
#[derive(Debug, Default)]
struct Turn {
    answered: u64,
    elapsed: Duration,
    /// Each of them, in nanoseconds.
    took: Vec<u32>,
    /// Processor time.
    used: Duration,
}

impl Turn {
    fn new(tallies: Vec<Tally>, used: Duration) -> Self {
        Self {
            answered: tallies.iter().map(|tally| tally.answered).sum(),
            elapsed: tallies.iter().map(|tally| tally.elapsed).max().unwrap_or_default(),
            took: tallies.into_iter().flat_map(|tally| tally.took).collect(),
            used,
        }
    }

    fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.elapsed += other.elapsed;
        self.took.extend(other.took);
        self.used += other.used;
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn sample(mut self) -> Sample {
        Sample {
            cpu: self.used.as_secs_f64() * 1e6 / self.answered as f64,
            rate: self.answered as f64 / self.elapsed.as_secs_f64(),
            p99: p99(&mut self.took).map_or(f64::NAN, |nanos| f64::from(nanos) / 1e3),
        }
    }
}

/// How many checks have asked the store: what stands in memory is believed only as long as the store is known to tell
/// of changes, which a machine that is too busy may be late to prove; and a session is read anew when its cookie was
/// renewed. Nothing of others.
async fn asked(running: &Running) -> Outcome<u64> {
    if !matches!(running.who, Who::Engine(_)) {
        return Ok(0);
    }
    let mut request = Vec::new();
    Fixed::get("/bench/asked", None, 200).next(&mut request);
    let mut connection = Connection::open(running.server.address).await?;
    Ok(std::str::from_utf8(connection.ask(&request).await?.body)?.parse()?)
}

/// Says so where checks that should have been answered from memory were not.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn note_asked(results: &mut Results, what: &str, asked: u64, rows: &[Row], time: Duration) {
    let of_ours = rows.iter().filter(|row| matches!(row.who, Who::Engine(_)));
    let checks: f64 = of_ours.flat_map(|row| &row.samples).map(|sample| sample.rate * time.as_secs_f64()).sum();
    if asked as f64 > checks / 1000.0 {
        results.notes.push(format!(
            "{what}: {asked} of about {checks:.0} checks by the engine asked the database, though they were of sessions \
             that it knew: most likely the machine was too busy to prove in time that what is remembered still holds. \
             What was measured is dearer by that."
        ));
    }
}

/// Starts them all, with as many sessions known as a server knows if nothing else is said.
async fn start(stage: &Stage, who: &[Who]) -> Outcome<Vec<Running>> {
    let mut running = Vec::with_capacity(who.len());
    for &who in who {
        running.push(stage.start(who, KNOWN).await?);
    }
    Ok(running)
}

/// The processor time of each of ours over that of bare axum.
fn bars_over_bare(section: &Section, who: &[Who], what: &str, limit: f64) -> Vec<Bar> {
    let over = |&who: &Who| {
        let (row, bare) = (section.row(who)?, section.row(Who::Bare)?);
        let what = format!("{what}: {}, processor time over bare axum", who.label());
        Some(Bar { what, measured: row.over(bare), unit: "×", limit: Limit::AtMost(limit) })
    };
    who.iter().filter_map(over).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_is_some_generations() {
        for rounds in [1, 2, 5, 10, 20] {
            let each: Vec<_> = generations(rounds).collect();
            assert_eq!((each.iter().sum::<usize>(), each.len()), (rounds, rounds.min(GENERATIONS)), "{rounds}");
        }
    }

    #[test]
    fn rounds_of_all_generations_stand_in_one_row() {
        let row = |who: Who, cpu| {
            let samples = vec![Sample { cpu, ..Sample::default() }];
            Row { label: who.label(), ours: who.is_ours(), who, samples }
        };
        let mut rows = Vec::new();
        for cpu in [1.0, 2.0] {
            add_rounds(&mut rows, vec![row(Who::Bare, cpu), row(Who::Jar, cpu + 10.0)]);
        }
        assert_eq!(rows.iter().map(Row::cpu).collect::<Vec<_>>(), [[1.0, 2.0], [11.0, 12.0]]);
    }
}
