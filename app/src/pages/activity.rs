use crate::{
    api::{self, Entry},
    components::{Entries, Heading, Private, Retry, Time},
    session::Session,
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
    let session = Session::expect();
    let entries = Entries::new(api::list_activity);
    view! {
        <section class="page">
            <Heading title="Recent activity">"Recent activity"</Heading>
            <p class="page__about">
                "What happened to your account lately. If something was not you, "
                <a href="/account/password">"change your password"</a> "."
            </p>
            <Retry entries again=move || entries.load(session, api::list_activity()) />
            <table class="table" role="table" aria-busy=move || entries.is_awaited().then_some("true")>
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader">
                            "What"
                        </th>
                        <th scope="col" role="columnheader">
                            "Device"
                        </th>
                        <th scope="col" role="columnheader">
                            "Place"
                        </th>
                        <th scope="col" role="columnheader">
                            "When"
                        </th>
                    </tr>
                </thead>
                <tbody role="rowgroup">
                    {move || entries.get().into_iter().map(|entry| view! { <Line entry /> }).collect_view()}
                </tbody>
            </table>
        </section>
    }
}

#[component]
fn Line(entry: Entry) -> impl IntoView {
    let Entry { what, detail, place, at, current, .. } = entry;
    view! {
        <tr role="row">
            <th scope="row" role="rowheader">
                {what}
                {current.then(|| view! { <span class="badge">"This session"</span> })}
            </th>
            <td role="cell" data-label="Device">
                {detail}
            </td>
            <td role="cell" data-label="Place">
                {place}
            </td>
            <td role="cell" data-label="When">
                <Time when=at />
            </td>
        </tr>
    }
}
