//! How long a store may take before it counts as away, whatever holds it up: another process, a network, a
//! disk.

use super::StoreError;
use std::time::Duration;

/// How long a request waits for a connection, be it a new one, and a connection for a lock.
pub(super) const WAIT: Duration = Duration::from_secs(2);
/// How long an operation takes as a whole.
pub(super) const ANSWER: Duration = Duration::from_secs(5);
/// The same for what concerns all accounts or many sessions, which operators and we ourselves do, and for
/// migrations.
pub(super) const ANSWER_FOR_ALL: Duration = Duration::from_secs(60);

/// Does something within a bound.
///
/// What is given up may still be done, as may whatever was asked of a store whose answer was lost: who is told
/// that the store is away is told nothing of that.
pub(super) async fn within<T>(
    bound: Duration,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    tokio::time::timeout(bound, work).await.unwrap_or_else(|elapsed| Err(StoreError::Unavailable(elapsed.into())))
}
