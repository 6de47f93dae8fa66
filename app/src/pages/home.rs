use crate::{
    components::{Heading, Private, Ticket, TimeLeft},
    session::Session,
    words,
};
use leptos::prelude::*;

/// The private home page: the pass itself. What stands below it is there to be replaced.
#[component]
pub(crate) fn Home() -> impl IntoView {
    view! {
        <Private>
            <Pass />
            <ul class="cards" aria-label="What to do next">
                <Card title="Replace this page">
                    "It is " <code>"pages/home.rs"</code> ". Keep " <code>"Private"</code>
                    " around what only signed-in people may see."
                </Card>
                <Card title="Protect a call">
                    "Begin a server function with " <code>"Caller::current"</code> ", or take a " <code>"Session"</code>
                    " in an axum handler."
                </Card>
                <Card title="Keep what people type">
                    "A form with " <code>"data-keep"</code>
                    " comes back as it was when its session ends and the same person signs in again." <Note />
                </Card>
                <Card title="Set the timeouts">
                    "They are settings. " <code>"daypass doctor"</code> " shows those in force, and what is unsafe."
                </Card>
            </ul>
        </Private>
    }
}

#[component]
fn Pass() -> impl IntoView {
    let session = Session::expect();
    // What is known when the pass is drawn; only the time left moves.
    let info = move || session.info();
    let fact = |name: &'static str, value: Box<dyn Fn() -> String + Send + Sync>| {
        view! {
            <div class="facts__row">
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    };
    view! {
        <Ticket stub=|| view! { <TimeLeft /> }>
            <p class="eyebrow">"Day pass"</p>
            <Heading title="Home">"Welcome, " {move || info().map(|info| info.account)}</Heading>
            <dl class="facts">
                {fact("Signed in", Box::new(move || info().map(|info| words::ago(info.age_ms)).unwrap_or_default()))}
                {fact(
                    "Ends",
                    Box::new(move || {
                        info()
                            .map(|info| format!("after {} without activity", words::duration(info.idle_timeout_ms)))
                            .unwrap_or_default()
                    }),
                )}
                {fact(
                    "At the latest",
                    Box::new(move || {
                        info().map(|info| format!("in {}", words::about(info.absolute_left_ms))).unwrap_or_default()
                    }),
                )}
                {fact(
                    "On this device",
                    Box::new(move || {
                        let kept = info().is_some_and(|info| info.remembered);
                        if kept { "kept when the browser closes" } else { "until the browser closes" }.to_owned()
                    }),
                )}
            </dl>
        </Ticket>
    }
}

/// A form that opted in, to try it with.
#[component]
fn Note() -> impl IntoView {
    view! {
        <form class="card__form" data-keep="note" on:submit=|event| event.prevent_default()>
            <label for="note">"A note"</label>
            <textarea id="note" name="note" rows="2"></textarea>
        </form>
    }
}

#[component]
fn Card(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <li class="card">
            <h2>{title}</h2>
            <div class="card__text">{children()}</div>
        </li>
    }
}
