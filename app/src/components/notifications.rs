use super::{Glyph, Icon};
use crate::{
    timer::every,
    toast::{Kind, Toast, Toasts},
};
use leptos::{ev, html, prelude::*};
use std::time::Duration;

/// The region of the toasts. Always there, so that screen readers hear of what appears in it.
#[component]
pub(crate) fn Notifications() -> impl IntoView {
    let toasts = Toasts::expect();
    let region = NodeRef::<html::Section>::new();
    Effect::new(move |_| {
        // A hidden tab is not read: time stands still for its toasts.
        let tick = move || {
            let in_use = |region: web_sys::HtmlElement| region.matches(":hover, :focus-within").unwrap_or(false);
            if !document().hidden() && !region.get_untracked().is_some_and(in_use) {
                toasts.tick();
            }
        };
        every(Duration::from_secs(1), tick);
    });
    let list = move |urgent| {
        view! {
            <For each=move || toasts.shown(urgent) key=|toast| toast.id let:toast>
                <Item toast />
            </For>
        }
    };
    view! {
        <section class="toasts" aria-label="Notifications" node_ref=region>
            <div role="alert" class="toasts__list">
                {list(true)}
            </div>
            <div role="status" class="toasts__list">
                {list(false)}
            </div>
        </section>
    }
}

#[component]
fn Item(toast: Toast) -> impl IntoView {
    let toasts = Toasts::expect();
    let Toast { id, kind, text, .. } = toast;
    let (class, glyph, word) = match kind {
        Kind::Good => ("toast toast--good", Glyph::Check, "Done: "),
        Kind::Info => ("toast toast--info", Glyph::Info, "Note: "),
        Kind::Warn => ("toast toast--warn", Glyph::Clock, "Please note: "),
        Kind::Bad => ("toast toast--bad", Glyph::Alert, "Problem: "),
    };
    let on_key = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            toasts.dismiss(id);
        }
    };
    view! {
        <div class=class on:keydown=on_key>
            <Icon glyph />
            <span class="visually-hidden">{word}</span>
            <p class="toast__text">{text}</p>
            <button
                type="button"
                class="toast__close needs-script"
                aria-label="Dismiss"
                on:click=move |_| toasts.dismiss(id)
            >
                <Icon glyph=Glyph::Close />
            </button>
        </div>
    }
}
