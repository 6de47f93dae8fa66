//! What a person does keeps the session alive: typing, pointing, scrolling and touching, in a page
//! that can be seen. Timers, polls and scripts never do.

use super::{Session, watch::is_visible};
use leptos::leptos_dom::helpers::window_event_listener_untyped;

// `input` without a key: dictation, a menu's paste, a password manager.
const EVENTS: [&str; 7] = ["keydown", "input", "pointerdown", "pointermove", "wheel", "touchstart", "touchmove"];

/// Starts listening. Called once, in the browser.
pub(super) fn start(session: Session) {
    for event in EVENTS {
        let _for_ever = window_event_listener_untyped(event, move |event| {
            // An event that a script made is not a person's doing. While the warning is shown only
            // its own buttons count: a hand that brushes the mouse has read nothing.
            if event.is_trusted() && is_visible() && session.is_extension_due() {
                session.extend();
            }
        });
    }
}
