//! Sudo mode on the page: what is sensitive asks for the password again when it was given long ago.

use super::{Moment, Session};
use daypass_auth::SessionInfo;
use leptos::prelude::*;

/// Free to go to another thread, as all that a page on the server is made of: it is dropped by whichever
/// thread sent the last of it.
type What = Box<dyn Fn() + Send + Sync>;

/// Asks for the password where it is needed, from the context. Cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Sudo {
    session: Session,
    asking: RwSignal<bool>,
    /// What is done once the password was given.
    then: StoredValue<Option<What>>,
}

impl Sudo {
    pub(crate) fn provide(session: Session) {
        provide_context(Self { session, asking: RwSignal::new(false), then: StoredValue::new(None) });
    }

    /// For the component that calls this: what it wants is given up when it is gone, because somebody
    /// went elsewhere, or the session ended.
    pub(crate) fn of_component() -> Self {
        let sudo = Self::expect();
        on_cleanup(move || sudo.cancel());
        sudo
    }

    /// For the dialog.
    pub(crate) fn expect() -> Self {
        expect_context()
    }

    /// Does something sensitive: at once, or when the person has given the password. The server
    /// decides, so `what` calls [`Sudo::ask`] if it is refused after all.
    pub(crate) fn run(self, what: impl Fn() + Send + Sync + 'static) {
        if self.session.is_sudo() { what() } else { self.ask(what) }
    }

    /// Asks for the password, and does something then.
    pub(crate) fn ask(self, what: impl Fn() + Send + Sync + 'static) {
        self.then.set_value(Some(Box::new(what)));
        self.asking.set(true);
    }

    /// Whether the password is being asked for. Tracks.
    pub(crate) fn is_asking(self) -> bool {
        self.asking.get() && self.session.is_active()
    }

    /// The person would rather not.
    pub(crate) fn cancel(self) {
        self.asking.set(false);
        self.then.set_value(None);
    }

    /// The password was right. `sent` is when it was sent.
    pub(crate) fn confirmed(self, info: SessionInfo, sent: Moment) {
        self.session.renewed(info, sent);
        self.asking.set(false);
        if let Some(what) = self.then.try_update_value(Option::take).flatten() {
            what();
        }
    }
}
