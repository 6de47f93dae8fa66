use super::{Outcome, table};
use crate::{
    config::{KeysCommand, Options, RotateArgs},
    keys::{KeyList, KeysError},
};
use daypass_auth::Key;
use std::{
    process::ExitCode,
    time::{Duration, SystemTime},
};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

pub(super) fn run(options: &Options, command: &KeysCommand) -> Outcome {
    match command {
        KeysCommand::New => println!("{}", Key::generate()?.to_line().as_str()),
        KeysCommand::List => list(options)?,
        KeysCommand::Rotate(args) => rotate(options, args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(options: &Options) -> Result<(), KeysError> {
    show(&options.key_source().list()?, SystemTime::now());
    Ok(())
}

fn show(keys: &KeyList, now: SystemTime) {
    let rows: Vec<_> = (keys.keys().iter().enumerate())
        .map(|(place, key)| {
            let what = if place == 0 { "seals and opens" } else { "opens" };
            [key.id(), what.to_owned(), key.age(now).map_or_else(|| "unknown".to_owned(), age)]
        })
        .collect();
    print!("{}", table(["ID", "USE", "AGE"], &rows));
}

fn rotate(options: &Options, args: &RotateArgs) -> Result<(), KeysError> {
    let now = SystemTime::now();
    let (said, keys) = options.key_source().change(|keys| {
        Ok(if let Some(id) = &args.promote {
            keys.promote(id)?;
            format!("Key {id} seals from the next start on.")
        } else if let Some(id) = &args.drop {
            keys.drop_key(id)?;
            format!("Key {id} is out: what it sealed opens no more from the next start on.")
        } else if args.teach {
            format!("Key {} opens from the next start on, and does not seal yet.", keys.teach(now)?)
        } else {
            format!("Key {} seals from the next start on.", keys.rotate(now)?)
        })
    })?;
    println!("{said} A server that runs keeps the keys that it started with.");
    show(&keys, now);
    if !args.teach && keys.keys().len() > 1 {
        println!("When no session from before is left, take the old ones out: daypass keys rotate --drop ID");
    }
    Ok(())
}

/// In days, or hours on the first one: nobody turns keys by the minute.
fn age(age: Duration) -> String {
    match age.as_secs() {
        seconds if seconds < HOUR => "less than an hour".to_owned(),
        seconds if seconds < DAY => format!("{}h", seconds / HOUR),
        seconds => format!("{}d", seconds / DAY),
    }
}
