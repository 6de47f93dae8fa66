//! How long anything may take, and what is tried again.
//!
//! PostgreSQL keeps its own bounds, which each connection sets; they are of no use where it does not
//! answer at all (stopped, or the network swallows what is sent). So each operation has a bound here too.

use crate::store::{StoreError, bounds, connections::is_cut};
use std::time::Duration;

pub(super) use crate::store::bounds::{ANSWER, ANSWER_FOR_ALL, WAIT};

/// Connections of one process at most.
pub(super) const CONNECTIONS: u32 = 10;
/// How long a statement runs.
pub(super) const STATEMENT: Duration = Duration::from_secs(4);
/// How long a node that fell silent in the middle of a transaction keeps its locks.
pub(super) const SILENT: Duration = Duration::from_secs(10);
/// How often an operation is tried that had to make way for another.
const TRIES: u32 = 4;

/// Does something within a bound, and again where the database undid it to make way for another.
pub(super) async fn within<T, F>(bound: Duration, work: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let tries = async {
        for _ in 1..TRIES {
            match work().await {
                Err(error) if made_way(&error) => {}
                result => return result,
            }
        }
        work().await
    };
    bounds::within(bound, tries).await
}

/// Looks at something, and again where the connection turns out to be cut: if one of those that nobody used for a
/// while is, all may be.
pub(super) async fn looking<T, F>(look: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    for _ in 0..CONNECTIONS {
        match look().await {
            Err(error) if cause(&error).is_some_and(is_cut) => {}
            result => return result,
        }
    }
    look().await
}

/// Whether it was undone because of a deadlock, or because it could not be put in some order with
/// another (`deadlock_detected`, `serialization_failure`): nothing of it is left.
fn made_way(error: &StoreError) -> bool {
    let code = cause(error).and_then(|error| error.as_database_error()?.code());
    matches!(code.as_deref(), Some("40P01" | "40001"))
}

/// What the database or its connection said.
fn cause(error: &StoreError) -> Option<&sqlx::Error> {
    let StoreError::Unavailable(cause) = error else { return None };
    cause.downcast_ref()
}

/// A setting of PostgreSQL's, in milliseconds.
pub(super) fn millis(time: Duration) -> String {
    time.as_millis().to_string()
}
