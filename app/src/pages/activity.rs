use crate::{
    api::{self, Entry},
    components::{Entries, Heading, Private, Time},
};
use leptos::prelude::*;

/// `/account/activity`: what happened to the person's account.
#[component]
pub(crate) fn ActivityPage() -> impl IntoView {
    view! {
        <Private>
            <Activity />
        </Private>
    }
}

#[component]
fn Activity() -> impl IntoView {
    let entries = Entries::new(api::list_activity);
    view! {
        <section class="page">
            <Heading title="Recent activity">"Recent activity"</Heading>
            <p class="page__about">
                "What happened to your account in the last 90 days. If something was not you, "
                <a href="/account/password">"change your password"</a> "."
            </p>
            <table class="table" aria-busy=move || (!entries.is_known()).then_some("true")>
                <thead>
                    <tr>
                        <th scope="col">"What"</th>
                        <th scope="col">"Device"</th>
                        <th scope="col">"Place"</th>
                        <th scope="col">"When"</th>
                    </tr>
                </thead>
                <tbody>{move || entries.get().into_iter().map(|entry| view! { <Line entry /> }).collect_view()}</tbody>
            </table>
        </section>
    }
}

#[component]
fn Line(entry: Entry) -> impl IntoView {
    let Entry { what, detail, place, at, current, .. } = entry;
    view! {
        <tr>
            <th scope="row">{what} {current.then(|| view! { <span class="badge">"This session"</span> })}</th>
            <td data-label="Device">{detail}</td>
            <td data-label="Place">{place}</td>
            <td data-label="When">
                <Time when=at />
            </td>
        </tr>
    }
}
