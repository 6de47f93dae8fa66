use crate::{pages::SignInCard, session::Session};
use leptos::{either::Either, prelude::*};

/// What only somebody who is signed in may see. When the session ends it leaves the document at
/// once, and the sign-in form takes its place at the same address.
///
/// This is for the eye. The server never sends a private page without a session, and every server
/// function asks for it itself.
#[component]
pub(crate) fn Private(children: ChildrenFn) -> impl IntoView {
    let session = Session::expect();
    // A memo, so that a second that passes draws nothing anew; of the account, so that nothing of
    // one person's is left for the next.
    let account = Memo::new(move |_| session.account());
    let children = StoredValue::new(children);
    move || match account.get() {
        Some(_) => Either::Left(children.with_value(|children| children())),
        None => Either::Right(view! { <SignInCard /> }),
    }
}
