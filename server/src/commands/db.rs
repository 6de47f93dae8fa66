use super::{Outcome, bar};
use crate::config::DbCommand;
use daypass_auth::store::{Moved, move_all};
use std::process::ExitCode;

pub(super) async fn run(command: DbCommand) -> Outcome {
    let DbCommand::Move { from, to } = command;
    let bar = bar(0, "{bar:40} {percent}%, {eta} left");
    let moved = move_all(from.reveal(), to.reveal(), |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    })
    .await;
    bar.finish_and_clear();
    let Moved { accounts, sessions, events, attempts, already } = moved?;
    let said = if already { "All of it was there already" } else { "Moved, and compared" };
    println!("{said}: {accounts} accounts, {sessions} sessions, {events} events, {attempts} counts of tries.");
    Ok(ExitCode::SUCCESS)
}
