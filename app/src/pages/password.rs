use crate::{
    api::{self, ChangePassword},
    components::{Check, Field, Form, Heading, Private, Submit, select, use_refused},
    error::{self, AppError},
    session::{Moment, Session},
    submission::{Fields, Submission},
    toast::{Kind, Toasts, Topic},
    words,
};
use leptos::{html, prelude::*, server_fn::ServerFn};

/// `/account/password`: choosing a new password (NIST SP 800-63B-4, 3.1.1.2).
#[component]
pub(crate) fn PasswordPage() -> impl IntoView {
    view! {
        <Private>
            <Password />
        </Private>
    }
}

#[component]
fn Password() -> impl IntoView {
    let (session, toasts) = (Session::expect(), Toasts::expect());
    let (current, new) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let submission = Submission::new(use_refused().map(|(error, _)| error));
    let change = move |fields: Fields| {
        let sent = Moment::now();
        let text = |name| fields.text(name);
        submission.send(api::change_password(text("current"), text("new"), text("end_others")), move |answer| {
            match answer {
                Ok(info) => {
                    session.renewed(info, sent);
                    toasts.show(Kind::Good, Topic::Form, words::PASSWORD_CHANGED);
                    for field in [current, new] {
                        if let Some(Some(input)) = field.try_get_untracked() {
                            input.set_value("");
                        }
                    }
                }
                Err(error) => {
                    session.refused(error);
                    select(if matches!(error, AppError::InvalidField { field: error::Field::Current, .. }) {
                        current
                    } else {
                        new
                    });
                }
            }
        });
    };
    let account = session.account().unwrap_or_default();
    view! {
        <section class="page page--narrow">
            <Heading title="Your password">"Your password"</Heading>
            <Form action=ChangePassword::PATH on_submit=change>
                // For password managers.
                <input type="text" name="username" autocomplete="username" value=account readonly hidden />
                <Field
                    label="Present password"
                    name="current"
                    kind="password"
                    autocomplete="current-password"
                    problem=submission.problem(error::Field::Current)
                    input=current
                />
                <Field
                    label="New password"
                    name="new"
                    kind="password"
                    autocomplete="new-password"
                    hint="15 characters or more, of any kind. Four or five words that do not belong together do well."
                    problem=submission.problem(error::Field::New)
                    input=new
                />
                <Check name="end_others" label="End my sessions on all other devices" checked=true />
                <Submit submission label="Change password" />
            </Form>
        </section>
    }
}
