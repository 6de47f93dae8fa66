use crate::components::Heading;
use leptos::prelude::*;

/// 404.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <div class="message">
            <p class="eyebrow">"404"</p>
            <Heading title="Not found">"There is no page at this address"</Heading>
            <p>
                <a href="/">"Go to the home page"</a>
            </p>
        </div>
    }
}
