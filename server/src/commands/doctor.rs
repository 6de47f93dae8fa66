use super::Outcome;
use crate::config::{Effective, Options, Settings};
use daypass_auth::store;
use std::{
    process::ExitCode,
    time::{Duration, SystemTime},
};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Shows what is in force, without secrets, and what is unsafe in it. Opens, makes and changes
/// nothing. Fails if `serve` would.
pub(super) async fn run(options: &Options) -> Outcome {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    show(options);
    match options.check() {
        Ok(settings) => {
            match settings.keys.load(false) {
                Ok(keys) => warnings.extend(keys.and_then(|keys| keys.warning(SystemTime::now()))),
                Err(error) => errors.push(format!("keys: {error}")),
            }
            errors.extend(settings.pepper.look(&settings.keys).err().map(|error| format!("pepper: {error}")));
            errors.extend(settings.leaked.as_ref().and_then(|leaked| leaked.look().err()).map(|it| it.to_string()));
            errors.extend(
                store::examine(settings.database_url.reveal()).await.err().map(|error| format!("database: {error}")),
            );
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

/// Also a configuration that is refused is shown: that is when one wants to see it.
fn show(options: &Options) {
    let Effective { origin, listen, keys, cookie } = options.effective();
    let times = |idle, absolute| {
        format!("{} idle, {} at most", humantime::format_duration(idle), humantime::format_duration(absolute))
    };
    println!("origin      {origin}");
    println!("listen      {listen}");
    println!("cookie      {cookie}");
    println!("database    {}", store::shown(options.database().reveal()));
    println!("keys        {keys}");
    println!("pepper      {}", options.pepper().place());
    println!("leaked      {}", options.leaked().map_or_else(|| "none".into(), |it| it.path().display().to_string()));
    println!("sessions    {}", times(options.idle_timeout, options.absolute_timeout));
    println!("remembered  {}", times(options.remembered_idle_timeout, options.remembered_absolute_timeout));
    println!("sudo        {} after a password was given", humantime::format_duration(options.sudo));
    println!("at most     {} sessions an account", options.most_sessions);
    match options.calls_per_minute {
        0 => println!("requests    without limit"),
        most => println!("requests    {most} a minute from one network"),
    }
    println!("demo        {}", if options.demo { "on" } else { "off" });
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
    if settings.origin.starts_with("https://") && settings.proxies.is_empty() {
        warnings.push(
            "no proxy is trusted (DAYPASS_TRUSTED_PROXIES): all who come through the one that speaks https are one \
             network, with one count of tries and of requests"
                .to_owned(),
        );
    }
    if store::is_in_the_clear(settings.database_url.reveal()) {
        warnings.push(
            "the database is on another machine, and nothing checks who answers there: use sslmode=verify-full"
                .to_owned(),
        );
    }
    if settings.demo {
        warnings.push("demo accounts are on: everybody knows their passwords".to_owned());
    }
}
