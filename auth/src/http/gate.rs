//! What a handler is told of its request's session, and how it changes it.

use super::notice::Notice;
use crate::{Access, Session};
use http::Extensions;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who a request is of, and what its browser shall be told. In the request's extensions, put there by
/// [`protect`](super::protect); what is said here becomes the `Set-Cookie` of the answer.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Visit>);

#[derive(Debug)]
struct Visit {
    access: Access,
    notice: Option<Notice>,
    change: Mutex<Change>,
    told: Mutex<Option<Notice>>,
}

#[derive(Debug, Default)]
pub(super) enum Change {
    #[default]
    Nothing,
    Name(Session),
    Forget,
}

impl Gate {
    pub(super) fn new(access: Access, notice: Option<Notice>) -> Self {
        Self(Arc::new(Visit { access, notice, change: Mutex::default(), told: Mutex::default() }))
    }

    /// The gate of a request, if it passed the session layer.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }

    /// Who the request is of.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.0.access
    }

    /// What the answer before had to say to the page that is asked for now.
    #[must_use]
    pub fn notice(&self) -> Option<&Notice> {
        self.0.notice.as_ref()
    }

    /// The browser shall carry this session from now on: it was just started or extended.
    pub fn name(&self, session: Session) {
        *lock(&self.0.change) = Change::Name(session);
    }

    /// The browser shall forget its session: it was just ended.
    pub fn forget(&self) {
        *lock(&self.0.change) = Change::Forget;
    }

    /// The next page shall say this. For an answer that leads on to it.
    pub fn tell(&self, notice: Notice) {
        *lock(&self.0.told) = Some(notice);
    }

    /// Whether the answer shall change what the browser carries.
    pub(super) fn is_changed(&self) -> bool {
        !matches!(*lock(&self.0.change), Change::Nothing)
    }

    pub(super) fn take_change(&self) -> Change {
        std::mem::take(&mut *lock(&self.0.change))
    }

    pub(super) fn take_told(&self) -> Option<Notice> {
        lock(&self.0.told).take()
    }
}

fn lock<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds this lock can panic half-way through a change.
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
