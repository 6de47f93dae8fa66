use crate::{api::SignOut, session::Session};
use daypass_auth::Reason;
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

/// Signing out, wherever its button stands: private views leave at once, and the form is next.
pub(crate) fn use_sign_out() -> ServerAction<SignOut> {
    let session = Session::expect();
    let navigate = use_navigate();
    let action = ServerAction::<SignOut>::new();
    Effect::new(move |_| match action.value().get() {
        Some(Ok(())) => {
            session.ended(Reason::SignedOut);
            navigate("/login", NavigateOptions::default());
        }
        Some(Err(error)) => session.refused(error),
        None => {}
    });
    action
}
