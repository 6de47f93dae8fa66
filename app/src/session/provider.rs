//! What the page believes of its session.

use super::{Moment, drafts::Drafts, tabs::Tabs};
use crate::{
    api,
    app::{Done, FirstPaint, PageNotice},
    error::AppError,
    toast::{Kind, Toasts, Topic},
    words,
};
use daypass_auth::{Reason, SessionInfo};
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;

/// A person's doing is told to the server at most this often.
const EXTEND_EVERY_MS: u64 = 30_000;
/// How long an answer is waited for. A server that hangs is as good as none.
pub(super) const GIVE_UP_AFTER_MS: u64 = 10_000;
/// What people are given to answer, if the timeout leaves that much (WCAG 2.2.1).
const SHORTEST_WARNING_MS: u64 = 20_000;
/// An answer takes a while to arrive; a question that would come too late is asked at once.
const SUDO_MARGIN_MS: u64 = 2_000;
/// Nobody reads a dialog and answers it in less.
const UNREADABLE_MS: u64 = 5_000;

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

/// Whether the server can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// It answers.
    Here,
    /// It does not.
    Away,
    /// This browser has no network.
    Offline,
}

/// The page's session, from the context. Cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    view: RwSignal<View>,
    /// Ticks, so that what depends on time is drawn anew.
    now: RwSignal<Moment>,
    reach: RwSignal<Reach>,
    /// Counts what this page did to the session itself: an answer to a question from before is no
    /// longer about the session that there is now.
    turn: StoredValue<u32>,
    /// How long before the end the page says so, in milliseconds, if the timeouts leave that much.
    warning_ms: StoredValue<u64>,
    /// When the last request to extend was sent, and whether its answer is awaited.
    extension: StoredValue<Option<(Moment, bool)>>,
    /// Why the person's last wish to stay was not granted.
    failed: RwSignal<Option<AppError>>,
    /// Why the session ended, as another tab heard it.
    told: StoredValue<Option<Reason>>,
    /// Whether the person has left, and the server does not know it yet.
    leaving: StoredValue<bool>,
    /// Who was signed in last, as far as this page knows.
    last_account: StoredValue<Option<String>>,
    /// What was typed in forms that a session's end took away.
    drafts: Drafts,
    tabs: Tabs,
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
            (Some(PageNotice::SignedIn { failed_attempts }), Some(info)) => {
                welcome(toasts, &info.account, *failed_attempts);
            }
            (Some(PageNotice::Done(done)), _) => {
                let text = match done {
                    Done::PasswordChanged => words::PASSWORD_CHANGED.to_owned(),
                    Done::SessionsEnded(count) => words::ended_sessions(*count),
                };
                toasts.show(Kind::Good, Topic::Form, text);
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
            reach: RwSignal::new(if first.unavailable { Reach::Away } else { Reach::Here }),
            turn: StoredValue::new(0),
            warning_ms: StoredValue::new(first.warning_ms),
            extension: StoredValue::new(None),
            failed: RwSignal::new(None),
            told: StoredValue::new(None),
            leaving: StoredValue::new(false),
            last_account: StoredValue::new(first.session.as_ref().map(|info| info.account.clone())),
            drafts: Drafts::new(),
            tabs: Tabs::new(),
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

    /// Whose private views may be shown. Tracks.
    pub(crate) fn account(self) -> Option<String> {
        if self.is_active() { self.info().map(|info| info.account) } else { None }
    }

    /// Milliseconds until the session ends if nothing happens. Tracks.
    pub(crate) fn left_ms(self) -> u64 {
        let now = self.now.get();
        self.view.with(|view| match view {
            View::Active { info, taken } => info.left_ms().saturating_sub(now.since(*taken)),
            View::Guest | View::Ended(_) => 0,
        })
    }

    /// Whether the end is so near that the person should know. Tracks.
    pub(crate) fn is_warned(self) -> bool {
        let left = self.left_ms();
        let warning = self.warning_ms.get_value();
        left > 0 && self.info().is_some_and(|info| left <= warning_for(&info, warning))
    }

    /// Whether so little time is left that the eye should notice: the last minute, or the last quarter
    /// of a short timeout. Tracks.
    pub(crate) fn is_low(self) -> bool {
        self.info().is_some_and(|info| self.left_ms() < whole(&info).min(240_000) / 4)
    }

    /// Whether it is the absolute timeout that comes next, which nothing extends. Tracks.
    pub(crate) fn is_last(self) -> bool {
        self.info().is_some_and(|info| info.absolute_left_ms <= info.idle_left_ms)
    }

    /// Why the person's wish to stay was not granted, if it was not. Tracks.
    pub(crate) fn failure(self) -> Option<AppError> {
        self.failed.get()
    }

    /// Whether what the person does now is worth telling the server: not on every key, not at once
    /// again when it failed, and not while the warning asks them.
    pub(super) fn is_extension_due(self) -> bool {
        let now = Moment::now();
        let attempted = self.extension.get_value().map(|(sent, _)| now.since(sent));
        let due = self.view.with_untracked(|view| match view {
            View::Active { info, taken } => {
                let used = info.idle_timeout_ms.saturating_sub(info.idle_left_ms) + now.since(*taken);
                let enough = (info.idle_timeout_ms / 20).min(EXTEND_EVERY_MS);
                used >= enough && attempted.is_none_or(|attempted| attempted >= enough)
            }
            View::Guest | View::Ended(_) => false,
        });
        due && !self.is_extending(now) && untrack(|| self.is_active() && !self.is_warned())
    }

    /// An answer that does not come is not waited for for ever.
    fn is_extending(self, now: Moment) -> bool {
        self.extension.get_value().is_some_and(|(sent, awaited)| awaited && now.since(sent) < GIVE_UP_AFTER_MS)
    }

    /// Extends the session, because the person did something.
    pub(crate) fn extend(self) {
        let (sent, turn) = (Moment::now(), self.turn());
        if self.is_extending(sent) {
            return;
        }
        self.extension.set_value(Some((sent, true)));
        spawn_local(async move {
            let answer = api::extend().await;
            if self.extension.get_value() == Some((sent, true)) {
                self.extension.set_value(Some((sent, false)));
            }
            if self.turn() != turn {
                return;
            }
            match answer {
                Ok(info) => {
                    self.begin_turn();
                    self.take(info, sent);
                    self.tabs.tell(None);
                }
                // Heard already: the session itself is being asked for.
                Err(AppError::Unauthenticated { .. }) => {}
                Err(error) => self.failed.set(Some(error)),
            }
        });
    }

    /// Another tab heard why the session ended.
    pub(super) fn told(self, reason: Reason) {
        self.told.set_value(Some(reason));
        if reason == Reason::SignedOut {
            self.drafts.forget();
        }
    }

    /// The person wants to leave. If nobody answers to that, they leave all the same.
    pub(crate) fn wants_out(self) {
        self.told(Reason::SignedOut);
    }

    /// The person wants to leave, and the server does not answer. What is private leaves the page now (ASVS
    /// 14.3.1), in the other tabs too; the session ends as soon as the server is back.
    fn leave(self) {
        self.begin_turn();
        self.leaving.set_value(true);
        self.view.set(View::Guest);
        self.toasts.show(Kind::Warn, Topic::Session, words::LEAVING);
        self.tabs.tell(Some(Reason::SignedOut));
    }

    /// The server is back.
    fn leave_at_last(self) {
        spawn_local(async move {
            // If it is away again, the next question finds it.
            if api::sign_out().await.is_ok() {
                self.left();
            }
        });
    }

    fn left(self) {
        self.begin_turn();
        self.leaving.set_value(false);
        self.toasts.show(Kind::Good, Topic::Session, words::ended(Reason::SignedOut, 0, 0));
        self.tabs.tell(Some(Reason::SignedOut));
    }

    pub(super) fn tabs(self) -> Tabs {
        self.tabs
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

    /// What was asked before knows less than this page does from now on.
    fn begin_turn(self) {
        self.turn.update_value(|turn| *turn += 1);
    }

    pub(super) fn turn(self) -> u32 {
        self.turn.get_value()
    }

    pub(super) fn tick(self) {
        let now = Moment::now();
        let (shown, over) = self.view.with_untracked(|view| match view {
            View::Active { info, taken } => {
                let left = |at: Moment| info.left_ms().saturating_sub(at.since(*taken));
                (left(self.now.get_untracked()) > 0, left(now) == 0)
            }
            View::Guest | View::Ended(_) => (false, true),
        });
        if shown && over {
            self.keep_drafts();
        }
        self.now.set(now);
        if !over && self.drafts.is_waiting() {
            self.restore_drafts();
        }
    }

    /// Private views leave the document now, with all that was typed there.
    fn keep_drafts(self) {
        if let Some(account) = self.last_account.get_value() {
            self.drafts.keep(&account);
        }
    }

    fn restore_drafts(self) {
        if let Some(account) = self.last_account.get_value() {
            self.drafts.restore(&account);
        }
    }

    pub(super) fn is_reachable(self) -> bool {
        self.reach.get_untracked() == Reach::Here
    }

    pub(super) fn believes_active(self) -> bool {
        self.view.with_untracked(|view| matches!(view, View::Active { .. }))
    }

    /// Somebody signed in here. `sent` is when the request was sent.
    pub(crate) fn signed_in(self, info: SessionInfo, sent: Moment) {
        self.begin_turn();
        // The server has ended the session that was there for it.
        self.leaving.set_value(false);
        self.toasts.clear();
        welcome(self.toasts, &info.account, info.failed_attempts);
        self.take(info, sent);
        self.tabs.tell(None);
    }

    /// The session goes on as a new one, because its person proved again who they are.
    pub(crate) fn renewed(self, info: SessionInfo, sent: Moment) {
        self.begin_turn();
        self.take(info, sent);
        self.tabs.tell(None);
    }

    /// Whether the password was given so lately that the server will not ask for it.
    pub(crate) fn is_sudo(self) -> bool {
        self.view.with_untracked(|view| match view {
            View::Active { info, taken } => info.sudo_left_ms > Moment::now().since(*taken) + SUDO_MARGIN_MS,
            View::Guest | View::Ended(_) => false,
        })
    }

    /// The server said what is left. `sent` is when it was asked.
    pub(super) fn refreshed(self, info: SessionInfo, sent: Moment) {
        if self.leaving.get_value() {
            return self.leave_at_last();
        }
        let left = untrack(|| self.left_ms());
        if self.believes_active() && left == 0 && info.left_ms() < 1000 {
            // It ends this very second: not worth showing once more.
            return;
        }
        let known = self.last_account.get_value();
        if known.is_some_and(|known| known != info.account) {
            self.toasts.clear();
            self.toasts.show(Kind::Info, Topic::Session, words::other_account(&info.account));
        } else if !self.believes_active() {
            // Signed in again in another tab: what was said of the end is over.
            self.toasts.clear_topic(Topic::Session);
            self.toasts.clear_topic(Topic::Form);
        }
        self.take(info, sent);
    }

    fn take(self, info: SessionInfo, taken: Moment) {
        self.failed.set(None);
        self.told.set_value(None);
        self.last_account.set_value(Some(info.account.clone()));
        self.now.set(Moment::now());
        self.view.set(View::Active { info, taken });
        if self.drafts.is_waiting() {
            // Once the forms are there again.
            set_timeout(move || self.restore_drafts(), Duration::ZERO);
        }
    }

    /// The server knows no session of ours, and said nothing of why.
    pub(super) fn gone(self) {
        if let Some(reason) = self.told.get_value() {
            return self.ended(reason);
        }
        let timed_out = untrack(|| self.left_ms()) == 0;
        let reason = self.view.with_untracked(|view| match view {
            View::Active { info, .. } if timed_out && info.absolute_left_ms <= info.idle_left_ms => Reason::Absolute,
            View::Active { .. } if timed_out => Reason::Idle,
            // Most likely a sign-out in another tab that nobody heard of.
            _ => Reason::SignedOut,
        });
        self.ended(reason);
    }

    /// The session has ended. Said once, however many answers say so.
    pub(crate) fn ended(self, reason: Reason) {
        if self.leaving.get_value() {
            return self.left();
        }
        let timeouts = self.view.with_untracked(|view| match view {
            View::Active { info, .. } => Some((info.idle_timeout_ms, info.absolute_timeout_ms)),
            View::Guest | View::Ended(_) => None,
        });
        if reason == Reason::SignedOut {
            // Whenever it is heard of: who chooses to leave leaves nothing behind.
            self.drafts.forget();
        }
        if let Some((idle, absolute)) = timeouts {
            self.begin_turn();
            if reason != Reason::SignedOut && untrack(|| self.is_active()) {
                self.keep_drafts();
            }
            self.view.set(View::Ended(reason));
            self.toasts.clear_topic(Topic::Session);
            self.toasts.show(end_kind(reason), Topic::Session, words::ended(reason, idle, absolute));
            self.tabs.tell(Some(reason));
        }
    }

    /// Whether this browser has lost its network. Tracks.
    pub(crate) fn is_offline(self) -> bool {
        self.reach.get() == Reach::Offline
    }

    /// This browser has lost its network. The banner says so; nobody is signed out by that.
    pub(super) fn offline(self) {
        self.toasts.clear_topic(Topic::Reach);
        self.reach.set(Reach::Offline);
    }

    /// The server did not answer, or said that it is away.
    pub(super) fn unreachable(self) {
        if self.reach.get_untracked() == Reach::Here {
            self.reach.set(Reach::Away);
            self.toasts.show(Kind::Bad, Topic::Reach, words::unreachable(self.believes_active()));
        }
        if self.told.get_value() == Some(Reason::SignedOut) && self.believes_active() {
            self.leave();
        }
    }

    /// The server answered.
    pub(super) fn reached(self) {
        let back = match self.reach.get_untracked() {
            Reach::Here => return,
            Reach::Away => words::BACK,
            Reach::Offline => words::ONLINE,
        };
        self.reach.set(Reach::Here);
        self.toasts.show(Kind::Good, Topic::Reach, back);
    }

    /// A form was refused.
    pub(crate) fn refused(self, error: AppError) {
        // The field says it itself; that nobody answers, or that the session has ended, is said already.
        let said = matches!(error, AppError::Unreachable | AppError::Unauthenticated { .. });
        if !error.has_a_field() && !said {
            self.toasts.show(Kind::Bad, Topic::Form, words::error(error));
        }
    }
}

/// Somebody is here, and should know what was tried meanwhile.
fn welcome(toasts: Toasts, account: &str, failed_attempts: u32) {
    toasts.show(Kind::Good, Topic::Session, words::welcome(account));
    if failed_attempts > 0 {
        toasts.show(Kind::Warn, Topic::Attempts, words::failed_attempts(failed_attempts));
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

/// How long before its end the page warns of a session with these timeouts: as configured, but not
/// for more than half of a short timeout, not for less than twenty seconds, and in any case only
/// after a third of the time has passed in peace. What leaves nobody the time to read it is not shown.
fn warning_for(info: &SessionInfo, configured: u64) -> u64 {
    let whole = whole(info);
    match configured.min((whole / 2).max(SHORTEST_WARNING_MS)).min(whole / 3 * 2) {
        ..UNREADABLE_MS => 0,
        warning => warning,
    }
}

/// How long a session with these timeouts lives if nothing happens in it.
fn whole(info: &SessionInfo) -> u64 {
    info.idle_timeout_ms.min(info.absolute_timeout_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warning_leaves_time_to_answer_and_time_in_peace() {
        let info = |idle_timeout_ms| SessionInfo {
            account: String::new(),
            idle_left_ms: idle_timeout_ms,
            absolute_left_ms: 43_200_000,
            idle_timeout_ms,
            absolute_timeout_ms: 43_200_000,
            age_ms: 0,
            remembered: false,
            sudo_left_ms: 0,
            failed_attempts: 0,
        };
        for (idle, configured, warning) in [
            (600_000, 60_000, 60_000),
            (600_000, 120_000, 120_000),
            (60_000, 60_000, 30_000),
            (36_000, 60_000, 20_000),
            (12_000, 60_000, 8_000),
            (7_500, 60_000, 5_000),
            (7_000, 60_000, 0),
            (1_000, 60_000, 0),
        ] {
            assert_eq!(warning_for(&info(idle), configured), warning, "{idle}");
        }
    }
}
