//! Accounts from a file of another program. Nothing of what is in the file is shown but the names,
//! and those without characters that a terminal would obey.

mod carry_out;
mod entry;
mod plan;
mod read_csv;
mod read_streamlit;
mod source;

use super::{Outcome, open};
use crate::config::{ImportArgs, Options};
use daypass_auth::{
    AccountName,
    store::{SqliteStore, Store},
};
use plan::{Plan, Refused};
use std::{collections::HashSet, process::ExitCode};

pub(super) async fn run(options: &Options, args: &ImportArgs) -> Outcome {
    // Read as a whole before anything is opened: a file that is no such file makes no database.
    let entries = source::read(&args.file, args.format)?;
    if args.dry_run {
        let there = SqliteStore::names(&options.database()).await?.into_iter().collect();
        let plan = Plan::make(options, entries, &there);
        tell(&plan.refused);
        let (new, there, refused) = (plan.new.len(), plan.there, plan.refused.len());
        println!("Would import {}, {} there already, {refused} refused.", accounts(new), are(there));
        return Ok(exit_code(&plan.refused));
    }
    let store = open(options).await?;
    let there: HashSet<AccountName> = store.accounts().await?.into_iter().map(|account| account.name).collect();
    let Plan { new, there, refused } = Plan::make(options, entries, &there);
    tell(&refused);
    let done = carry_out::all(&store, options.pepper(), new).await?;
    let (new, there) = (accounts(done.imported), were(there + done.there));
    println!("Imported {new}, {there} there already, {} refused.", refused.len());
    Ok(exit_code(&refused))
}

/// Says what was refused and why, each on its line.
fn tell(refused: &[Refused]) {
    for Refused { place, why } in refused {
        eprintln!("{place}: {why}");
    }
}

fn exit_code(refused: &[Refused]) -> ExitCode {
    if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn accounts(n: usize) -> String {
    format!("{n} account{}", if n == 1 { "" } else { "s" })
}

fn were(n: usize) -> String {
    format!("{n} {}", if n == 1 { "was" } else { "were" })
}

fn are(n: usize) -> String {
    format!("{n} {}", if n == 1 { "is" } else { "are" })
}
