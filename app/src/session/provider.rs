//! What the page believes of its session.

use super::Moment;
use crate::{
    app::{FirstPaint, PageNotice},
    error::AppError,
    toast::{Kind, Toasts, Topic},
    words,
};
use daypass_auth::{Reason, SessionInfo};
use leptos::prelude::*;

/// What the page believes.
#[derive(Clone, Debug, PartialEq)]
enum View {
    /// Nobody is signed in.
    Guest,
    /// Somebody is.
    Active {
        info: SessionInfo,
        /// When that was true.
        taken: Moment,
    },
    /// Somebody was.
    Ended(Reason),
}

/// The page's session, from the context. Cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    view: RwSignal<View>,
    /// Ticks, so that what depends on time is drawn anew.
    now: RwSignal<Moment>,
    reachable: RwSignal<bool>,
    /// Counts what this page did to the session itself: an answer to a question from before is no
    /// longer about the session that there is now.
    turn: StoredValue<u32>,
    toasts: Toasts,
}

impl Session {
    /// Puts the session of the first paint into the context.
    pub(crate) fn provide(first: &FirstPaint, toasts: Toasts) -> Self {
        let taken = Moment::of_document();
        let view = match (&first.session, &first.notice) {
            (Some(info), _) => View::Active { info: info.clone(), taken },
            (None, Some(PageNotice::Ended { reason, .. })) => View::Ended(*reason),
            (None, _) => View::Guest,
        };
        match (&first.notice, &first.session) {
            (Some(PageNotice::Ended { reason, idle_ms, absolute_ms }), _) => {
                toasts.show(end_kind(*reason), Topic::Session, words::ended(*reason, *idle_ms, *absolute_ms));
            }
            (Some(PageNotice::SignedIn), Some(info)) => {
                toasts.show(Kind::Good, Topic::Session, words::welcome(&info.account));
            }
            (Some(PageNotice::Refused { error, .. }), _) if !error.has_a_field() => {
                toasts.show(Kind::Bad, Topic::Form, words::error(*error));
            }
            _ => {}
        }
        let session = Self {
            view: RwSignal::new(view),
            // The first paint is the server's: time starts to run once the page is live.
            now: RwSignal::new(taken),
            reachable: RwSignal::new(!first.unavailable),
            turn: StoredValue::new(0),
            toasts,
        };
        provide_context(session);
        session
    }

    /// The session of the context.
    ///
    /// # Panics
    /// Outside of [`crate::App`], which is a mistake in this crate.
    pub(crate) fn expect() -> Self {
        expect_context()
    }

    /// Whether private views may be shown: somebody is signed in, and the time is not over. Tracks.
    pub(crate) fn is_active(self) -> bool {
        self.left_ms() > 0
    }

    /// Milliseconds until the session ends if nothing happens. Tracks.
    pub(crate) fn left_ms(self) -> u64 {
        let now = self.now.get();
        self.view.with(|view| match view {
            View::Active { info, taken } => info.left_ms().saturating_sub(now.since(*taken)),
            View::Guest | View::Ended(_) => 0,
        })
    }

    /// What is known of the session. Tracks.
    pub(crate) fn info(self) -> Option<SessionInfo> {
        self.view.with(|view| match view {
            View::Active { info, .. } => Some(info.clone()),
            View::Guest | View::Ended(_) => None,
        })
    }

    /// Why the last session ended, if one did. Tracks.
    pub(crate) fn end_reason(self) -> Option<Reason> {
        self.view.with(|view| match view {
            View::Ended(reason) => Some(*reason),
            View::Guest | View::Active { .. } => None,
        })
    }

    pub(super) fn turn(self) -> u32 {
        self.turn.get_value()
    }

    pub(super) fn tick(self) {
        self.now.set(Moment::now());
    }

    pub(super) fn is_reachable(self) -> bool {
        self.reachable.get_untracked()
    }

    pub(super) fn believes_active(self) -> bool {
        self.view.with_untracked(|view| matches!(view, View::Active { .. }))
    }

    /// Somebody signed in here. `sent` is when the request was sent.
    pub(crate) fn signed_in(self, info: SessionInfo, sent: Moment) {
        self.turn.update_value(|turn| *turn += 1);
        self.toasts.clear();
        self.toasts.show(Kind::Good, Topic::Session, words::welcome(&info.account));
        self.take(info, sent);
    }

    /// The server said what is left. `sent` is when it was asked.
    pub(super) fn refreshed(self, info: SessionInfo, sent: Moment) {
        let before = self.view.with_untracked(|view| match view {
            View::Active { info, .. } => Some(info.account.clone()),
            View::Guest | View::Ended(_) => None,
        });
        // Somebody signed in, or signed in as another, in another tab.
        if before.is_some_and(|before| before != info.account) {
            self.toasts.show(Kind::Info, Topic::Session, words::other_account(&info.account));
        }
        self.take(info, sent);
    }

    fn take(self, info: SessionInfo, taken: Moment) {
        self.now.set(Moment::now());
        self.view.set(View::Active { info, taken });
    }

    /// The server knows no session of ours, and said nothing of why.
    pub(super) fn gone(self) {
        let timed_out = untrack(|| self.left_ms()) == 0;
        let reason = self.view.with_untracked(|view| match view {
            View::Active { info, .. } if timed_out && info.absolute_left_ms <= info.idle_left_ms => Reason::Absolute,
            View::Active { .. } if timed_out => Reason::Idle,
            _ => Reason::SignedOut,
        });
        self.ended(reason);
    }

    /// The session has ended. Said once, however many answers say so.
    pub(crate) fn ended(self, reason: Reason) {
        let timeouts = self.view.with_untracked(|view| match view {
            View::Active { info, .. } => Some((info.idle_timeout_ms, info.absolute_timeout_ms)),
            View::Guest | View::Ended(_) => None,
        });
        if let Some((idle, absolute)) = timeouts {
            self.turn.update_value(|turn| *turn += 1);
            self.view.set(View::Ended(reason));
            self.toasts.clear_topic(Topic::Session);
            self.toasts.show(end_kind(reason), Topic::Session, words::ended(reason, idle, absolute));
        }
    }

    /// The server did not answer, or said that it is away.
    pub(super) fn unreachable(self) {
        if self.reachable.get_untracked() {
            self.reachable.set(false);
            self.toasts.show(Kind::Bad, Topic::Reach, words::unreachable(self.believes_active()));
        }
    }

    /// The server answered.
    pub(super) fn reached(self) {
        if !self.reachable.get_untracked() {
            self.reachable.set(true);
            self.toasts.clear_topic(Topic::Reach);
            self.toasts.show(Kind::Good, Topic::Reach, words::BACK);
        }
    }

    /// A form was refused.
    pub(crate) fn refused(self, error: AppError) {
        // The field says it itself; that nobody answers is said already.
        if !error.has_a_field() && error != AppError::Unreachable {
            self.toasts.show(Kind::Bad, Topic::Form, words::error(error));
        }
    }
}

/// What the person did themselves needs no more than a nod; what happened to them waits until they
/// have read it.
const fn end_kind(reason: Reason) -> Kind {
    match reason {
        Reason::SignedOut => Kind::Good,
        _ => Kind::Warn,
    }
}
