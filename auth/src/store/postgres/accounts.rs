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
use sqlx::PgPool;

pub(super) async fn create(
    pool: &PgPool,
    name: &AccountName,
    hash: &PasswordHash,
    demo: bool,
    now: Timestamp,
) -> Result<Account, StoreError> {
    let row: Option<AccountRecord> = sqlx::query_as(concat!(
        "INSERT INTO accounts (name, password_hash, state, demo, created_at) VALUES ($1, $2, 'active', $3, $4)
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

pub(super) async fn by_name(pool: &PgPool, name: &AccountName) -> Result<Option<(Account, PasswordHash)>, StoreError> {
    let row: Option<AccountRecord> =
        sqlx::query_as(concat!("SELECT ", account_columns!(), " FROM accounts WHERE name = $1"))
            .bind(name.as_str())
            .fetch_optional(pool)
            .await?;
    row.map(AccountRecord::with_hash).transpose()
}

pub(super) async fn all(pool: &PgPool) -> Result<Vec<Account>, StoreError> {
    let rows: Vec<AccountRecord> =
        sqlx::query_as(concat!("SELECT ", account_columns!(), " FROM accounts ORDER BY name")).fetch_all(pool).await?;
    rows.into_iter().map(AccountRecord::account).collect()
}

pub(super) async fn set_password(
    pool: &PgPool,
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
    pool: &PgPool,
    account: AccountId,
    old: &PasswordHash,
    new: &PasswordHash,
) -> Result<bool, StoreError> {
    let changed = sqlx::query("UPDATE accounts SET password_hash = $1 WHERE id = $2 AND password_hash = $3")
        .bind(new.as_str())
        .bind(account.0)
        .bind(old.as_str())
        .execute(pool)
        .await?;
    Ok(changed.rows_affected() == 1)
}

pub(super) async fn set_state(
    pool: &PgPool,
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

pub(super) async fn delete(pool: &PgPool, account: AccountId) -> Result<bool, StoreError> {
    let deleted = sqlx::query("DELETE FROM accounts WHERE id = $1").bind(account.0).execute(pool).await?;
    Ok(deleted.rows_affected() == 1)
}

pub(super) async fn delete_demo(pool: &PgPool) -> Result<u64, StoreError> {
    Ok(sqlx::query("DELETE FROM accounts WHERE demo").execute(pool).await?.rows_affected())
}
