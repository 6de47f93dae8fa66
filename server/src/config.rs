//! Configuration: flags and environment, checked as a whole before anything is opened.

use crate::{keys::KeySource, pepper::Pepper};
use clap::{Args, Parser, Subcommand, ValueEnum, builder::FalseyValueParser};
use daypass_auth::{
    EngineConfig, OriginError, is_loopback_origin,
    live::MOST_KNOWN,
    password::LeakedPasswords,
    policy::{MAX_RENEW_EVERY, Policy, PolicyError, Timeouts},
};
use ipnet::IpNet;
use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    path::PathBuf,
    time::Duration,
};

/// The key file that is made when none is named, on loopback alone.
pub const DEFAULT_KEYS_FILE: &str = "data/keys";
/// The database when none is named.
pub const DEFAULT_DATABASE: &str = "sqlite://data/daypass.db";
/// The database of a demonstration, so that its accounts never get into the real one unasked.
pub const DEMO_DATABASE: &str = "sqlite://data/demo.db";
/// WCAG 2.2.1 asks for twenty seconds in which somebody can answer with one simple action.
const SHORTEST_WARNING: Duration = Duration::from_secs(20);
/// Twice as long as the cookie before is good for, so that never two old ones are.
const SHORTEST_RENEW: Duration = Duration::from_secs(60);
/// The shortest time for which a password counts as just given: what asked for it has to be done in it.
const SHORTEST_SUDO: Duration = Duration::from_secs(30);
/// A page that somebody looks at asks twelve times a minute whether its session is still there: so five
/// hundred people may share an address, and one who asks at this pace keeps a core busy for a tenth at most.
pub(crate) const CALLS_PER_MINUTE: u32 = 6000;
pub(crate) const DEFAULT_LISTEN: &str = "127.0.0.1:3000";

/// Secure sessions for Leptos and axum.
#[derive(Debug, Parser)]
#[command(name = "daypass", version, about, propagate_version = true)]
pub struct Cli {
    /// Settings, the same for every command.
    #[command(flatten)]
    pub options: Options,
    /// What to do; without one, `serve`.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What `daypass` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server (also without any command).
    Serve,
    /// Show the configuration in force, and what is unsafe in it.
    Doctor,
    /// Accounts.
    #[command(subcommand)]
    Users(UsersCommand),
    /// Sessions.
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// Show what happened: sign-ins, failures, ends, changes of passwords.
    Events(EventsArgs),
    /// Keys that seal cookies.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// The database itself.
    #[command(subcommand)]
    Db(DbCommand),
}

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub enum UsersCommand {
    /// Make an account.
    Add(PasswordArgs),
    /// Make accounts from a file of another program.
    ///
    /// Plain passwords must obey the rules for new ones; argon2id and bcrypt hashes are taken as they
    /// are. Accounts that are there already are left alone, so that an import that was interrupted is
    /// run again. Ends with 1 if something in the file was refused.
    Import(ImportArgs),
    /// List the accounts.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Give an account a new password; its sessions end.
    Passwd(PasswordArgs),
    /// Disable an account; its sessions end.
    Disable {
        /// The account's name.
        name: String,
    },
    /// Enable an account again.
    Enable {
        /// The account's name.
        name: String,
    },
    /// Delete an account with its sessions.
    Delete {
        /// The account's name.
        name: String,
    },
}

/// An account, and where its password comes from.
#[derive(Debug, Args)]
pub struct PasswordArgs {
    /// The account's name.
    pub name: String,
    /// Read the password from the first line of standard input, instead of asking twice.
    #[arg(long)]
    pub password_stdin: bool,
}

/// Which accounts to make.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// A .csv with the header `name,password` or `name,hash`, or the .yaml of streamlit-authenticator;
    /// 16 MiB at most.
    pub file: PathBuf,
    /// What the file is, whatever its name ends in.
    #[arg(long, value_enum)]
    pub format: Option<ImportFormat>,
    /// Say what would happen, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// What a file with accounts is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// Comma-separated values with a header.
    Csv,
    /// The config.yaml of streamlit-authenticator.
    Streamlit,
}

/// What can be done with sessions.
#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// List the sessions that are alive, the latest used first.
    List {
        /// Only those of this account.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// End sessions. Takes effect at once, in running servers too.
    Revoke(RevokeArgs),
}

/// Which sessions to end.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct RevokeArgs {
    /// The session of this id, from `sessions list`.
    pub id: Option<String>,
    /// All of this account.
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// All of all accounts.
    #[arg(long)]
    pub all: bool,
}

/// Which events to show.
#[derive(Debug, Args)]
pub struct EventsArgs {
    /// Only those of this account.
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Go on, and show what happens.
    #[arg(long)]
    pub follow: bool,
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
    /// So many of the latest.
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub most: u32,
}

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Print a fresh key on one line. A key file has one key a line, the newest first.
    New,
    /// List the keys by their ids: which one seals, and how old they are. Never the keys themselves.
    List,
    /// Put a fresh key first in the key file: it seals from the next start on, and the others open.
    ///
    /// Nobody is signed out by that. Where several nodes share the keys, first --teach a fresh key to
    /// all of them and restart them, then --promote it on all of them. --drop the old one when the
    /// longest session is over.
    Rotate(RotateArgs),
}

/// What can be done with the database itself.
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Carry accounts, sessions, events and counts of tries over to an empty database of either kind.
    ///
    /// Nobody is signed out by that. Stop the servers first: while it runs neither database can be
    /// written to. All of it is there at the end, compared row by row, or nothing; run it again if it
    /// was cut off. Then start the servers with the new address.
    Move {
        /// Where everything is now, such as sqlite://data/daypass.db.
        from: Secret,
        /// Where it shall be, such as postgres://user@host/database (its password in PGPASSWORD or
        /// ~/.pgpass).
        to: Secret,
    },
}

/// How to turn the keys.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct RotateArgs {
    /// Put the fresh key last instead: it opens, and does not seal yet.
    #[arg(long)]
    pub teach: bool,
    /// Put the key of this id first, instead of a fresh one.
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub promote: Option<String>,
    /// Take the key of this id out, instead of adding one: what it sealed opens no more.
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub drop: Option<String>,
}

/// Settings. Each is a flag and an environment variable; `.env` in the working folder is read.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Where accounts and sessions are: sqlite://path/to/file.db or postgres://user@host/database
    /// [default: sqlite://data/daypass.db; with --demo sqlite://data/demo.db].
    ///
    /// A password belongs into the environment (also as PGPASSWORD) or into ~/.pgpass: flags are seen
    /// by others.
    #[arg(long, env = "DAYPASS_DATABASE_URL", global = true, value_name = "URL", hide_env_values = true)]
    pub database_url: Option<Secret>,
    /// The keys themselves, newest first, separated by commas. Never a flag: those are seen by others.
    #[arg(skip = secret_from_env("DAYPASS_KEYS"))]
    pub keys: Option<Secret>,
    /// A file with one key a line, newest first, that nobody else can read [default: data/keys, made
    /// on loopback].
    #[arg(long, env = "DAYPASS_KEYS_FILE", global = true, value_name = "FILE")]
    pub keys_file: Option<PathBuf>,
    /// A file with a secret that is mixed into password hashes, written like the key file, kept apart
    /// from the database and its backups. Once it is set, passwords need it.
    #[arg(long, env = "DAYPASS_PEPPER_FILE", global = true, value_name = "FILE")]
    pub pepper_file: Option<PathBuf>,
    /// A file of passwords that have leaked, which nobody may choose: SHA-1 hashes in hexadecimal digits, one
    /// a line and in order, as Have I Been Pwned gives them out.
    #[arg(long, env = "DAYPASS_LEAKED_PASSWORDS", global = true, value_name = "FILE")]
    pub leaked_passwords: Option<PathBuf>,
    /// What people type into their browser, such as https://app.example [default: http on the
    /// address that is listened on, if that is loopback].
    #[arg(long, env = "DAYPASS_PUBLIC_ORIGIN", global = true, value_name = "ORIGIN")]
    pub public_origin: Option<String>,
    /// The address to listen on [default: LEPTOS_SITE_ADDR, or 127.0.0.1:3000].
    #[arg(long, env = "DAYPASS_LISTEN", global = true, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// The proxies in front of this server, as networks separated by commas, such as 10.0.0.0/8: what
    /// they say in X-Forwarded-For is believed, and nobody else.
    #[arg(long, env = "DAYPASS_TRUSTED_PROXIES", global = true, value_name = "NETWORKS", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,
    /// How long a session lives without a person doing something.
    #[arg(long, env = "DAYPASS_IDLE_TIMEOUT", global = true, value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub idle_timeout: Duration,
    /// How long a session lives at most.
    #[arg(long, env = "DAYPASS_ABSOLUTE_TIMEOUT", global = true, value_name = "TIME", default_value = "12h", value_parser = duration)]
    pub absolute_timeout: Duration,
    /// The idle timeout of sessions that are kept on a device.
    #[arg(long, env = "DAYPASS_REMEMBERED_IDLE_TIMEOUT", global = true, value_name = "TIME", default_value = "14d", value_parser = duration)]
    pub remembered_idle_timeout: Duration,
    /// The absolute timeout of sessions that are kept on a device.
    #[arg(long, env = "DAYPASS_REMEMBERED_ABSOLUTE_TIMEOUT", global = true, value_name = "TIME", default_value = "30d", value_parser = duration)]
    pub remembered_absolute_timeout: Duration,
    /// For how long after a password was given sensitive things are done without asking for it again.
    #[arg(long, env = "DAYPASS_SUDO", global = true, value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub sudo: Duration,
    /// How old a session's cookie gets before activity renews it.
    #[arg(long, env = "DAYPASS_RENEW", global = true, value_name = "TIME", default_value = "15m", value_parser = duration)]
    pub renew: Duration,
    /// How many sessions a server knows without asking the database: about 170 bytes each.
    #[arg(long, env = "DAYPASS_KNOWN_SESSIONS", global = true, value_name = "NUMBER", default_value_t = MOST_KNOWN, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub known_sessions: u32,
    /// How long what happened is kept.
    #[arg(long, env = "DAYPASS_KEEP_EVENTS", global = true, value_name = "TIME", default_value = "90d", value_parser = duration)]
    pub keep_events: Duration,
    /// How many sessions an account may have; of more, the one longest unused ends.
    #[arg(long, env = "DAYPASS_MOST_SESSIONS", global = true, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub most_sessions: u32,
    /// How long a server that is told to stop by SIGTERM still takes requests, while /readyz says that it is
    /// stopping: longer than a proxy in front of several servers takes to notice.
    #[arg(long, env = "DAYPASS_GRACE", global = true, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub grace: Duration,
    /// How many requests one network may make in a minute, all at once if it likes; 0 for no limit.
    #[arg(long, env = "DAYPASS_CALLS_PER_MINUTE", global = true, value_name = "NUMBER", default_value_t = CALLS_PER_MINUTE)]
    pub calls_per_minute: u32,
    /// How long before the end of a session the page says so; 20s at least.
    #[arg(long, env = "DAYPASS_WARNING", global = true, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub warning: Duration,
    /// Make two accounts whose passwords everybody knows. Loopback alone.
    #[arg(long, env = "DAYPASS_DEMO", global = true, value_parser = FalseyValueParser::new())]
    pub demo: bool,
    /// How the log on standard error looks; what is in it is set by RUST_LOG.
    #[arg(long, env = "DAYPASS_LOG", global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log: LogFormat,
}

/// How the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A text that is never printed.
#[derive(Clone)]
pub struct Secret(zeroize::Zeroizing<String>);

impl Secret {
    /// The text itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

fn secret_from_env(name: &str) -> Option<Secret> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty()).map(Secret::from)
}

fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map_err(|_| "a network is written as 10.0.0.0/8 or 2001:db8::/32".to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "a time is written as 90s, 10m, 12h or 14d".to_owned())
}

/// Why a configuration is refused. One line each, and no secret in it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The timeouts contradict each other.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Cookies would travel in the clear.
    #[error("public origin: {0}; use https, or http on loopback for development")]
    Origin(#[from] OriginError),
    /// Not an origin.
    #[error("public origin {0:?} is not scheme://host[:port] in lower case, without a path")]
    NotAnOrigin(String),
    /// Not an address.
    #[error("{0:?} is not an address and port to listen on, such as 127.0.0.1:3000")]
    Listen(String),
    /// Others can reach it, and nothing says under which name.
    #[error("listening on {0}, which others can reach, needs a public origin with https (DAYPASS_PUBLIC_ORIGIN)")]
    Exposed(SocketAddr),
    /// Nobody could read and answer it in time.
    #[error("a warning {0:?} before the end is too short; 20s at least (WCAG 2.2.1)")]
    Warning(Duration),
    /// What was just confirmed would have to be confirmed again.
    #[error("a password that counts as just given for {0:?} is too short; 30s at least")]
    Sudo(Duration),
    /// Requests that are under way would carry a cookie that counts as a copy; or a copy would never be found out.
    #[error("a cookie is renewed every minute at most and every day at least, not every {0:?}")]
    Renew(Duration),
    /// Everybody knows those passwords.
    #[error("demo accounts are for loopback alone, which {0} is not")]
    Demo(String),
}

/// A configuration that was checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where accounts and sessions are.
    pub database_url: Secret,
    /// Where the keys come from.
    pub keys: KeySource,
    /// Where the pepper comes from.
    pub pepper: Pepper,
    /// The passwords that have leaked, if there is a list.
    pub leaked: Option<LeakedPasswords>,
    /// What people type into their browser.
    pub origin: String,
    /// For whom cookies are sealed.
    pub audience: String,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The proxies in front.
    pub proxies: Vec<IpNet>,
    /// When sessions end.
    pub policy: Policy,
    /// Whether to make the demo accounts.
    pub demo: bool,
    /// How long what happened is kept.
    pub keep_events: Duration,
    /// How many sessions are known without asking the database.
    pub known_sessions: u32,
    /// How long requests are still taken after SIGTERM.
    pub grace: Duration,
    /// How many requests one network may make in a minute, if that is limited.
    pub calls_per_minute: Option<NonZeroU32>,
    /// How long before the end of a session the page says so.
    pub warning: Duration,
}

/// What is in force, in words, whether it is safe or not.
#[derive(Debug)]
pub(crate) struct Effective {
    pub(crate) origin: String,
    pub(crate) listen: String,
    pub(crate) keys: String,
    pub(crate) cookie: &'static str,
}

impl Options {
    /// What is in force, in words, whether it is safe or not.
    pub(crate) fn effective(&self) -> Effective {
        let listen = self.listen_address();
        let origin = self.effective_origin();
        let cookie = match EngineConfig::for_origin(&origin) {
            Ok(config) if config.cookies.is_secure() => "__Host-daypass, Secure",
            Ok(_) => "daypass, not Secure",
            Err(_) => "none",
        };
        let source = self.key_source();
        let keys = match source.load(false) {
            Ok(Some(keys)) => format!("{} from {}", keys.keys().len(), source.place()),
            Ok(None) => format!("none yet; one will be made in {}", source.place()),
            Err(_) => "none".to_owned(),
        };
        let listen = listen.map_or_else(|_| "none".to_owned(), |listen| listen.to_string());
        Effective { origin, listen, keys, cookie }
    }

    /// Where the keys are, whether the rest is safe or not: keys are looked at and turned without a server.
    pub(crate) fn key_source(&self) -> KeySource {
        let loopback = EngineConfig::for_origin(&self.effective_origin()).is_ok_and(|it| !it.cookies.is_secure());
        KeySource::new(self.keys.clone(), self.keys_file.clone(), loopback)
    }

    /// Where the pepper is.
    pub(crate) fn pepper(&self) -> Pepper {
        Pepper::new(self.pepper_file.as_deref())
    }

    /// The passwords that have leaked, if there is a list of them.
    pub(crate) fn leaked(&self) -> Option<LeakedPasswords> {
        let file = self.leaked_passwords.as_deref().filter(|file| !file.as_os_str().is_empty());
        file.map(LeakedPasswords::at)
    }

    fn effective_origin(&self) -> String {
        match (given(self.public_origin.as_ref()), self.listen_address()) {
            (Some(origin), _) => origin.to_owned(),
            (None, Ok(listen)) if listen.ip().is_loopback() => http_origin(listen),
            (None, _) => "none".to_owned(),
        }
    }

    /// The address of the database, which may have a password in it.
    #[must_use]
    pub fn database(&self) -> Secret {
        let default = if self.demo { DEMO_DATABASE } else { DEFAULT_DATABASE };
        let given = self.database_url.as_ref().filter(|url| !url.reveal().trim().is_empty());
        given.cloned().unwrap_or_else(|| default.to_owned().into())
    }

    /// The host of the public origin, if one is set.
    pub(crate) fn public_host(&self) -> Option<String> {
        let origin = url::Url::parse(given(self.public_origin.as_ref())?).ok()?;
        origin.host_str().map(str::to_owned)
    }

    /// When sessions end.
    ///
    /// # Errors
    /// When the timeouts contradict each other.
    pub fn policy(&self) -> Result<Policy, PolicyError> {
        Policy::new(
            Timeouts { idle: self.idle_timeout, absolute: self.absolute_timeout },
            Timeouts { idle: self.remembered_idle_timeout, absolute: self.remembered_absolute_timeout },
        )
        .map(|policy| policy.with_sudo(self.sudo).with_most_sessions(self.most_sessions).with_renewal(self.renew))
    }

    /// Checks the whole. Opens and makes nothing.
    ///
    /// # Errors
    /// When something in it is unsafe or contradicts itself.
    pub fn check(&self) -> Result<Settings, ConfigError> {
        let policy = self.policy()?;
        if self.warning < SHORTEST_WARNING {
            return Err(ConfigError::Warning(self.warning));
        }
        if self.sudo < SHORTEST_SUDO {
            return Err(ConfigError::Sudo(self.sudo));
        }
        if !(SHORTEST_RENEW..=MAX_RENEW_EVERY).contains(&self.renew) {
            return Err(ConfigError::Renew(self.renew));
        }
        let listen = self.listen_address()?;
        let origin = match given(self.public_origin.as_ref()) {
            Some(origin) => normal_origin(origin)?,
            None if listen.ip().is_loopback() => http_origin(listen),
            None => return Err(ConfigError::Exposed(listen)),
        };
        let loopback = !EngineConfig::for_origin(&origin)?.cookies.is_secure();
        if loopback && !listen.ip().is_loopback() {
            return Err(ConfigError::Exposed(listen));
        }
        if self.demo && !is_loopback_origin(&origin) {
            return Err(ConfigError::Demo(origin));
        }
        if self.demo && !listen.ip().is_loopback() {
            return Err(ConfigError::Demo(listen.to_string()));
        }
        // In development the port is not worth a sign-out; elsewhere a cookie is for one origin alone.
        let audience = if loopback { "loopback".to_owned() } else { origin.clone() };
        let keys = KeySource::new(self.keys.clone(), self.keys_file.clone(), loopback);
        Ok(Settings {
            database_url: self.database(),
            keys,
            pepper: self.pepper(),
            leaked: self.leaked(),
            origin,
            audience,
            listen,
            proxies: self.trusted_proxies.clone(),
            policy,
            demo: self.demo,
            keep_events: self.keep_events,
            known_sessions: self.known_sessions,
            grace: self.grace,
            calls_per_minute: NonZeroU32::new(self.calls_per_minute),
            warning: self.warning,
        })
    }

    fn listen_address(&self) -> Result<SocketAddr, ConfigError> {
        let text = given(self.listen.as_ref()).map(str::to_owned);
        // What cargo-leptos tells the server.
        let text = text.or_else(|| std::env::var("LEPTOS_SITE_ADDR").ok()).unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
        text.parse().map_err(|_| ConfigError::Listen(text))
    }
}

/// A setting that is there and says something.
fn given(setting: Option<&String>) -> Option<&str> {
    setting.map(String::as_str).filter(|text| !text.trim().is_empty())
}

/// The origin of an address, as browsers write it: without the usual port.
pub(crate) fn http_origin(address: impl std::fmt::Display) -> String {
    let origin = format!("http://{address}");
    match origin.strip_suffix(":80") {
        Some(short) => short.to_owned(),
        None => origin,
    }
}

fn normal_origin(text: &str) -> Result<String, ConfigError> {
    let parsed = url::Url::parse(text).map_err(|_| ConfigError::NotAnOrigin(text.to_owned()))?;
    let origin = parsed.origin().ascii_serialization();
    // Anything more than an origin, or another spelling of it, would not be what browsers send.
    if text == origin || text == format!("{origin}/") {
        Ok(origin)
    } else {
        Err(ConfigError::NotAnOrigin(text.to_owned()))
    }
}

#[cfg(test)]
mod any;

#[cfg(test)]
mod tests {
    use super::*;

    fn options(args: &[&str]) -> Options {
        Cli::try_parse_from([&["daypass"], args].concat()).unwrap().options
    }

    #[test]
    fn the_defaults_are_for_development_on_this_machine() {
        let settings = options(&["--listen", "127.0.0.1:3000"]).check().unwrap();
        assert_eq!(
            (settings.origin.as_str(), settings.database_url.reveal()),
            ("http://127.0.0.1:3000", DEFAULT_DATABASE)
        );
        assert_eq!(settings.policy, Policy::default());
        assert!(!settings.demo);
        assert_eq!(options(&["--listen", "[::1]:80"]).check().unwrap().origin, "http://[::1]");
        assert_eq!(options(&["--demo"]).database().reveal(), DEMO_DATABASE);
        assert_eq!(options(&["--demo", "--database-url", "sqlite://x.db"]).database().reveal(), "sqlite://x.db");
    }

    #[test]
    fn what_is_unsafe_does_not_start() {
        let refused = |args: &[&str]| options(args).check().unwrap_err();
        assert!(matches!(refused(&["--public-origin", "http://app.example"]), ConfigError::Origin(_)));
        assert!(matches!(refused(&["--public-origin", "http://192.168.1.1:3000"]), ConfigError::Origin(_)));
        assert!(matches!(refused(&["--listen", "0.0.0.0:3000"]), ConfigError::Exposed(_)));
        assert!(matches!(
            refused(&["--listen", "[::]:3000", "--public-origin", "http://localhost:3000"]),
            ConfigError::Exposed(_)
        ));
        assert!(matches!(refused(&["--demo", "--public-origin", "https://app.example"]), ConfigError::Demo(_)));
        assert!(matches!(
            refused(&["--demo", "--public-origin", "https://localhost", "--listen", "0.0.0.0:3000"]),
            ConfigError::Demo(_)
        ));
        assert!(matches!(refused(&["--idle-timeout", "13h"]), ConfigError::Policy(_)));
        assert!(matches!(refused(&["--idle-timeout", "0s"]), ConfigError::Policy(_)));
        assert!(matches!(refused(&["--warning", "19s"]), ConfigError::Warning(_)));
        assert!(matches!(refused(&["--sudo", "29s"]), ConfigError::Sudo(_)));
        for renew in ["59s", "25h"] {
            assert!(matches!(refused(&["--renew", renew]), ConfigError::Renew(_)));
        }
        assert!(matches!(refused(&["--listen", "nowhere"]), ConfigError::Listen(_)));
        for origin in [
            "https://app.example/path",
            "https://user@app.example",
            "app.example",
            "https://App.example",
            "https://app.example:443",
            "https://app.example?x",
            "null",
            "file:///x",
            "https://app.example,https://b.example",
        ] {
            assert!(
                matches!(refused(&["--public-origin", origin]), ConfigError::NotAnOrigin(_) | ConfigError::Origin(_)),
                "{origin}"
            );
        }
        for error in [refused(&["--listen", "0.0.0.0:3000"]), refused(&["--idle-timeout", "13h"])] {
            assert_eq!(error.to_string().lines().count(), 1);
        }
    }

    #[test]
    fn what_is_safe_starts() {
        for args in [
            &["--public-origin", "https://app.example", "--listen", "0.0.0.0:8080"][..],
            &["--public-origin", "http://localhost:3000"],
            &["--public-origin", "https://localhost:3000", "--demo"],
            &["--idle-timeout", "1s", "--absolute-timeout", "1s"],
        ] {
            options(args).check().unwrap();
        }
    }

    #[test]
    fn times_are_written_as_people_write_them() {
        for (text, seconds) in [("1s", 1), ("90s", 90), ("10m", 600), ("12h", 43_200), ("14d", 1_209_600)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)));
        }
        for text in ["", "10", "-1s", "ten", "1x", "99999999999999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_secret_does_not_print() {
        let secret = Secret("canary".to_owned().into());
        assert!(!format!("{secret:?}").contains("canary"));
    }

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
