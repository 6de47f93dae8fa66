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
                <Card title="Replace this page" text="It is app/src/pages/home.rs. Keep Private around what only signed-in people may see." />
                <Card title="Protect a call" text="Start a server function with Caller::current and require_session, or take Session in an axum handler." />
                <Card title="Set the timeouts" text="DAYPASS_IDLE_TIMEOUT and DAYPASS_ABSOLUTE_TIMEOUT; daypass doctor shows what is in force." />
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
                {fact("Signed in", Box::new(move || info().map(|info| ago(info.age_ms)).unwrap_or_default()))}
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
                        info().map(|info| format!("in {}", words::duration(info.absolute_left_ms))).unwrap_or_default()
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

fn ago(ms: u64) -> String {
    if ms < 60_000 { "just now".to_owned() } else { format!("{} ago", words::duration(ms / 60_000 * 60_000)) }
}

#[component]
fn Card(title: &'static str, text: &'static str) -> impl IntoView {
    view! {
        <li class="card">
            <h2>{title}</h2>
            <p>{text}</p>
        </li>
    }
}
