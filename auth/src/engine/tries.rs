//! Tries to give a password are counted before it is hashed.

use super::Engine;
use crate::{
    store::{StoreError, Tried},
    throttle::{Buckets, Namer},
};
use std::time::Duration;

impl Engine {
    /// Names the buckets. The half of the newest key that seals nothing is their key, so counts begin
    /// anew when the keys turn.
    pub(super) fn namer(&self) -> Namer<'_> {
        Namer(self.sealer().ring.sealing().signing())
    }

    /// Counts a try, or says how long it has to wait.
    pub(super) async fn count_try(&self, buckets: &Buckets) -> Result<Option<Duration>, StoreError> {
        let wait = self.store().count_try(&buckets.all(), self.now()).await?;
        if let Some(wait) = wait {
            tracing::info!(
                event = "excess_rate_limit_exceeded",
                who = buckets.account.id.reference(),
                seconds = wait.as_secs(),
                "a try has to wait"
            );
        }
        Ok(wait)
    }

    /// The password was not even looked at.
    pub(super) async fn not_tried(&self, buckets: &Buckets) {
        let all: Vec<_> = buckets.all().iter().map(|bucket| bucket.id).collect();
        self.take_back(Tried { right: None, others: &all }).await;
    }

    /// A count that stays too high is no reason to turn anybody away now.
    pub(super) async fn take_back(&self, tried: Tried<'_>) {
        if let Err(error) = self.store().take_back_try(tried).await {
            tracing::error!(error = &error as &dyn std::error::Error, "a try could not be taken back");
        }
    }
}
