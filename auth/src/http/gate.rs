//! What a handler is told of its request's session, and how it changes it.

use super::notice::Notice;
use crate::{Access, Session};
use http::Extensions;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Who a request is of, and what its browser shall be told. In the request's extensions, put there by
/// [`protect`](super::protect); what is said here becomes the `Set-Cookie` of the answer.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Visit>);

#[derive(Debug)]
struct Visit {
    access: Access,
    notice: Option<Notice>,
    /// Nothing, of most requests: their answers take no lock.
    said: OnceLock<Mutex<Said>>,
}

/// What a handler said.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// What the browser shall carry.
    pub(super) change: Change,
    /// What the next page shall say.
    pub(super) told: Option<Notice>,
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
        Self(Arc::new(Visit { access, notice, said: OnceLock::new() }))
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
        self.say(|said| said.change = Change::Name(session));
    }

    /// The browser shall forget its session: it was just ended.
    pub fn forget(&self) {
        self.say(|said| said.change = Change::Forget);
    }

    /// The next page shall say this. For an answer that leads on to it.
    pub fn tell(&self, notice: Notice) {
        self.say(|said| said.told = Some(notice));
    }

    /// Whether anything was said.
    pub(super) fn has_said(&self) -> bool {
        self.0.said.get().is_some()
    }

    /// What was said, once.
    pub(super) fn take_said(&self) -> Said {
        self.0.said.get().map(|said| std::mem::take(&mut *lock(said))).unwrap_or_default()
    }

    fn say(&self, what: impl FnOnce(&mut Said)) {
        what(&mut lock(self.0.said.get_or_init(Mutex::default)));
    }
}

fn lock(said: &Mutex<Said>) -> MutexGuard<'_, Said> {
    // Nothing that holds this lock can panic half-way through a change.
    said.lock().unwrap_or_else(PoisonError::into_inner)
}
