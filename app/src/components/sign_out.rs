use crate::{AppError, api, session::Session, submission::Submission};
use daypass_auth::Reason;
use leptos_router::{NavigateOptions, hooks::use_navigate};

/// Signing out, wherever its button stands: private views leave at once, and the form is next.
pub(crate) fn use_sign_out() -> (Submission, impl Fn() + Clone + 'static) {
    let session = Session::expect();
    let navigate = use_navigate();
    let submission = Submission::new(None);
    let send = move || {
        let navigate = navigate.clone();
        session.wants_out();
        submission.send(api::sign_out(), move |answer| {
            match answer {
                Ok(()) => session.ended(Reason::SignedOut),
                // They have left the page, if not the server.
                Err(AppError::Unreachable | AppError::Unavailable) => {}
                Err(error) => return session.refused(error),
            }
            navigate("/login", NavigateOptions::default());
        });
    };
    (submission, send)
}
