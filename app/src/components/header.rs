use super::{AccountMenu, Form, use_sign_out};
use crate::{api::SignOut, session::Session, words};
use leptos::{prelude::*, server_fn::ServerFn};

/// The word mark and, when somebody is signed in, who, and the way out.
#[component]
pub(crate) fn Header() -> impl IntoView {
    let session = Session::expect();
    let account = Memo::new(move |_| session.account());
    view! {
        <header class="header">
            <a class="header__mark" href="/">
                "Daypass"
            </a>
            <p class="header__state" role="status">
                {move || session.is_offline().then_some(words::OFFLINE)}
            </p>
            {move || account.get().map(|account| view! { <Way account /> })}
        </header>
    }
}

/// Who is signed in, for how long, and the way out.
#[component]
fn Way(account: String) -> impl IntoView {
    let session = Session::expect();
    let (_, sign_out) = use_sign_out();
    view! {
        <div class="header__account">
            <p class="header__time" class:header__time--low=move || session.is_low()>
                <span class="visually-hidden">"Time left: "</span>
                {move || words::clock(session.left_ms())}
            </p>
            <AccountMenu account />
            <Form action=SignOut::PATH class="header__sign-out" on_submit=move |_| sign_out()>
                <button type="submit" class="button button--quiet">
                    "Sign out"
                </button>
            </Form>
        </div>
    }
}
