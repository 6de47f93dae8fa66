use super::{Dialog, Field, Form, Submit, select};
use crate::{
    api::{self, Confirm},
    error,
    session::{Moment, Session, Sudo},
    submission::{Fields, Submission},
    words,
};
use daypass_auth::SessionInfo;
use leptos::{html, prelude::*, server_fn::ServerFn};

/// Asks for the password again, before something sensitive is done.
#[component]
pub(crate) fn ConfirmDialog() -> impl IntoView {
    let sudo = Sudo::expect();
    let asking = Memo::new(move |_| sudo.is_asking());
    view! {
        <Dialog open=asking title="confirm-title" about="confirm-why" on_cancel=move || sudo.cancel()>
            <h2 id="confirm-title">"Confirm that it is you"</h2>
            <p id="confirm-why">"It has been a while since you gave your password. Enter it again to go on."</p>
            // Only while it is asked for: a form that is not seen is for nobody to fill in.
            {move || {
                asking
                    .get()
                    .then(|| {
                        view! {
                            <ConfirmForm next="" on_confirmed=move |info, sent| sudo.confirmed(info, sent) />
                            <button type="button" class="button button--quiet" on:click=move |_| sudo.cancel()>
                                "Cancel"
                            </button>
                        }
                    })
            }}
        </Dialog>
    }
}

/// The form itself, in the dialog or, for browsers without scripts, on a page.
#[component]
pub(crate) fn ConfirmForm(
    /// Where to go afterwards, for browsers without scripts.
    #[prop(into)]
    next: String,
    on_confirmed: impl Fn(SessionInfo, Moment) + Clone + 'static,
    /// Why the last try without scripts was refused, if it was.
    #[prop(default = None)]
    refused: Option<error::AppError>,
) -> impl IntoView {
    let session = Session::expect();
    let password = NodeRef::<html::Input>::new();
    let submission = Submission::new(refused);
    let confirm = move |fields: Fields| {
        let sent = Moment::now();
        let on_confirmed = on_confirmed.clone();
        submission.send(api::confirm(fields.text("password")), move |answer| match answer {
            Ok(info) => on_confirmed(info, sent),
            Err(_) => select(password),
        });
    };
    Effect::new(move |_| {
        if let Some(input) = password.get() {
            let _not_focusable = input.focus();
        }
    });
    let account = session.account().unwrap_or_default();
    view! {
        <Form action=Confirm::PATH on_submit=confirm>
            <input type="hidden" name="next" value=next />
            // For password managers.
            <input type="text" name="username" autocomplete="username" value=account readonly hidden />
            <Field
                label="Password"
                name="password"
                kind="password"
                autocomplete="current-password"
                problem=submission.problem(error::Field::Password)
                input=password
            />
            // Over a dialog nobody sees or hears the toasts.
            <p role="status" class="dialog__problem">
                {move || submission.error().filter(|error| !error.has_a_field()).map(words::error)}
            </p>
            <Submit submission label="Continue" />
        </Form>
    }
}
