use crate::{session::Session, words};
use leptos::prelude::*;

/// The day pass: a paper ticket with a stub.
#[component]
pub(crate) fn Ticket(
    /// What is stamped across it, if anything.
    #[prop(optional, into)]
    stamp: Signal<Option<&'static str>>,
    /// What stands on the stub.
    #[prop(into)]
    stub: ViewFn,
    children: Children,
) -> impl IntoView {
    view! {
        <article class="ticket">
            <div class="ticket__body">{children()}</div>
            <div class="ticket__stub">{stub.run()}</div>
            {move || {
                stamp
                    .get()
                    .map(|stamp| view! { <span class="ticket__stamp" data-stamp=stamp aria-hidden="true"></span> })
            }}
        </article>
    }
}

/// The time left, from the server's clock, as figures and as a bar that runs out.
#[component]
pub(crate) fn TimeLeft() -> impl IntoView {
    let session = Session::expect();
    let full = move || session.info().map_or(1, |info| info.idle_timeout_ms.min(info.absolute_timeout_ms));
    let low = move || session.is_low();
    view! {
        <p class="time-left" class:time-left--low=low>
            <span class="time-left__label">"Time left"</span>
            <span class="time-left__figures" role="timer" aria-label="Time left">
                {move || words::clock(session.left_ms())}
            </span>
        </p>
        <progress class="time-bar" class:time-bar--low=low max=full value=move || session.left_ms() aria-hidden="true"></progress>
    }
}
