//! Asks the server what it knows of the session, with all that the answer says: the server function
//! of the same address gives its value alone, and not the header that says why a session is no more.

use super::client::{Heard, tell};
use daypass_auth::{Reason, SessionInfo};
use gloo_net::http::Request;
use leptos::server_fn::ServerFn;

/// What the server says of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// There is one.
    Session(SessionInfo),
    /// There is none; if the one that was presented is no more, why.
    NoSession(Option<Reason>),
    /// Nothing: it is away, or was not reached.
    Nothing,
}

/// Asks. Passive: it never extends the session.
pub(crate) async fn ask() -> Said {
    let Ok(response) = Request::post(super::CheckSession::PATH).send().await else {
        tell(Heard::Nothing);
        return Said::Nothing;
    };
    let heard = Heard::of_status(response.status());
    // Before what is said of the session, which a page that knows the server to be away would doubt.
    tell(heard);
    if heard != Heard::Answer || !response.ok() {
        return Said::Nothing;
    }
    let ended = response.headers().get(Reason::HEADER).and_then(|reason| Reason::parse(&reason));
    match response.text().await.ok().and_then(|text| serde_json::from_str(&text).ok()) {
        Some(Some(info)) => Said::Session(info),
        Some(None) => Said::NoSession(ended),
        None => Said::Nothing,
    }
}
