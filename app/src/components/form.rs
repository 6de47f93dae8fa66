use crate::submission::{Fields, Submission};
use leptos::{ev, prelude::*};

/// A form that calls a server function. Without scripts it goes to the function's address by itself.
#[component]
pub(crate) fn Form(
    /// The server function's address.
    action: &'static str,
    #[prop(default = "form")] class: &'static str,
    /// Sends it.
    on_submit: impl Fn(Fields) + 'static,
    children: Children,
) -> impl IntoView {
    let on_submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if let Some(fields) = Fields::of(&event) {
            on_submit(fields);
        }
    };
    view! {
        <form class=class method="post" action=action on:submit=on_submit>
            {children()}
        </form>
    }
}

/// The button that sends a form.
#[component]
pub(crate) fn Submit(submission: Submission, label: &'static str) -> impl IntoView {
    view! {
        <button type="submit" class="button button--main" aria-busy=move || submission.is_pending().then_some("true")>
            {label}
        </button>
    }
}
