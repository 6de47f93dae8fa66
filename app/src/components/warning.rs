use super::use_sign_out;
use crate::{session::Session, words};
use leptos::{ev, html, prelude::*};

/// Says that the session is about to end, and lets the person stay (WCAG 2.2.1). The dialog takes
/// the focus and gives it back; its words are read out once, when it opens, and not every second.
#[component]
pub(crate) fn Warning() -> impl IntoView {
    let session = Session::expect();
    let (signing_out, sign_out) = use_sign_out();
    let dialog = NodeRef::<html::Dialog>::new();
    // Somebody who has read that nothing can be done need not read it again.
    let understood = RwSignal::new(false);
    let warned = Memo::new(move |_| session.is_warned());
    let last = Memo::new(move |_| session.is_last());
    // Counts how often the browser closed it by itself: a second Escape, or a phone's back gesture,
    // cannot be prevented. While there is something to say it opens again.
    let closed = RwSignal::new(0);
    Effect::new(move |_| {
        closed.track();
        let open = warned.get() && !understood.get();
        if !warned.get() {
            understood.set(false);
        }
        let Some(dialog) = dialog.get() else { return };
        if open && !dialog.open() {
            let _already_open = dialog.show_modal();
        } else if !open && dialog.open() {
            dialog.close();
        }
    });
    let stay = move || {
        if last.get_untracked() {
            understood.set(true);
        } else {
            session.extend();
        }
    };
    let on_cancel = move |event: ev::Event| {
        // Escape means: I am here. The dialog closes when the session is longer.
        event.prevent_default();
        stay();
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
        <dialog
            node_ref=dialog
            class="dialog"
            aria-labelledby="warning-title"
            aria-describedby="warning-why"
            on:cancel=on_cancel
            on:close=move |_| closed.update(|closed| *closed += 1)
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
        </dialog>
    }
}
