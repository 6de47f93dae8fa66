//! Keeps what the page believes true: time, the server, sleep, and the back button.

use super::{Moment, Session, activity, provider::GIVE_UP_AFTER_MS};
use crate::api::{self, Heard, Said};
use daypass_auth::Reason;
use leptos::{ev, leptos_dom::helpers::window_event_listener_untyped, prelude::*, task::spawn_local};
use std::time::Duration;

/// How often a page that somebody looks at asks whether its session is still there. Passive: it
/// never extends it. This is how an end by an administrator reaches the page.
const ASK_EVERY_MS: u64 = 5_000;
/// How often it asks when nobody answers.
const RETRY_EVERY_MS: u64 = 2_000;

#[derive(Clone, Copy)]
struct Watch {
    session: Session,
    asked: StoredValue<Moment>,
    /// The question that is waiting for its answer.
    waiting: StoredValue<Option<u32>>,
    questions: StoredValue<u32>,
    leaving: StoredValue<bool>,
    /// The last answer was about a session that this browser has replaced.
    replaced: StoredValue<bool>,
    /// The question that is waiting is about a time before another tab changed something.
    again: StoredValue<bool>,
    /// Milliseconds between questions.
    every: StoredValue<u64>,
}

/// Starts watching. Called once, in the browser.
pub(crate) fn start(session: Session) {
    let watch = Watch {
        session,
        asked: StoredValue::new(Moment::now()),
        waiting: StoredValue::new(None),
        questions: StoredValue::new(0),
        leaving: StoredValue::new(false),
        replaced: StoredValue::new(false),
        again: StoredValue::new(false),
        every: StoredValue::new(ASK_EVERY_MS),
    };
    api::on_answer(move |heard| watch.hear(heard));
    session.tick();
    activity::start(session);
    let changed = move |ended: Option<Reason>| {
        if let Some(reason) = ended {
            session.told(reason);
        }
        watch.ask_again();
    };
    if !session.tabs().listen(changed) {
        // A browser without channels: then every tab asks as often as tabs shall agree.
        watch.every.set_value(RETRY_EVERY_MS / 2);
    }
    // Loading this page may have extended the session, started it or ended it.
    session.tabs().tell(untrack(|| session.end_reason()));
    // An app lives as long as its page; nothing here is ever taken down.
    let _timer = set_interval_with_handle(move || watch.tick(), Duration::from_secs(1));
    for event in ["visibilitychange", "online", "focus"] {
        let _listener = window_event_listener_untyped(event, move |_| {
            if is_visible() {
                watch.session.tick();
                // Guests ask, too: somebody may have signed in in another tab.
                watch.ask();
            }
        });
    }
    let _offline = window_event_listener_untyped("offline", move |_| watch.session.offline());
    let _leaving = window_event_listener_untyped("pagehide", move |_| watch.leaving.set_value(true));
    let _back = window_event_listener(ev::pageshow, move |event| {
        watch.leaving.set_value(false);
        // Brought back from the back-forward cache with all that it showed: nothing of it is believed.
        if event.persisted() {
            let _never_fails = window().location().reload();
        }
    });
}

impl Watch {
    fn tick(self) {
        self.session.tick();
        let left = untrack(|| self.session.left_ms());
        if self.session.believes_active() && left == 0 && !self.session.is_reachable() {
            // Nobody answers, and the time is over by what the server last said.
            self.session.gone();
        }
        if !is_visible() {
            return;
        }
        let since = Moment::now().since(self.asked.get_value());
        if self.waiting.get_value().is_some() {
            if since >= GIVE_UP_AFTER_MS {
                // An answer that comes later is one to a question that was given up.
                self.waiting.set_value(None);
                self.session.unreachable();
            }
            return;
        }
        let due = match (self.session.is_reachable(), self.session.believes_active()) {
            (false, _) => since >= RETRY_EVERY_MS,
            (true, true) => since >= self.every.get_value() || left == 0,
            (true, false) => false,
        };
        if due {
            self.ask();
        }
    }

    /// Another tab changed something: what an answer that is under way says may be older.
    fn ask_again(self) {
        if self.waiting.get_value().is_some() {
            self.again.set_value(true);
        } else {
            self.ask();
        }
    }

    fn ask(self) {
        if self.waiting.get_value().is_some() {
            return;
        }
        let (sent, turn) = (Moment::now(), self.session.turn());
        let question = self.questions.get_value();
        self.questions.set_value(question.wrapping_add(1));
        self.asked.set_value(sent);
        self.waiting.set_value(Some(question));
        spawn_local(async move {
            let said = api::ask().await;
            let in_time = self.waiting.get_value() == Some(question);
            if in_time {
                self.waiting.set_value(None);
            }
            if self.again.get_value() && in_time {
                self.again.set_value(false);
                return self.ask();
            }
            if !in_time || self.session.turn() != turn {
                return;
            }
            match said {
                Said::Session(info) => {
                    self.replaced.set_value(false);
                    self.session.refreshed(info, sent);
                }
                // This browser has a newer session by now, whose cookie came while we asked with the
                // older one: so once more. If that cookie was lost on its way, this is the end.
                Said::NoSession(Some(Reason::Replaced)) if !self.replaced.get_value() => {
                    self.replaced.set_value(true);
                    self.ask();
                }
                Said::NoSession(Some(reason)) => self.session.ended(reason),
                Said::NoSession(None) => self.session.gone(),
                // Heard already; what is believed stays until the server says otherwise.
                Said::Nothing => {}
            }
        });
    }

    fn hear(self, heard: Heard) {
        match heard {
            Heard::Answer => self.session.reached(),
            Heard::Unknown => {
                self.session.reached();
                // However many calls meet this at once: one question, and one change of state.
                if self.session.believes_active() {
                    self.ask_again();
                }
            }
            // Leaving a page ends its requests; that is nobody's silence.
            Heard::Nothing if self.leaving.get_value() => {}
            Heard::Nothing | Heard::Away => self.session.unreachable(),
        }
    }
}

pub(super) fn is_visible() -> bool {
    document().visibility_state() == web_sys::VisibilityState::Visible
}
