//! Who can sign in, kept where the sessions are.

use crate::{Credentials, Outcome};
use axum_login::{AuthUser, AuthnBackend, UserId};
use password_auth::verify_password;
use sqlx::{
    FromRow, PgPool, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{collections::HashMap, sync::Arc};
use tokio::task;

#[derive(Clone, FromRow)]
pub(crate) struct User {
    id: i64,
    pub(crate) username: String,
    password: String,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).finish_non_exhaustive()
    }
}

impl AuthUser for User {
    type Id = i64;

    fn id(&self) -> i64 {
        self.id
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.password.as_bytes()
    }
}

/// Where they are.
#[derive(Clone, Debug)]
pub(crate) enum Users {
    Memory(Arc<HashMap<i64, User>>),
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

const TABLE: &str = "CREATE TABLE users (id BIGINT PRIMARY KEY, username TEXT NOT NULL UNIQUE, password TEXT NOT NULL)";

impl Users {
    pub(crate) async fn open(url: &str, accounts: i64, hash: &str) -> Outcome<Self> {
        let numbers = 0..accounts;
        if url.starts_with("sqlite:") {
            // As Daypass opens it: what is lost with the power is the same.
            let options = url.parse::<SqliteConnectOptions>()?.create_if_missing(true);
            let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
            let pool = SqlitePool::connect_with(options).await?;
            sqlx::query(TABLE).execute(&pool).await?;
            let mut filled = pool.begin().await?;
            for number in numbers {
                let insert =
                    sqlx::query("INSERT INTO users VALUES (?, ?, ?)").bind(number).bind(name(number)).bind(hash);
                insert.execute(&mut *filled).await?;
            }
            filled.commit().await?;
            return Ok(Self::Sqlite(pool));
        }
        if url.starts_with("postgres:") {
            let pool = PgPool::connect(url).await?;
            sqlx::query(TABLE).execute(&pool).await?;
            sqlx::query(
                "INSERT INTO users SELECT n, 'user' || lpad(n::text, 6, '0'), $1 FROM generate_series(0, $2 - 1) AS n",
            )
            .bind(hash)
            .bind(accounts)
            .execute(&pool)
            .await?;
            sqlx::query("VACUUM ANALYZE users").execute(&pool).await?;
            return Ok(Self::Postgres(pool));
        }
        let user = |id| User { id, username: name(id), password: hash.to_owned() };
        Ok(Self::Memory(Arc::new(numbers.map(|id| (id, user(id))).collect())))
    }

    /// Who has that name.
    pub(crate) async fn named(&self, name: &str) -> Result<Option<User>, sqlx::Error> {
        match self {
            Self::Memory(users) => Ok(name.strip_prefix("user").and_then(|id| users.get(&id.parse().ok()?)).cloned()),
            Self::Sqlite(pool) => {
                sqlx::query_as("SELECT * FROM users WHERE username = ?").bind(name).fetch_optional(pool).await
            }
            Self::Postgres(pool) => {
                sqlx::query_as("SELECT * FROM users WHERE username = $1").bind(name).fetch_optional(pool).await
            }
        }
    }
}

fn name(number: i64) -> String {
    format!("user{number:06}")
}

/// Whether that is somebody's password, off the async threads.
pub(crate) async fn verified(user: Option<User>, password: String) -> Result<Option<User>, task::JoinError> {
    task::spawn_blocking(move || user.filter(|user| verify_password(password, &user.password).is_ok())).await
}

#[derive(Debug)]
pub(crate) enum UsersError {
    Store,
    Hash,
}

impl std::fmt::Display for UsersError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Store => "the users cannot be read",
            Self::Hash => "a password could not be checked",
        })
    }
}

impl std::error::Error for UsersError {}

impl AuthnBackend for Users {
    type User = User;
    type Credentials = Credentials;
    type Error = UsersError;

    async fn authenticate(&self, typed: Credentials) -> Result<Option<User>, UsersError> {
        let user = self.named(&typed.username).await.map_err(|_| UsersError::Store)?;
        verified(user, typed.password).await.map_err(|_| UsersError::Hash)
    }

    async fn get_user(&self, id: &UserId<Self>) -> Result<Option<User>, UsersError> {
        match self {
            Self::Memory(users) => Ok(users.get(id).cloned()),
            Self::Sqlite(pool) => sqlx::query_as("SELECT * FROM users WHERE id = ?")
                .bind(id)
                .fetch_optional(pool)
                .await
                .map_err(|_| UsersError::Store),
            Self::Postgres(pool) => sqlx::query_as("SELECT * FROM users WHERE id = $1")
                .bind(id)
                .fetch_optional(pool)
                .await
                .map_err(|_| UsersError::Store),
        }
    }
}
