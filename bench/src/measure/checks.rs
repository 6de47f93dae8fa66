//! Who asks is signed in and known; or brings nothing; or brings what does not open.

use super::{
    CONNECTIONS, Pace, SLICES, WRITTEN, add_rounds, asked, bars_over_bare, generations, interleave_slices, note_asked,
    start, turn, use_once,
};
use crate::{
    Outcome,
    load::{Checks, Fixed, Lane, Spoilt},
    results::{Bar, Limit, Results, Row, Section},
    say_more,
    stage::{Place, Running, Stage, Who},
};
use std::{ops::Range, time::Duration};

/// Everybody.
fn all() -> Vec<Who> {
    [&[Who::Bare, Who::Jar][..], &Who::PEERS, &Who::ENGINES, &Who::HOSTS].concat()
}

/// Lets each session in use ask until its server knows it, and what that leaves to be written down be written, after
/// which it is read once more.
pub(super) async fn use_all(stage: &Stage, servers: &mut [Running]) -> Outcome<()> {
    for _ in 0..2 {
        for running in &*servers {
            use_once(running, 0..stage.sizes.used).await?;
        }
        tokio::time::sleep(WRITTEN).await;
    }
    Ok(())
}

/// Checks of these sessions, all of which a server has seen before; and how many of them asked the database
/// all the same.
pub(super) async fn warm(
    stage: &Stage,
    time: Duration,
    rounds: usize,
    servers: &mut [Running],
    used: Range<usize>,
) -> Outcome<(Vec<Row>, u64)> {
    let mut asked_in_all = 0;
    let rows = interleave_slices(
        servers,
        rounds,
        SLICES as usize,
        async |servers| use_all(stage, servers).await,
        async |running, _| {
            let plan = Checks::of(&running.cookies, used.clone(), "/api/me");
            let mut lanes = [Lane::open(running.server.address, CONNECTIONS, plan).await?];
            let before = asked(running).await?;
            let turn = turn(stage, running, &mut lanes, time / SLICES, Duration::ZERO).await?;
            let asked = asked(running).await? - before;
            if asked > 0 {
                say_more(&format!("  {} asked its database {asked} times in one turn", running.who.label()));
            }
            asked_in_all += asked;
            Ok(turn)
        },
    )
    .await?;
    Ok((rows, asked_in_all))
}

pub(super) async fn signed_in(stage: &Stage, pace: &Pace, results: &mut Results) -> Outcome<()> {
    let used = stage.sizes.used;
    let (mut rows, mut asked) = (Vec::new(), 0);
    for rounds in generations(pace.rounds) {
        let mut servers = start(stage, &all()).await?;
        let (more, of_these) = warm(stage, pace.time, rounds, &mut servers, 0..used).await?;
        add_rounds(&mut rows, more);
        asked += of_these;
        stage.end(servers).await?;
    }
    note_asked(results, "Signed in, warm", asked, &rows, pace.time);
    let section = Section {
        title: "A request of somebody who is signed in",
        text: format!(
            "`GET /api/me` with the cookies of {used} sessions in turn, all of which the server has seen before (warm). \
             That they are used is noted each half a minute; what it takes to write that down, and to renew a cookie, is \
             in the table of those who slide."
        ),
        rows,
    };
    results.bars.extend(bars_over_bare(&section, &Who::ENGINES, "Signed in, warm", 1.18));
    results.bars.extend(bars_over_bare(&section, &Who::HOSTS, "Signed in, warm", 1.55));
    results.bars.extend(bars_over_peers(&section));
    results.sections.push(section);
    Ok(())
}

/// How far the others are behind: each at least a little, and where they ask a database by far.
fn bars_over_peers(section: &Section) -> Vec<Bar> {
    let behind = |peer: Who| {
        let (ours, limit) = match peer {
            Who::TowerSessions(Place::Sqlite) => (Place::Sqlite, 5.0),
            Who::TowerSessions(Place::Postgres) => (Place::Postgres, 10.0),
            Who::SessionGuard(Place::Postgres) => (Place::Postgres, 1.0),
            _ => (Place::Sqlite, 1.0),
        };
        let (ours, theirs) = (section.row(Who::Engine(ours))?, section.row(peer)?);
        let what = format!("Signed in, warm: {}, processor time over {}", peer.label(), ours.label);
        Some(Bar { what, measured: theirs.over(ours), unit: "×", limit: Limit::AtLeast(limit) })
    };
    Who::PEERS.into_iter().filter_map(behind).collect()
}

/// What a stranger brings.
#[derive(Clone, Copy)]
enum Brings {
    Nothing,
    /// A cookie that does not open, the same each time.
    TheSame,
    /// Another one each time.
    Another,
}

pub(super) async fn guests(stage: &Stage, pace: &Pace, results: &mut Results) -> Outcome<()> {
    let mut sections = [
        (
            "A request of a guest",
            "`GET /api/guest`, which asks whether there is a session, without a cookie. The host and session-guard \
             have no such call; their `GET /api/me` answers 401.",
            1.05,
            Brings::Nothing,
        ),
        (
            "A cookie that does not open",
            "The same with a cookie of the right name and length, of which one character is another, over and over, as \
             whoever keeps no cookies sends it. Daypass tells the browser to forget it, and the host writes a line into \
             its log. That it does not open is remembered.",
            1.18,
            Brings::TheSame,
        ),
        (
            "Cookies that do not open, another one each time",
            "The same with other characters in each request, as whoever makes them up sends them: nothing that was \
             remembered helps.",
            1.18,
            Brings::Another,
        ),
    ]
    .map(|(title, text, limit, brings)| (Section { title, text: text.to_owned(), rows: Vec::new() }, limit, brings));
    for rounds in generations(pace.half_the_rounds()) {
        let mut servers = start(stage, &all()).await?;
        for (section, _, brings) in &mut sections {
            add_rounds(&mut section.rows, strangers(stage, pace, rounds, &mut servers, *brings).await?);
        }
        stage.end(servers).await?;
    }
    for (section, limit, _) in sections {
        results.bars.extend(bars_over_bare(&section, &Who::ENGINES, section.title, limit));
        results.sections.push(section);
    }
    Ok(())
}

/// Requests of who has no session.
async fn strangers(
    stage: &Stage,
    pace: &Pace,
    rounds: usize,
    servers: &mut [Running],
    brings: Brings,
) -> Outcome<Vec<Row>> {
    interleave_slices(
        servers,
        rounds,
        SLICES as usize,
        async |_| Ok(()),
        async |running, _| {
            let (path, status) = running.who.for_guests();
            let address = running.server.address;
            let cookie = running.cookies.borrow()[0].clone();
            let lane = match brings {
                Brings::Nothing => Lane::open(address, CONNECTIONS, Fixed::get(path, None, status)).await?,
                Brings::TheSame => {
                    Lane::open(address, CONNECTIONS, Fixed::get(path, Some(&spoilt(&cookie)), status)).await?
                }
                Brings::Another => Lane::open(address, CONNECTIONS, Spoilt::get(path, &cookie, status)).await?,
            };
            turn(stage, running, &mut [lane], pace.time / SLICES, Duration::ZERO).await
        },
    )
    .await
}

/// The same cookie with another character in its middle.
fn spoilt(cookie: &str) -> String {
    let middle = usize::midpoint(cookie.find('=').unwrap_or(0), cookie.len());
    let other = if cookie.as_bytes()[middle] == b'A' { "B" } else { "A" };
    format!("{}{other}{}", &cookie[..middle], &cookie[middle + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spoilt_cookie_is_another_one_of_the_same_name_and_length() {
        for cookie in ["session=AAAAAAAAAAAA", "session=bcdefghijklm"] {
            let spoilt = spoilt(cookie);
            assert_ne!(spoilt, cookie);
            assert_eq!((spoilt.len(), &spoilt[..8]), (cookie.len(), "session="));
        }
    }
}
