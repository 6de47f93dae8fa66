use crate::{
    AppError,
    api::{Entry, When},
    session::Session,
};
use leptos::{prelude::*, task::spawn_local};

/// What the page at this address lists: it came with the document, or is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Entries {
    list: RwSignal<Option<Vec<Entry>>>,
    /// Whether they could not be read.
    failed: RwSignal<bool>,
}

/// What came with the document, until the page that it is for has taken it.
pub(crate) type Preloaded = StoredValue<Option<Vec<Entry>>>;

impl Entries {
    /// The list of this page, by what it is asked with.
    pub(crate) fn new<F>(load: fn() -> F) -> Self
    where
        F: Future<Output = Result<Vec<Entry>, AppError>> + 'static,
    {
        let preloaded = expect_context::<Preloaded>();
        let session = Session::expect();
        let entries = Self { list: RwSignal::new(preloaded.get_value()), failed: RwSignal::new(false) };
        Effect::new(move |_| {
            // For this page alone: the next one asks.
            if preloaded.try_update_value(Option::take).flatten().is_none() {
                entries.load(session, load());
            }
        });
        entries
    }

    /// Asks anew.
    pub(crate) fn load(self, session: Session, answer: impl Future<Output = Result<Vec<Entry>, AppError>> + 'static) {
        spawn_local(async move {
            match answer.await {
                Ok(list) => {
                    let _gone = self.list.try_set(Some(list));
                    let _gone = self.failed.try_set(false);
                }
                Err(error) => {
                    session.refused(error);
                    let _gone = self.failed.try_set(true);
                }
            }
        });
    }

    /// The lines. Tracks.
    pub(crate) fn get(self) -> Vec<Entry> {
        self.list.get().unwrap_or_default()
    }

    /// Whether they are being asked for. Tracks.
    pub(crate) fn is_awaited(self) -> bool {
        self.list.with(Option::is_none) && !self.failed.get()
    }
}

/// Says that a list could not be read, and lets the person ask again.
#[component]
pub(crate) fn Retry(entries: Entries, again: impl Fn() + Clone + Send + 'static) -> impl IntoView {
    move || {
        let again = again.clone();
        entries.failed.get().then(move || {
            view! {
                <p class="page__about" role="status">
                    "This list could not be read. "
                    <button type="button" class="button button--quiet" on:click=move |_| again()>
                        "Try again"
                    </button>
                </p>
            }
        })
    }
}

/// A moment in words, with the exact one for whoever wants it.
#[component]
pub(crate) fn Time(when: When) -> impl IntoView {
    view! {
        <time datetime=when.exact.clone() title=when.exact>
            {when.words}
        </time>
    }
}
