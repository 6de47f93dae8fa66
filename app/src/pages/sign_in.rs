use crate::{
    api::{self, SignIn},
    components::{Check, Field, Form, Heading, Submit, Ticket, select, use_refused},
    error::{self, AppError},
    session::{Moment, Session},
    submission::{Fields, Submission},
    words,
};
use daypass_auth::next;
use leptos::{html, prelude::*, server_fn::ServerFn};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_query_map},
};

/// `/login`.
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let session = Session::expect();
    let query = use_query_map();
    let navigate = use_navigate();
    let active = Memo::new(move |_| session.is_active());
    // Signed in here, or in another tab (which a page asks when it is looked at again): on to where the person wanted to go.
    Effect::new(move |_| {
        if active.get() {
            let next = query.with_untracked(|query| next::safe_or_home(query.get_str("next")).to_owned());
            navigate(&next, NavigateOptions { replace: true, ..Default::default() });
        }
    });
    view! { <SignInCard /> }
}

/// The sign-in form, on its page or in the place of a private view.
#[component]
pub(crate) fn SignInCard() -> impl IntoView {
    let session = Session::expect();
    let (username, password) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());

    let (refused, typed) = use_refused().unzip();
    let submission = Submission::new(refused);
    let sign_in = move |fields: Fields| {
        let sent = Moment::now();
        let text = |name| fields.text(name);
        let call = api::sign_in(text("username"), text("password"), text("remember"));
        submission.send(call, move |answer| match answer {
            Ok(info) => session.signed_in(info, sent),
            Err(error) => {
                session.refused(error);
                let field = match error {
                    AppError::InvalidField { field: error::Field::Username, .. } => username,
                    _ => password,
                };
                select(field);
            }
        });
    };
    let stamp = Signal::derive(move || session.end_reason().map(words::stamp));

    view! {
        <Ticket stamp=stamp stub=|| view! { <p class="ticket__hint">"Admits one person, for a time."</p> }>
            <p class="eyebrow">"Day pass"</p>
            <Heading title="Sign in">"Sign in"</Heading>
            <Form action=SignIn::PATH on_submit=sign_in>
                <NextField />
                <Field
                    label="Username"
                    name="username"
                    autocomplete="username"
                    value=typed.unwrap_or_default()
                    problem=submission.problem(error::Field::Username)
                    input=username
                />
                <Field
                    label="Password"
                    name="password"
                    kind="password"
                    autocomplete="current-password"
                    problem=submission.problem(error::Field::Password)
                    input=password
                />
                <Check name="remember" label="Keep me signed in on this device" />
                <Submit submission label="Sign in" />
            </Form>
        </Ticket>
    }
}

/// Where to go afterwards, for browsers without scripts.
#[component]
fn NextField() -> impl IntoView {
    let query = use_query_map();
    let location = use_location();
    let next = move || {
        let path = location.pathname.get();
        match next::safe(&path) {
            // In the place of a private view: back to it.
            Some(path) => path.to_owned(),
            None => query.with(|query| next::safe_or_home(query.get_str("next")).to_owned()),
        }
    };
    view! { <input type="hidden" name="next" value=next /> }
}
