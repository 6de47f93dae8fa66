//! Tabs agree: what one does to the session, the others hear of, and ask the server.

use daypass_auth::Reason;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

/// The name of the channel. Its messages say that something changed, and a page believes the server
/// alone; only the words for an end may be another tab's, when the server no longer has them.
const CHANNEL: &str = "daypass";

/// How this tab reaches the others.
#[derive(Clone, Copy)]
pub(crate) struct Tabs(StoredValue<Option<BroadcastChannel>>);

impl Tabs {
    /// Not listening yet; on the server never.
    pub(super) fn new() -> Self {
        Self(StoredValue::new(None))
    }

    /// Starts listening. Says whether the browser can do it.
    pub(super) fn listen(self, changed: impl Fn(Option<Reason>) + 'static) -> bool {
        let Ok(channel) = BroadcastChannel::new(CHANNEL) else { return false };
        // Lives as long as the page, like the channel.
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            changed(event.data().as_string().and_then(|reason| Reason::parse(&reason)));
        })
        .into_js_value();
        channel.set_onmessage(Some(on_message.unchecked_ref()));
        self.0.set_value(Some(channel));
        true
    }

    /// Tells the other tabs that this one did something to the session, or heard why it ended.
    pub(super) fn tell(self, ended: Option<Reason>) {
        self.0.with_value(|channel| {
            if let Some(channel) = channel {
                let _closed = channel.post_message(&ended.map_or("changed", Reason::as_str).into());
            }
        });
    }
}
