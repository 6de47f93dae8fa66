use crate::{
    api::SignIn,
    app::PageNotice,
    components::{Field, Heading, Ticket},
    error::{self, AppError},
    session::{Moment, Session},
    words,
};
use daypass_auth::next;
use leptos::{ev, form::ActionForm, html, prelude::*};
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
    let action = ServerAction::<SignIn>::new();
    let (username, password) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let sent = StoredValue::new(Moment::default());

    // What a form that was sent without scripts brought back.
    let notice = expect_context::<StoredValue<Option<PageNotice>>>();
    // Said once: the next form that is drawn knows nothing of it.
    Effect::new(move |_| notice.set_value(None));
    let refused = match notice.get_value() {
        Some(PageNotice::Refused { error, username }) => Some((error, username)),
        _ => None,
    };
    let typed = refused.as_ref().map(|(_, username)| username.clone()).unwrap_or_default();
    let refused = refused.map(|(error, _)| error);
    let error = Memo::new(move |_| match action.value().get() {
        Some(result) => result.err(),
        None => refused,
    });
    let problem = move |of: error::Field| {
        Signal::derive(move || match error.get() {
            Some(error @ AppError::InvalidField { field, .. }) if field == of => Some(words::error(error)),
            _ => None,
        })
    };

    Effect::new(move |_| match action.value().get() {
        Some(Ok(info)) => session.signed_in(info, sent.get_value()),
        Some(Err(error)) => {
            session.refused(error);
            let field = match error {
                AppError::InvalidField { field: error::Field::Username, .. } => username,
                _ => password,
            };
            if let Some(input) = field.get_untracked() {
                let _not_focusable = input.focus();
                input.select();
            }
        }
        None => {}
    });

    let pending = action.pending();
    let on_submit = move |event: ev::SubmitEvent| {
        // Twice the button is once the form.
        if pending.get_untracked() {
            event.prevent_default();
            event.stop_propagation();
            return;
        }
        sent.set_value(Moment::now());
    };
    let stamp = Signal::derive(move || session.end_reason().map(words::stamp));

    view! {
        <Ticket stamp=stamp stub=|| view! { <p class="ticket__hint">"Admits one person, for a time."</p> }>
            <p class="eyebrow">"Day pass"</p>
            <Heading title="Sign in">"Sign in"</Heading>
            <div class="form" on:submit:capture=on_submit>
                <ActionForm action>
                    <NextField />
                    <Field
                        label="Username"
                        name="username"
                        autocomplete="username"
                        value=typed
                        problem=problem(error::Field::Username)
                        input=username
                    />
                    <Field
                        label="Password"
                        name="password"
                        kind="password"
                        autocomplete="current-password"
                        problem=problem(error::Field::Password)
                        input=password
                    />
                    <label class="check">
                        <input type="checkbox" name="remember" value="on" />
                        <span>"Keep me signed in on this device"</span>
                    </label>
                    <button type="submit" class="button button--main" aria-busy=move || pending.get().then_some("true")>
                        "Sign in"
                    </button>
                </ActionForm>
            </div>
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
