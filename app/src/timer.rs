//! What happens again and again in the browser.

use leptos::prelude::*;
use std::time::Duration;

/// Does something once in every period, for as long as what asks for it is there. To be called in
/// an effect: on the server nothing ticks.
pub(crate) fn every(period: Duration, what: impl Fn() + 'static) {
    let timer = set_interval_with_handle(what, period);
    on_cleanup(move || {
        if let Ok(timer) = timer {
            timer.clear();
        }
    });
}
