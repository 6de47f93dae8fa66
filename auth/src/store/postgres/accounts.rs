//! The table of accounts.

use super::{ends::end_in, events};
use crate::{
    Account, AccountId, AccountName, AccountState, Reason,
    audit::EventKind,
    clock::Timestamp,
    password::PasswordHash,
    store::{
        StoreError, Which,
        connections::Connections,
        entry::by_operator,
        rows::{AccountRecord, account_columns},
    },
};
use sqlx::Postgres;

pub(super) async fn create(
    pool: &Connections<Postgres>,
    name: &AccountName,
    hash: &PasswordHash,
    demo: bool,
    now: Timestamp,
) -> Result<Account, StoreError> {
    let mut connection = pool.writing().await?;
    let row: Option<AccountRecord> = sqlx::query_as(concat!(
        "INSERT INTO accounts (name, password_hash, state, demo, created_at) VALUES ($1, $2, 'active', $3, $4)
         ON CONFLICT (name) DO NOTHING RETURNING ",
        account_columns!()
    ))
    .bind(name.as_str())
    .bind(hash.as_str())
    .bind(demo)
    .bind(now.as_millis())
    .fetch_optional(&mut *connection)
    .await?;
    connection.done();
    row.map_or(Err(StoreError::NameTaken), AccountRecord::account)
}

pub(super) async fn by_name(
    pool: &Connections<Postgres>,
    name: &AccountName,
) -> Result<Option<(Account, PasswordHash)>, StoreError> {
    let mut connection = pool.reading().await?;
    let row: Option<AccountRecord> =
        sqlx::query_as(concat!("SELECT ", account_columns!(), " FROM accounts WHERE name = $1"))
            .bind(name.as_str())
            .fetch_optional(&mut *connection)
            .await?;
    connection.done();
    row.map(AccountRecord::with_hash).transpose()
}

pub(super) async fn all(pool: &Connections<Postgres>) -> Result<Vec<Account>, StoreError> {
    let mut connection = pool.reading_all().await?;
    let rows: Vec<AccountRecord> =
        sqlx::query_as(concat!("SELECT ", account_columns!(), " FROM accounts ORDER BY name"))
            .fetch_all(&mut *connection)
            .await?;
    connection.done();
    rows.into_iter().map(AccountRecord::account).collect()
}

pub(super) async fn set_password(
    pool: &Connections<Postgres>,
    account: AccountId,
    hash: &PasswordHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut tx = pool.begin().await?;
    let changed = sqlx::query("UPDATE accounts SET password_hash = $1, epoch = epoch + 1, demo = false WHERE id = $2")
        .bind(hash.as_str())
        .bind(account.0)
        .execute(&mut *tx)
        .await?
        .rows_affected();
    if changed == 1 {
        end_in(&mut tx, &Which::Account(account, None), Reason::PasswordChanged, now, None).await?;
        events::add(&mut tx, &by_operator(now, EventKind::PasswordChanged, account)).await?;
    }
    tx.commit().await?;
    Ok(changed == 1)
}

pub(super) async fn rehash(
    pool: &Connections<Postgres>,
    account: AccountId,
    old: &PasswordHash,
    new: &PasswordHash,
) -> Result<bool, StoreError> {
    let mut connection = pool.writing().await?;
    let changed = sqlx::query("UPDATE accounts SET password_hash = $1 WHERE id = $2 AND password_hash = $3")
        .bind(new.as_str())
        .bind(account.0)
        .bind(old.as_str())
        .execute(&mut *connection)
        .await?;
    connection.done();
    Ok(changed.rows_affected() == 1)
}

pub(super) async fn set_state(
    pool: &Connections<Postgres>,
    account: AccountId,
    state: AccountState,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut tx = pool.begin().await?;
    let changed = sqlx::query(
        "UPDATE accounts SET state = $1, epoch = CASE WHEN state = $1 THEN epoch ELSE epoch + 1 END WHERE id = $2",
    )
    .bind(state.as_str())
    .bind(account.0)
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if changed == 1 {
        let kind = match state {
            AccountState::Disabled => {
                end_in(&mut tx, &Which::Account(account, None), Reason::AccountDisabled, now, None).await?;
                EventKind::AccountDisabled
            }
            AccountState::Active => EventKind::AccountEnabled,
        };
        events::add(&mut tx, &by_operator(now, kind, account)).await?;
    }
    tx.commit().await?;
    Ok(changed == 1)
}

pub(super) async fn delete(pool: &Connections<Postgres>, account: AccountId) -> Result<bool, StoreError> {
    let mut connection = pool.writing().await?;
    let deleted = sqlx::query("DELETE FROM accounts WHERE id = $1").bind(account.0).execute(&mut *connection).await?;
    connection.done();
    Ok(deleted.rows_affected() == 1)
}

pub(super) async fn delete_demo(pool: &Connections<Postgres>) -> Result<u64, StoreError> {
    let mut connection = pool.writing().await?;
    let deleted = sqlx::query("DELETE FROM accounts WHERE demo").execute(&mut *connection).await?;
    connection.done();
    Ok(deleted.rows_affected())
}
