use super::Outcome;
use crate::config::KeysCommand;
use daypass_auth::Key;
use std::process::ExitCode;

pub(super) fn run(command: &KeysCommand) -> Outcome {
    match command {
        KeysCommand::New => println!("{}", Key::generate()?.to_line().as_str()),
    }
    Ok(ExitCode::SUCCESS)
}
