use super::{Outcome, account, moment, open, table};
use crate::config::{EventsArgs, Options};
use daypass_auth::{audit::Event, store::Store};
use serde::Serialize;
use std::{collections::HashMap, error::Error, io::Write, process::ExitCode, time::Duration};

/// How often a command that follows looks again.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// An event as others script against it.
#[derive(Serialize)]
struct Line<'a> {
    id: i64,
    at: String,
    event: &'static str,
    account: Option<&'a str>,
    session: Option<&'a str>,
    reason: Option<&'static str>,
    count: u32,
    place: &'a str,
    agent: &'a str,
}

pub(super) async fn run(options: &Options, args: EventsArgs) -> Outcome {
    let store = open(options).await?;
    let events = read(&*store, &args).await?;
    if !args.json && !args.follow {
        let rows: Vec<_> = events.iter().map(columns).collect();
        print!("{}", table(["TIME", "EVENT", "ACCOUNT", "REASON", "TIMES", "PLACE", "SESSION"], &rows));
        return Ok(ExitCode::SUCCESS);
    }
    // What was shown, by how often it had happened: failures in a row are counted in one event.
    let mut shown = HashMap::new();
    show(&events, &args, &mut shown)?;
    if !args.follow {
        return Ok(ExitCode::SUCCESS);
    }
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        show(&read(&*store, &args).await?, &args, &mut shown)?;
    }
}

/// The latest, the earliest of them first.
async fn read(store: &dyn Store, args: &EventsArgs) -> Result<Vec<Event>, Box<dyn Error + Send + Sync>> {
    let of = match &args.account {
        Some(name) => Some(account(store, name).await?.id),
        None => None,
    };
    let mut events = store.events(of, args.most).await?;
    events.reverse();
    Ok(events)
}

/// A line for each that was not shown yet, or has happened again since.
fn show(
    events: &[Event],
    args: &EventsArgs,
    shown: &mut HashMap<i64, u32>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut out = std::io::stdout().lock();
    for event in events {
        if shown.insert(event.id, event.count) == Some(event.count) {
            continue;
        }
        if args.json {
            writeln!(out, "{}", serde_json::to_string(&line(event))?)?;
        } else {
            writeln!(out, "{}", columns(event).join("  ").trim_end())?;
        }
    }
    // Those that are no longer among the latest do not come back.
    shown.retain(|id, _| events.iter().any(|event| event.id == *id));
    Ok(out.flush()?)
}

fn line(event: &Event) -> Line<'_> {
    Line {
        id: event.id,
        at: moment(event.at),
        event: event.kind.vocabulary(),
        account: event.account.as_ref().map(daypass_auth::AccountName::as_str),
        session: event.session.as_ref().map(daypass_auth::SessionId::as_str),
        reason: event.reason.map(daypass_auth::Reason::as_str),
        count: event.count,
        place: &event.place,
        agent: &event.agent,
    }
}

fn columns(event: &Event) -> [String; 7] {
    let Line { at, event, account, session, reason, count, place, .. } = line(event);
    let text = |text: Option<&str>| text.unwrap_or("-").to_owned();
    [at, event.to_owned(), text(account), text(reason), count.to_string(), place.to_owned(), text(session)]
}
