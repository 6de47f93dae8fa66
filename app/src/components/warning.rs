use super::{Dialog, use_sign_out};
use crate::{session::Session, words};
use leptos::prelude::*;

/// Says that the session is about to end, and lets the person stay (WCAG 2.2.1). Its words are read
/// out once, when it opens, and not every second.
#[component]
pub(crate) fn Warning() -> impl IntoView {
    let session = Session::expect();
    let (signing_out, sign_out) = use_sign_out();
    // Somebody who has read that nothing can be done need not read it again.
    let understood = RwSignal::new(false);
    let warned = Memo::new(move |_| session.is_warned());
    let last = Memo::new(move |_| session.is_last());
    Effect::new(move |_| {
        if !warned.get() {
            understood.set(false);
        }
    });
    // Escape means: I am here. The dialog closes when the session is longer.
    let stay = move || {
        if last.get_untracked() {
            understood.set(true);
        } else {
            session.extend();
        }
    };
    // The toasts lie under the dialog, where nobody sees or hears them.
    let problem = move || session.failure().or(signing_out.error()).map(words::error);
    let why = move || {
        if last.get() {
            words::last_extension(session.info().map_or(0, |info| info.absolute_timeout_ms))
        } else {
            "Nothing has happened here for a while.".to_owned()
        }
    };
    view! {
        <Dialog
            open=Signal::derive(move || warned.get() && !understood.get())
            title="warning-title"
            about="warning-why"
            on_cancel=stay
        >
            <h2 id="warning-title">"You will be signed out soon"</h2>
            <p id="warning-why">{why}</p>
            <p class="dialog__figures">{move || words::clock(session.left_ms())}</p>
            <p role="status" class="dialog__problem">
                {problem}
            </p>
            <div class="dialog__actions">
                <button type="button" class="button button--main" autofocus on:click=move |_| stay()>
                    {move || if last.get() { "Understood" } else { "Stay signed in" }}
                </button>
                <button type="button" class="button button--quiet" on:click=move |_| sign_out()>
                    "Sign out now"
                </button>
            </div>
        </Dialog>
    }
}
