//! Opening: looked at before anything is written, and brought up to date by one node at a time.

use super::{
    PostgresStore,
    address::{connect_options, shown},
    bounds::{ANSWER_FOR_ALL, CONNECTIONS, SILENT, STATEMENT, WAIT, millis},
};
use crate::store::{OpenError, connections::Connections};
use sqlx::{
    ConnectOptions, Connection, PgConnection,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::time::Duration;

/// The schema that is ours. Whatever else is in the database is not looked at.
pub(super) const SCHEMA: &str = "daypass";

/// An address that may be opened.
pub(super) struct Place {
    options: PgConnectOptions,
    pub(super) shown: String,
}

impl Place {
    pub(super) fn new(url: &str) -> Result<Self, OpenError> {
        let shown = shown(url);
        let options = connect_options(url).ok_or_else(|| OpenError::Address(shown.clone()))?;
        Ok(Self { options: options.disable_statement_logging(), shown })
    }

    /// How each connection is set up. What the address or the database itself sets comes before, so
    /// that nothing takes away what is promised.
    fn options(&self, statement: Duration, lock: Duration) -> PgConnectOptions {
        self.options.clone().application_name("daypass").options([
            ("search_path", SCHEMA),
            ("synchronous_commit", "on"),
            ("default_transaction_isolation", "read committed"),
            ("statement_timeout", &millis(statement)),
            ("lock_timeout", &millis(lock)),
            ("idle_in_transaction_session_timeout", &millis(SILENT)),
            // A node that is gone without a word is noticed, and its connections and locks are free.
            ("tcp_keepalives_idle", "30"),
            ("tcp_keepalives_interval", "10"),
            ("tcp_keepalives_count", "3"),
        ])
    }

    pub(super) fn unusable(&self, why: &impl ToString) -> OpenError {
        OpenError::Unusable { path: self.shown.clone(), why: why.to_string() }
    }

    /// One connection, for what takes its time.
    pub(super) async fn connect(&self) -> Result<PgConnection, OpenError> {
        let options = self.options(ANSWER_FOR_ALL, ANSWER_FOR_ALL);
        match tokio::time::timeout(WAIT, options.connect()).await {
            Ok(connected) => connected.map_err(|error| self.unusable(&error)),
            Err(_) => Err(self.unusable(&"it does not answer")),
        }
    }

    /// Looks at a database before anything is written to it. Says whether there is anything of ours.
    pub(super) async fn inspect(&self, connection: &mut PgConnection) -> Result<bool, OpenError> {
        let looked = tokio::time::timeout(WAIT, self.look_at(connection)).await;
        looked.unwrap_or_else(|_| Err(self.unusable(&"it does not answer")))
    }

    async fn look_at(&self, connection: &mut PgConnection) -> Result<bool, OpenError> {
        let not_ours = |why: &str| OpenError::NotOurs { path: self.shown.clone(), why: why.to_owned() };
        let found = look(connection).await.map_err(|error| self.unusable(&error))?;
        if found.encoding != "UTF8" {
            return Err(self.unusable(&format!("its encoding is {} and not UTF8", found.encoding)));
        }
        if !found.migrated {
            return match (found.things, found.may_create) {
                (1.., _) => Err(not_ours("the schema daypass in it is another program's")),
                (_, false) => Err(self.unusable(&"this user may not make the schema daypass in it")),
                _ => Ok(false),
            };
        }
        let applied: Vec<(i64, Vec<u8>)> = sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations")
            .fetch_all(connection)
            .await
            .map_err(|error| self.unusable(&error))?;
        let migrations = migrations();
        let known = migrations.iter().map(|migration| migration.version).max().unwrap_or(0);
        if let Some(found) = applied.iter().map(|(version, _)| *version).max().filter(|found| *found > known) {
            return Err(OpenError::Newer { path: self.shown.clone(), found, known });
        }
        let ours = |(version, checksum): &(i64, Vec<u8>)| {
            migrations.iter().any(|it| it.version == *version && *it.checksum == **checksum)
        };
        if applied.iter().all(ours) { Ok(true) } else { Err(not_ours("the tables in it were made by another program")) }
    }
}

fn migrations() -> Migrator {
    let mut migrations = sqlx::migrate!("migrations/postgres");
    migrations.create_schema(SCHEMA);
    migrations
}

#[derive(sqlx::FromRow)]
struct Found {
    encoding: String,
    things: i64,
    migrated: bool,
    may_create: bool,
}

async fn look(connection: &mut PgConnection) -> Result<Found, sqlx::Error> {
    sqlx::query_as(
        "SELECT current_setting('server_encoding') AS encoding,
                (SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace($1)) AS things,
                to_regclass($1 || '._sqlx_migrations') IS NOT NULL AS migrated,
                CASE WHEN to_regnamespace($1) IS NULL THEN has_database_privilege(current_database(), 'CREATE')
                     ELSE has_schema_privilege($1, 'CREATE') END AS may_create",
    )
    .bind(SCHEMA)
    .fetch_one(connection)
    .await
}

impl PostgresStore {
    /// Opens the database at an address like `postgres://daypass@localhost/app`, and brings the
    /// schema `daypass` in it up to date. Several that do so at once wait for each other.
    ///
    /// # Errors
    /// When the address is none, or the database is newer than this version or not usable, or its
    /// schema `daypass` is not ours. Then nothing in it was changed.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let place = Place::new(url)?;
        let mut connection = place.connect().await?;
        place.inspect(&mut connection).await?;
        let _closed = connection.close().await;
        // A connection of its own: with it the lock goes under which this is done, whatever happened.
        let migrating = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(WAIT)
            .connect_lazy_with(place.options(ANSWER_FOR_ALL, ANSWER_FOR_ALL));
        let migrated = tokio::time::timeout(ANSWER_FOR_ALL, migrations().run(&migrating)).await;
        migrated
            .map_or_else(|_| Err(place.unusable(&"it does not answer")), |run| run.map_err(|e| place.unusable(&e)))?;
        migrating.close().await;
        let options = place.options(STATEMENT, WAIT);
        let connections = Connections::new(options.clone(), CONNECTIONS).map_err(|e| place.unusable(&e))?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(WAIT)
            // One whose operation was given up may wait for an answer for ever.
            .after_release(|connection, _| {
                Box::pin(async {
                    tokio::time::timeout(WAIT, connection.ping())
                        .await
                        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
                        .map(|()| true)
                })
            })
            .connect_lazy_with(options.clone());
        Ok(Self { connections, pool, listening: options })
    }

    /// Looks whether the database at an address could be opened. Makes and changes nothing.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    pub async fn examine(url: &str) -> Result<(), OpenError> {
        let place = Place::new(url)?;
        let mut connection = place.connect().await?;
        place.inspect(&mut connection).await?;
        let _closed = connection.close().await;
        Ok(())
    }
}
