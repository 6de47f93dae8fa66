//! The one place in the browser that hears every answer of the server.

use futures_util::{Sink, Stream};
use leptos::server_fn::{
    Bytes,
    client::{Client, browser::BrowserClient},
    error::FromServerFnError,
    request::browser::BrowserRequest,
    response::{ClientRes, browser::BrowserResponse},
};
use std::cell::RefCell;

/// What an answer says of the session, whatever was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The server answered.
    Answer,
    /// The server does not know who is signed in. Only a hint: this browser may carry a newer cookie
    /// by now, so the session itself is asked for.
    Unknown,
    /// The server answered that the service is away.
    Away,
    /// Nobody answered.
    Nothing,
}

impl Heard {
    pub(crate) const fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Unknown,
            // A proxy's own error page says nothing of the session either.
            502..=504 => Self::Away,
            _ => Self::Answer,
        }
    }
}

type Listener = Box<dyn Fn(Heard)>;

thread_local! {
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// From now on `listener` hears of every answer.
pub(crate) fn on_answer(listener: impl Fn(Heard) + 'static) {
    LISTENER.set(Some(Box::new(listener)));
}

pub(super) fn tell(heard: Heard) {
    LISTENER.with_borrow(|listener| {
        if let Some(listener) = listener {
            listener(heard);
        }
    });
}

/// Calls the server functions, and tells what every answer says of the session.
#[derive(Debug)]
pub struct ApiClient;

impl<E: FromServerFnError, I: FromServerFnError, O: FromServerFnError> Client<E, I, O> for ApiClient {
    type Request = BrowserRequest;
    type Response = BrowserResponse;

    fn send(request: Self::Request) -> impl Future<Output = Result<Self::Response, E>> + Send {
        let answer = <BrowserClient as Client<E, I, O>>::send(request);
        async move {
            let answer = answer.await;
            tell(match &answer {
                Err(_) => Heard::Nothing,
                Ok(response) => Heard::of_status(<BrowserResponse as ClientRes<E>>::status(response)),
            });
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
