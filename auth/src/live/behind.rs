//! When sessions were last used, on its way to the store.

use crate::{SecretHash, clock::Timestamp};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// So many wait at most; what comes then is written at once.
const MOST: usize = 10_000;

/// What is still to be written.
#[derive(Debug, Default)]
pub(super) struct Behind(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    waiting: HashMap<SecretHash, Timestamp>,
    /// Given to the store, which has not answered yet.
    under_way: HashMap<SecretHash, Timestamp>,
}

impl Behind {
    /// Takes it, if there is room.
    pub(super) fn add(&self, secret: SecretHash, now: Timestamp) -> bool {
        let mut queue = self.queue();
        if queue.waiting.len() >= MOST {
            return false;
        }
        later(&mut queue.waiting, secret, now);
        true
    }

    /// When a session was used, if that is not known to be written.
    pub(super) fn of(&self, secret: &SecretHash) -> Option<Timestamp> {
        let queue = self.queue();
        queue.waiting.get(secret).max(queue.under_way.get(secret)).copied()
    }

    /// What is to be written now.
    pub(super) fn begin(&self) -> Vec<(SecretHash, Timestamp)> {
        let mut queue = self.queue();
        let waiting = std::mem::take(&mut queue.waiting);
        for (secret, at) in waiting {
            later(&mut queue.under_way, secret, at);
        }
        queue.under_way.iter().map(|(secret, at)| (*secret, *at)).collect()
    }

    /// It was written. If not, it stays, and is written the next time.
    pub(super) fn written(&self) {
        self.queue().under_way.clear();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing that holds this lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn later(map: &mut HashMap<SecretHash, Timestamp>, secret: SecretHash, at: Timestamp) {
    let latest = map.entry(secret).or_insert(at);
    *latest = (*latest).max(at);
}
