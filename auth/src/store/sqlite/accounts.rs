//! The table of accounts.

use super::{ends::end_in, events};
use crate::{
    Account, AccountId, AccountName, AccountState, Reason,
    audit::EventKind,
    clock::Timestamp,
    password::PasswordHash,
    store::{
        StoreError, Which,
        entry::by_operator,
        rows::{AccountRecord, account_columns},
    },
};
use sqlx::SqlitePool;

pub(super) async fn create(
    pool: &SqlitePool,
    name: &AccountName,
    hash: &PasswordHash,
    demo: bool,
    now: Timestamp,
) -> Result<Account, StoreError> {
    let row: Option<AccountRecord> = sqlx::query_as(concat!(
        "INSERT INTO accounts (name, password_hash, state, demo, created_at) VALUES (?, ?, 'active', ?, ?)
         ON CONFLICT (name) DO NOTHING RETURNING ",
        account_columns!()
    ))
    .bind(name.as_str())
    .bind(hash.as_str())
    .bind(demo)
    .bind(now.as_millis())
    .fetch_optional(pool)
    .await?;
    row.map_or(Err(StoreError::NameTaken), AccountRecord::account)
}

pub(super) async fn by_name(
    pool: &SqlitePool,
    name: &AccountName,
) -> Result<Option<(Account, PasswordHash)>, StoreError> {
    let row: Option<AccountRecord> =
        sqlx::query_as(concat!("SELECT ", account_columns!(), " FROM accounts WHERE name = ?"))
            .bind(name.as_str())
            .fetch_optional(pool)
            .await?;
    row.map(AccountRecord::with_hash).transpose()
}

pub(super) async fn all(pool: &SqlitePool) -> Result<Vec<Account>, StoreError> {
    let rows: Vec<AccountRecord> =
        sqlx::query_as(concat!("SELECT ", account_columns!(), " FROM accounts ORDER BY name")).fetch_all(pool).await?;
    rows.into_iter().map(AccountRecord::account).collect()
}

pub(super) async fn set_password(
    pool: &SqlitePool,
    account: AccountId,
    hash: &PasswordHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let changed = sqlx::query("UPDATE accounts SET password_hash = ?, epoch = epoch + 1, demo = 0 WHERE id = ?")
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
    pool: &SqlitePool,
    account: AccountId,
    old: &PasswordHash,
    new: &PasswordHash,
) -> Result<bool, StoreError> {
    let changed = sqlx::query("UPDATE accounts SET password_hash = ? WHERE id = ? AND password_hash = ?")
        .bind(new.as_str())
        .bind(account.0)
        .bind(old.as_str())
        .execute(pool)
        .await?;
    Ok(changed.rows_affected() == 1)
}

pub(super) async fn set_state(
    pool: &SqlitePool,
    account: AccountId,
    state: AccountState,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let changed = sqlx::query("UPDATE accounts SET state = ?, epoch = epoch + (state <> ?) WHERE id = ?")
        .bind(state.as_str())
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

pub(super) async fn delete(pool: &SqlitePool, account: AccountId) -> Result<bool, StoreError> {
    let deleted = sqlx::query("DELETE FROM accounts WHERE id = ?").bind(account.0).execute(pool).await?;
    Ok(deleted.rows_affected() == 1)
}

pub(super) async fn delete_demo(pool: &SqlitePool) -> Result<u64, StoreError> {
    Ok(sqlx::query("DELETE FROM accounts WHERE demo = 1").execute(pool).await?.rows_affected())
}
