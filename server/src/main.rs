//! `daypass`: wiring only.

#![forbid(unsafe_code)]

use clap::Parser;
use daypass_server::{commands, config::Cli, log};
use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything reads the environment, and from this folder alone: one further up may be
    // anybody's. A missing file is fine; one that cannot be read is not.
    if let Err(error) = dotenvy::from_path(".env")
        && !error.not_found()
    {
        return commands::fail(&format!(".env: {error}"));
    }
    let cli = Cli::parse();
    log::start(cli.options.log);
    // Two threads at least: rendering waits for itself on one.
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).max(2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    match runtime {
        Ok(runtime) => match runtime.block_on(commands::run(cli)) {
            Ok(code) => code,
            Err(error) => commands::fail(&error.to_string()),
        },
        Err(error) => commands::fail(&error.to_string()),
    }
}
