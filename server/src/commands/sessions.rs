use super::{Outcome, account, let_servers_hear, moment, open, table};
use crate::config::{Options, RevokeArgs, SessionsCommand};
use daypass_auth::{
    Reason, SessionId,
    clock::{Clock, SystemClock},
    policy::Standing,
    store::{ListedSession, Store, Which},
};
use serde::Serialize;
use std::{error::Error, process::ExitCode};

/// A session as others script against it.
#[derive(Serialize)]
struct Line {
    id: String,
    account: String,
    signed_in_at: String,
    last_seen_at: String,
    ends_at: String,
    remembered: bool,
    place: String,
    agent: String,
}

pub(super) async fn run(options: &Options, command: SessionsCommand) -> Outcome {
    let store = open(options).await?;
    match command {
        SessionsCommand::List { account, json } => list(options, &*store, account, json).await?,
        SessionsCommand::Revoke(args) => return revoke(&*store, args).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(
    options: &Options,
    store: &dyn Store,
    name: Option<String>,
    json: bool,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let policy = options.policy()?;
    let of = match name {
        Some(name) => Some(account(store, &name).await?.id),
        None => None,
    };
    let now = SystemClock.now();
    let alive = |ListedSession { session, agent, place }: ListedSession| match policy.standing(&session.times, now) {
        Standing::Alive(deadlines) => Some(Line {
            id: session.id.to_string(),
            account: session.account_name.to_string(),
            signed_in_at: moment(session.signed_in_at),
            last_seen_at: moment(session.times.last_activity),
            ends_at: moment(deadlines.idle.min(deadlines.absolute)),
            remembered: session.times.remembered,
            place,
            agent,
        }),
        Standing::Over(_) | Standing::FromTheFuture => None,
    };
    let lines: Vec<_> = store.sessions(of).await?.into_iter().filter_map(alive).collect();
    if json {
        println!("{}", serde_json::to_string_pretty(&lines)?);
        return Ok(());
    }
    let rows: Vec<_> = lines
        .into_iter()
        .map(|line| {
            let kept = if line.remembered { "yes" } else { "no" };
            let agent = line.agent.chars().take(40).collect();
            [
                line.id,
                line.account,
                line.signed_in_at,
                line.last_seen_at,
                line.ends_at,
                kept.to_owned(),
                line.place,
                agent,
            ]
        })
        .collect();
    print!("{}", table(["ID", "ACCOUNT", "SIGNED IN", "LAST SEEN", "ENDS", "KEPT", "PLACE", "BROWSER"], &rows));
    Ok(())
}

const NO_SUCH_SESSION: &str = "there is no such session, or it has ended already";

async fn revoke(store: &dyn Store, args: RevokeArgs) -> Outcome {
    let which = match args {
        RevokeArgs { id: Some(id), .. } => Which::Id(SessionId::parse(&id).ok_or(NO_SUCH_SESSION)?),
        RevokeArgs { account: Some(name), .. } => Which::Account(account(store, &name).await?.id, None),
        RevokeArgs { .. } => Which::All,
    };
    let one = matches!(which, Which::Id(_));
    let ended = store.end(which, Reason::Revoked, SystemClock.now(), None).await?;
    if one && ended == 0 {
        return Err(NO_SUCH_SESSION.into());
    }
    let_servers_hear().await;
    println!("Ended {ended} session{}.", if ended == 1 { "" } else { "s" });
    Ok(ExitCode::SUCCESS)
}
