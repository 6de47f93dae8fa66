//! Addresses like `postgres://daypass@db.example/app`, and what of them may be shown.

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::net::IpAddr;
use url::Url;

/// What may stand behind the question mark. Other options could switch off what this store promises.
const OPTIONS: [&str; 5] = ["host", "sslmode", "sslrootcert", "sslcert", "sslkey"];

/// Whether an address is one of a PostgreSQL database, well-formed or not.
pub(in crate::store) fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres:") || url.starts_with("postgresql:")
}

fn parse(url: &str) -> Option<Url> {
    let parsed = Url::parse(url).ok().filter(|_| is_postgres(url))?;
    let known = parsed.query_pairs().all(|(key, _)| OPTIONS.contains(&&*key));
    (known && parsed.fragment().is_none() && url.contains("://")).then_some(parsed)
}

/// What an address says of how to connect. What it leaves open comes from the environment (`PGHOST`,
/// `PGUSER`, `PGPASSWORD`, ..) and `~/.pgpass`, as for every client of PostgreSQL.
pub(super) fn connect_options(url: &str) -> Option<PgConnectOptions> {
    parse(url)?;
    url.parse().ok()
}

/// The address without its password.
pub(in crate::store) fn shown(url: &str) -> String {
    // What cannot be taken apart may have the password anywhere.
    let Some(mut parsed) = parse(url) else { return "postgres://..".to_owned() };
    if parsed.password().is_some() && parsed.set_password(Some("***")).is_err() {
        return "postgres://..".to_owned();
    }
    parsed.into()
}

/// Whether what is sent to a database elsewhere, hashes of passwords among it, may be read or changed
/// on the way: anything but `sslmode=verify-full`, which alone checks who answers.
#[must_use]
pub fn is_in_the_clear(url: &str) -> bool {
    let Some(options) = connect_options(url) else { return false };
    let host = options.get_host();
    let here = options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    !here && !matches!(options.get_ssl_mode(), PgSslMode::VerifyFull)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, expected) in [
            ("postgres://daypass:canary@db.example/app", "postgres://daypass:***@db.example/app"),
            ("postgres://daypass@db.example/app", "postgres://daypass@db.example/app"),
            ("postgres://:canary@db.example:5433/app", "postgres://:***@db.example:5433/app"),
            ("postgres://a:canary@%2Frun%2Fpostgresql/app", "postgres://a:***@%2Frun%2Fpostgresql/app"),
            ("postgres://a:b@db.example/app?password=canary", "postgres://.."),
            ("postgres://a@db.example/app?passwrod=canary", "postgres://.."),
            ("postgres://daypass:can#ary@db.example/app", "postgres://.."),
            ("postgres://daypass:can/ary@db.example/app", "postgres://.."),
            ("postgres:canary", "postgres://.."),
        ] {
            assert_eq!(shown(url), expected, "{url}");
        }
    }

    #[test]
    fn options_that_could_weaken_the_store_are_no_address() {
        for url in [
            "postgres://db.example/app?options=-c%20synchronous_commit%3Doff",
            "postgres://db.example/app?statement-cache-capacity=0",
            "postgres://db.example/app#x",
            "postgres:db.example/app",
            "mysql://db.example/app",
            "postgres://db.example:port/app",
            "postgres://db.example/app?sslmode=perhaps",
        ] {
            assert!(connect_options(url).is_none(), "{url}");
        }
    }

    #[test]
    fn what_leaves_the_machine_has_to_be_verified() {
        for (url, in_the_clear) in [
            ("postgres://localhost/app", false),
            ("postgres://127.0.0.1/app", false),
            ("postgres://[::1]/app", false),
            ("postgres://%2Frun%2Fpostgresql/app", false),
            ("postgres:///app?host=/run/postgresql", false),
            ("postgres://db.example/app", true),
            ("postgres://db.example/app?sslmode=require", true),
            ("postgres://db.example/app?sslmode=verify-full", false),
            ("sqlite://data/daypass.db", false),
        ] {
            assert_eq!(is_in_the_clear(url), in_the_clear, "{url}");
        }
    }
}
