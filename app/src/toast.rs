//! Toasts: short messages that stack, go by themselves when they are only news, and are read out.
//! There is one at most for each topic.

use leptos::prelude::*;

/// Seconds for which news stays.
const NEWS_STAYS: u8 = 6;

/// What kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something went well. Goes by itself.
    Good,
    /// News. Goes by itself.
    Info,
    /// Something happened to the person. Stays until dismissed.
    Warn,
    /// Something failed. Stays until dismissed, and is read out at once.
    Bad,
}

/// What a message is about; a newer one about the same replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// The session.
    Session,
    /// A form that was sent.
    Form,
    /// Whether the server answers.
    Reach,
    /// What others may have tried.
    Attempts,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toast {
    pub(crate) id: u32,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    topic: Topic,
    /// Seconds left, for those that go by themselves.
    stays: Option<u8>,
}

/// The messages, from the context.
#[derive(Clone, Copy)]
pub(crate) struct Toasts {
    list: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl Toasts {
    pub(crate) fn provide() -> Self {
        let toasts = Self { list: RwSignal::new(Vec::new()), next: StoredValue::new(0) };
        provide_context(toasts);
        toasts
    }

    pub(crate) fn expect() -> Self {
        expect_context()
    }

    /// Shows a message.
    pub(crate) fn show(self, kind: Kind, topic: Topic, text: impl Into<String>) {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        let stays = matches!(kind, Kind::Good | Kind::Info).then_some(NEWS_STAYS);
        let toast = Toast { id, kind, text: text.into(), topic, stays };
        self.list.update(|list| {
            list.retain(|old| old.topic != topic);
            list.push(toast);
        });
    }

    pub(crate) fn dismiss(self, id: u32) {
        self.list.update(|list| list.retain(|toast| toast.id != id));
    }

    pub(crate) fn clear_topic(self, topic: Topic) {
        if self.list.with_untracked(|list| list.iter().any(|toast| toast.topic == topic)) {
            self.list.update(|list| list.retain(|toast| toast.topic != topic));
        }
    }

    /// Puts the messages of the first paint into their live region anew: screen readers read out
    /// what appears there, and not what was there when the page was loaded.
    pub(crate) fn announce(self) {
        let mut next = self.next.get_value();
        self.list.update(|list| {
            for toast in list {
                toast.id = next;
                next = next.wrapping_add(1);
            }
        });
        self.next.set_value(next);
    }

    pub(crate) fn clear(self) {
        self.list.set(Vec::new());
    }

    /// The messages to show now. Tracks.
    pub(crate) fn shown(self, urgent: bool) -> Vec<Toast> {
        self.list.with(|list| list.iter().filter(|toast| (toast.kind == Kind::Bad) == urgent).cloned().collect())
    }

    /// A second has passed in which the person could read.
    pub(crate) fn tick(self) {
        let counts = |toast: &Toast| toast.stays.is_some();
        if !self.list.with_untracked(|list| list.iter().any(counts)) {
            return;
        }
        let mut gone = false;
        self.list.update_untracked(|list| {
            for toast in list.iter_mut() {
                toast.stays = toast.stays.map(|left| left.saturating_sub(1));
                gone |= toast.stays == Some(0);
            }
        });
        if gone {
            self.list.update(|list| list.retain(|toast| toast.stays != Some(0)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toasts() -> (Owner, Toasts) {
        let owner = Owner::new();
        let toasts = owner.with(Toasts::provide);
        (owner, toasts)
    }

    #[test]
    fn news_goes_and_what_matters_stays() {
        let (_owner, toasts) = toasts();
        toasts.show(Kind::Good, Topic::Session, "news");
        toasts.show(Kind::Bad, Topic::Form, "error");
        for _ in 0..5 {
            toasts.tick();
        }
        assert_eq!(toasts.shown(false).len(), 1);
        toasts.tick();
        assert!(toasts.shown(false).is_empty());
        for _ in 0..100 {
            toasts.tick();
        }
        assert_eq!(toasts.shown(true)[0].text, "error");
        toasts.dismiss(toasts.shown(true)[0].id);
        assert!(toasts.shown(true).is_empty());
    }

    #[test]
    fn a_newer_message_on_the_same_replaces_the_older() {
        let (_owner, toasts) = toasts();
        for n in 0..20 {
            toasts.show(Kind::Bad, Topic::Form, format!("try {n}"));
        }
        assert_eq!(toasts.shown(true).iter().map(|toast| toast.text.as_str()).collect::<Vec<_>>(), ["try 19"]);
    }
}
