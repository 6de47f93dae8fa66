//! What other processes changed in the same file.

use super::{SqliteStore, file::File};
use crate::store::{Heard, Moment, Notice, Notices, StoreError, TOLD_WITHIN, connections::Connections};
use async_trait::async_trait;
use sqlx::Sqlite;

/// So many notices are kept. Whoever has not looked for longer than it takes to write them forgets all.
pub(super) const KEEP: i64 = 10_000;

/// Reads the table that the triggers fill.
pub(super) struct Table {
    readers: Connections<Sqlite>,
    file: File,
    last: i64,
    begun: bool,
}

pub(super) async fn listen(store: &SqliteStore) -> Result<Table, StoreError> {
    let mut connection = store.live()?.reading().await?;
    let last: Option<i64> = sqlx::query_scalar("SELECT max(id) FROM notices").fetch_one(&mut *connection).await?;
    connection.done();
    Ok(Table { readers: store.readers.clone(), file: store.file.clone(), last: last.unwrap_or(0), begun: false })
}

#[async_trait]
impl Notices for Table {
    async fn next(&mut self) -> Result<Heard, StoreError> {
        if std::mem::replace(&mut self.begun, true) {
            tokio::time::sleep(TOLD_WITHIN).await;
        }
        let complete_until = Some(Moment::now());
        self.file.check()?;
        let mut connection = self.readers.reading().await?;
        let new: Vec<(i64, String)> = sqlx::query_as("SELECT id, what FROM notices WHERE id > ? ORDER BY id")
            .bind(self.last)
            .fetch_all(&mut *connection)
            .await?;
        connection.done();
        // Numbers are given once and in order. A gap is a notice that was swept away unread.
        let mut notices: Vec<_> = new.iter().map(|(_, what)| Notice::parse(what)).collect();
        if new.first().is_some_and(|(id, _)| *id != self.last + 1) {
            notices = vec![Notice::All];
        }
        if let Some((id, _)) = new.last() {
            self.last = *id;
        }
        Ok(Heard { notices, complete_until })
    }
}

/// Deletes the notices that everybody had time to read.
pub(super) async fn sweep(pool: &Connections<Sqlite>) -> Result<(), StoreError> {
    let mut connection = pool.writing().await?;
    sqlx::query("DELETE FROM notices WHERE id <= (SELECT max(id) FROM notices) - ?")
        .bind(KEEP)
        .execute(&mut *connection)
        .await?;
    connection.done();
    Ok(())
}
