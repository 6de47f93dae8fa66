use super::Outcome;
use crate::config::{Options, Settings};
use daypass_auth::{policy::Timeouts, store::SqliteStore};
use std::{process::ExitCode, time::Duration};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Shows what is in force, without secrets, and what is unsafe in it. Opens, makes and changes
/// nothing. Fails if `serve` would.
pub(super) async fn run(options: &Options) -> Outcome {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    match options.check() {
        Ok(settings) => {
            show(&settings, &mut errors);
            if let Err(error) = SqliteStore::examine(&settings.database_url).await {
                errors.push(format!("database: {error}"));
            }
            warn(&settings, &mut warnings);
        }
        Err(error) => errors.push(error.to_string()),
    }
    for error in &errors {
        println!("error    {error}");
    }
    for warning in &warnings {
        println!("warning  {warning}");
    }
    if errors.is_empty() {
        println!(
            "{}",
            if warnings.is_empty() { "ok       nothing unsafe was found" } else { "ok       it would start" }
        );
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

fn show(settings: &Settings, errors: &mut Vec<String>) {
    let keys = match settings.keys.load(false) {
        Ok(Some(ring)) => format!("{} from {}", ring.len(), settings.keys.place()),
        Ok(None) => format!("none yet; one will be made in {}", settings.keys.place()),
        Err(error) => {
            errors.push(format!("keys: {error}"));
            "none".to_owned()
        }
    };
    let secure = settings.origin.starts_with("https://");
    let times = |remembered| {
        let Timeouts { idle, absolute } = settings.policy.timeouts(remembered);
        format!("{} idle, {} at most", humantime::format_duration(idle), humantime::format_duration(absolute))
    };
    println!("origin      {}", settings.origin);
    println!("listen      {}", settings.listen);
    println!("cookie      {}", if secure { "__Host-daypass, Secure" } else { "daypass, not Secure" });
    println!("database    {}", settings.database_url);
    println!("keys        {keys}");
    println!("sessions    {}", times(false));
    println!("remembered  {}", times(true));
    println!("demo        {}", if settings.demo { "on" } else { "off" });
}

fn warn(settings: &Settings, warnings: &mut Vec<String>) {
    let ordinary = settings.policy.timeouts(false);
    if ordinary.idle > HOUR {
        warnings.push(
            "the idle timeout is longer than an hour (NIST SP 800-63B-4, 2.2.3, asks for at most that)".to_owned(),
        );
    }
    if ordinary.absolute > DAY {
        warnings.push(
            "the absolute timeout is longer than a day (NIST SP 800-63B-4, 2.2.3, asks for at most that)".to_owned(),
        );
    }
    if settings.policy.timeouts(true).absolute > 30 * DAY {
        warnings.push(
            "remembered sessions last longer than 30 days (NIST SP 800-63B-4, 2.1.3, asks for at most that)".to_owned(),
        );
    }
    if settings.origin.starts_with("http://") {
        warnings.push("cookies travel over plain http: for development on this machine only".to_owned());
    }
    if settings.demo {
        warnings.push("demo accounts are on: everybody knows their passwords".to_owned());
    }
}
