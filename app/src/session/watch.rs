//! Keeps what the page believes true: time, the server, sleep, and the back button.

use super::{Moment, Session};
use crate::api::{self, Heard};
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
    asking: StoredValue<bool>,
    leaving: StoredValue<bool>,
}

/// Starts watching. Called once, in the browser.
pub(crate) fn start(session: Session) {
    let watch = Watch {
        session,
        asked: StoredValue::new(Moment::now()),
        asking: StoredValue::new(false),
        leaving: StoredValue::new(false),
    };
    api::on_answer(move |heard| watch.hear(heard));
    session.tick();
    // An app lives as long as its page; nothing here is ever taken down.
    let _timer = set_interval_with_handle(move || watch.tick(), Duration::from_secs(1));
    for event in ["visibilitychange", "online", "focus"] {
        let _listener = window_event_listener_untyped(event, move |_| {
            if is_visible() {
                watch.session.tick();
                watch.ask();
            }
        });
    }
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
        if !is_visible() {
            return;
        }
        let since = Moment::now().since(self.asked.get_value());
        let due = match (self.session.is_reachable(), self.session.believes_active()) {
            (false, _) => since >= RETRY_EVERY_MS,
            (true, true) => since >= ASK_EVERY_MS || untrack(|| self.session.left_ms()) == 0,
            (true, false) => false,
        };
        if due {
            self.ask();
        }
    }

    fn ask(self) {
        let curious = self.session.believes_active() || !self.session.is_reachable();
        if self.asking.get_value() || !curious {
            return;
        }
        let sent = Moment::now();
        self.asking.set_value(true);
        spawn_local(async move {
            let answer = api::check_session().await;
            self.asking.set_value(false);
            self.asked.set_value(Moment::now());
            match answer {
                Ok(Some(info)) => self.session.refreshed(info, sent),
                Ok(None) => self.session.gone(),
                // Heard already; what is believed stays until the server says otherwise.
                Err(_) => {}
            }
        });
    }

    fn hear(self, heard: Heard) {
        match heard {
            Heard::Answer(reason) => {
                self.session.reached();
                if let Some(reason) = reason {
                    self.session.ended(reason);
                }
            }
            // Leaving a page ends its requests; that is nobody's silence.
            Heard::Nothing if self.leaving.get_value() => {}
            Heard::Nothing | Heard::Away => self.session.unreachable(),
        }
    }
}

fn is_visible() -> bool {
    document().visibility_state() == web_sys::VisibilityState::Visible
}
