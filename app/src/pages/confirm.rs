use crate::{
    components::{ConfirmForm, Heading, Private, use_refused},
    session::Session,
};
use daypass_auth::next;
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

/// `/account/confirm`: the password again, for browsers without scripts; others see a dialog.
#[component]
pub(crate) fn ConfirmPage() -> impl IntoView {
    view! {
        <Private>
            <Confirmation />
        </Private>
    }
}

#[component]
fn Confirmation() -> impl IntoView {
    let session = Session::expect();
    let query = use_query_map();
    let navigate = use_navigate();
    let next = query.with_untracked(|query| next::safe_or_home(query.get_str("next")).to_owned());
    let refused = use_refused().map(|(error, _)| error);
    let on_confirmed = {
        let next = next.clone();
        move |info, sent| {
            session.renewed(info, sent);
            navigate(&next, NavigateOptions { replace: true, ..Default::default() });
        }
    };
    view! {
        <section class="page page--narrow">
            <Heading title="Confirm that it is you">"Confirm that it is you"</Heading>
            <p class="page__about">"It has been a while since you gave your password. Enter it again to go on."</p>
            <ConfirmForm next on_confirmed refused=refused />
        </section>
    }
}
