use crate::{api::SignOut, session::Session};
use daypass_auth::Reason;
use leptos::{form::ActionForm, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

/// The word mark and, when somebody is signed in, who, and the way out.
#[component]
pub(crate) fn Header() -> impl IntoView {
    let session = Session::expect();
    let account = Memo::new(move |_| session.is_active().then(|| session.info().map(|info| info.account)).flatten());
    view! {
        <header class="header">
            <a class="header__mark" href="/">
                "Daypass"
            </a>
            {move || account.get().map(|account| view! { <Way account /> })}
        </header>
    }
}

/// Who is signed in, and the way out.
#[component]
fn Way(account: String) -> impl IntoView {
    let session = Session::expect();
    let sign_out = ServerAction::<SignOut>::new();
    let navigate = use_navigate();
    Effect::new(move |_| match sign_out.value().get() {
        Some(Ok(())) => {
            session.ended(Reason::SignedOut);
            navigate("/login", NavigateOptions::default());
        }
        Some(Err(error)) => session.refused(error),
        None => {}
    });
    view! {
        <div class="header__account">
            <span class="header__name">{account}</span>
            <ActionForm action=sign_out>
                <button type="submit" class="button button--quiet">
                    "Sign out"
                </button>
            </ActionForm>
        </div>
    }
}
