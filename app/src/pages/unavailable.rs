use crate::{components::Heading, timer::every};
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;

/// 503: the store does not answer, so nobody knows who is signed in, and nobody is signed out.
#[component]
pub(crate) fn UnavailablePage() -> impl IntoView {
    Effect::new(move |_| {
        let retry = || {
            // Loading a page is activity: only for somebody who looks at it.
            if document().hidden() {
                return;
            }
            spawn_local(async {
                if crate::api::ask().await != crate::api::Said::Nothing {
                    let _never_fails = window().location().reload();
                }
            });
        };
        every(Duration::from_secs(2), retry);
    });
    view! {
        <div class="message">
            <p class="eyebrow">"503"</p>
            <Heading title="Away for the moment">"The service is away for the moment"</Heading>
            <p>
                "Nobody is signed out by this. The page comes back by itself; without scripts, reload it in a minute."
            </p>
        </div>
    }
}
