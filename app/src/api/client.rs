//! The one place in the browser that hears every answer of the server.

use daypass_auth::Reason;
use futures_util::{Sink, Stream};
use http::HeaderName;
use leptos::server_fn::{
    Bytes,
    client::{Client, browser::BrowserClient},
    error::FromServerFnError,
    request::browser::BrowserRequest,
    response::{ClientRes, browser::BrowserResponse},
};
use std::cell::RefCell;

/// The header by which the server says why a session is no more.
const ENDED_HEADER: HeaderName = HeaderName::from_static("daypass-ended");

/// What an answer says of the session, whatever was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The server answered; if the session that was presented is no more, why.
    Answer(Option<Reason>),
    /// The server answered that the service is away.
    Away,
    /// Nobody answered.
    Nothing,
}

/// Who hears of every answer. What `ask` says when a question is sent is handed to `hear` with its
/// answer, so that an answer can be known to be about what is over.
pub(crate) struct Listener {
    pub(crate) ask: Box<dyn Fn() -> u32>,
    pub(crate) hear: Box<dyn Fn(u32, Heard)>,
}

thread_local! {
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// From now on `listener` hears of every answer.
pub(crate) fn on_answer(listener: Listener) {
    LISTENER.set(Some(listener));
}

fn with_listener<T>(f: impl FnOnce(&Listener) -> T) -> Option<T> {
    LISTENER.with_borrow(|listener| listener.as_ref().map(f))
}

/// Calls the server functions, and tells what every answer says of the session.
#[derive(Debug)]
pub struct ApiClient;

impl<E: FromServerFnError, I: FromServerFnError, O: FromServerFnError> Client<E, I, O> for ApiClient {
    type Request = BrowserRequest;
    type Response = BrowserResponse;

    fn send(request: Self::Request) -> impl Future<Output = Result<Self::Response, E>> + Send {
        let turn = with_listener(|listener| (listener.ask)());
        let answer = <BrowserClient as Client<E, I, O>>::send(request);
        async move {
            let answer = answer.await;
            let heard = match &answer {
                Err(_) => Heard::Nothing,
                // A proxy's own error page says nothing of the session either.
                Ok(response) => match <BrowserResponse as ClientRes<E>>::status(response) {
                    502..=504 => Heard::Away,
                    _ => Heard::Answer(ended(response)),
                },
            };
            with_listener(|listener| (listener.hear)(turn.unwrap_or_default(), heard));
            answer
        }
    }

    fn open_websocket(
        path: &str,
    ) -> impl Future<
        Output = Result<
            (impl Stream<Item = Result<Bytes, Bytes>> + Send + 'static, impl Sink<Bytes> + Send + 'static),
            E,
        >,
    > + Send {
        <BrowserClient as Client<E, I, O>>::open_websocket(path)
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        <BrowserClient as Client<E, I, O>>::spawn(future);
    }
}

fn ended(response: &BrowserResponse) -> Option<Reason> {
    let headers = response.generate_headers();
    Reason::parse(headers.get(ENDED_HEADER)?.to_str().ok()?)
}
