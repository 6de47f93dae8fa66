//! What operators type. Results go to standard output, the log and errors to standard error.
#![expect(clippy::print_stdout, reason = "this is the commands' output")]

mod db;
mod doctor;
mod events;
mod import;
mod keys;
mod sessions;
mod users;

use crate::config::{Cli, Command, Options};
use daypass_auth::{
    Account, AccountName,
    clock::Timestamp,
    password::{Password, PasswordError},
    store::{self, Store, TOLD_WITHIN},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    error::Error,
    process::ExitCode,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

type Outcome = Result<ExitCode, Box<dyn Error + Send + Sync>>;

/// Runs one command.
///
/// # Errors
/// What went wrong, in one line for the person who typed it.
pub async fn run(cli: Cli) -> Outcome {
    let options = &cli.options;
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => crate::serve(options).await.map(|()| ExitCode::SUCCESS).map_err(Into::into),
        Command::Doctor => doctor::run(options).await,
        Command::Users(command) => users::run(options, command).await,
        Command::Sessions(command) => sessions::run(options, command).await,
        Command::Events(args) => events::run(options, args).await,
        Command::Keys(command) => keys::run(options, &command),
        Command::Db(command) => db::run(command).await,
    }
}

/// Says in one line why it failed.
#[expect(clippy::print_stderr, reason = "this is the command's error")]
pub fn fail(why: &str) -> ExitCode {
    eprintln!("daypass: {why}");
    ExitCode::FAILURE
}

async fn open(options: &Options) -> Result<Arc<dyn Store>, Box<dyn Error + Send + Sync>> {
    Ok(store::open(options.database().reveal()).await?)
}

/// Servers that run remember sessions, and are told of what ended: whoever reads that it is done may rely
/// on it. Twice as long as it takes, since they have other things to do.
async fn let_servers_hear() {
    tokio::time::sleep(2 * TOLD_WITHIN).await;
}

/// A bar on standard error for so many, which draws nothing where that is no terminal.
fn bar(all: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template);
    ProgressBar::with_draw_target(Some(all), ProgressDrawTarget::stderr())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The account of that name.
async fn account(store: &dyn Store, name: &str) -> Result<Account, Box<dyn Error + Send + Sync>> {
    let name = AccountName::parse(name)?;
    match store.account(&name).await? {
        Some((account, _)) => Ok(account),
        None => Err(format!("there is no account {name}").into()),
    }
}

/// A new password for the account of that name: not made of that name, of ours or of the host's.
fn chosen(options: &Options, name: &AccountName, text: &str) -> Result<Password, PasswordError> {
    let host = options.public_host();
    let mut context = vec![name.as_str(), "daypass"];
    context.extend(host.as_deref());
    Password::chosen(text, &context, options.leaked().as_ref())
}

/// A moment as operators read it: UTC, RFC 3339.
fn moment(at: Timestamp) -> String {
    let since = Duration::from_millis(u64::try_from(at.as_millis()).unwrap_or(0));
    humantime::format_rfc3339_seconds(UNIX_EPOCH + since).to_string()
}

/// Columns under their heads, wide enough for what is in them.
fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).chain([head[column].len()]).max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    let mut line = |cells: [&str; N]| {
        let cells: Vec<_> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    };
    line(head);
    for row in rows {
        line(std::array::from_fn(|column| row[column].as_str()));
    }
    text
}
