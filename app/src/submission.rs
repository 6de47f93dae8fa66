//! Sending something to the server, once at a time.
//!
//! All forms share these two signals' types: an action of its own for every server function would
//! weigh more than the form.

use crate::{
    error::{AppError, Field},
    words,
};
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{FormData, HtmlFormElement};

/// A server that hangs is as good as none. Longer than what it takes to wait for a password's turn.
const GIVE_UP_AFTER: Duration = Duration::from_secs(30);

/// What a form knows of its sending. Cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Submission {
    pending: RwSignal<bool>,
    error: RwSignal<Option<AppError>>,
    /// Counts what was sent: an answer that comes after it was given up is to nobody.
    turn: StoredValue<u32>,
}

impl Submission {
    /// Nothing is being sent. `refused` is what a form that was sent without scripts brought back.
    pub(crate) fn new(refused: Option<AppError>) -> Self {
        Self { pending: RwSignal::new(false), error: RwSignal::new(refused), turn: StoredValue::new(0) }
    }

    /// Whether an answer is awaited. Tracks.
    pub(crate) fn is_pending(self) -> bool {
        self.pending.get()
    }

    /// Why the last try was refused, if it was. Tracks.
    pub(crate) fn error(self) -> Option<AppError> {
        self.error.get()
    }

    /// What is wrong with a field, by the server. Tracks.
    pub(crate) fn problem(self, of: Field) -> Signal<Option<&'static str>> {
        Signal::derive(move || match self.error() {
            Some(AppError::InvalidField { field, problem }) if field == of => {
                Some(words::field_problem(field, problem))
            }
            _ => None,
        })
    }

    /// Calls the server, unless an answer is awaited: twice the button is once the form.
    pub(crate) fn send<T: 'static>(
        self,
        call: impl Future<Output = Result<T, AppError>> + 'static,
        then: impl FnOnce(Result<T, AppError>) + 'static,
    ) {
        if self.pending.get_untracked() {
            return;
        }
        self.pending.set(true);
        let turn = self.turn.get_value().wrapping_add(1);
        self.turn.set_value(turn);
        // The form may be gone at any later moment, with its signals.
        let is_current = move || self.turn.try_get_value().is_none_or(|now| now == turn);
        set_timeout(
            move || {
                if is_current() && self.pending.try_get_untracked() == Some(true) {
                    let _gone = self.turn.try_update_value(|turn| *turn = turn.wrapping_add(1));
                    let _gone = self.pending.try_set(false);
                    let _gone = self.error.try_set(Some(AppError::Unreachable));
                }
            },
            GIVE_UP_AFTER,
        );
        spawn_local(async move {
            let answer = call.await;
            if is_current() {
                let _gone = self.pending.try_set(false);
                let _gone = self.error.try_set(answer.as_ref().err().copied());
                then(answer);
            }
        });
    }
}

/// What stands in the fields of a form.
pub(crate) struct Fields(FormData);

impl Fields {
    /// Those of the form that is being sent.
    pub(crate) fn of(event: &web_sys::SubmitEvent) -> Option<Self> {
        let form = event.current_target()?.dyn_into::<HtmlFormElement>().ok()?;
        FormData::new_with_form(&form).ok().map(Self)
    }

    /// The text of a field, if there is one of that name.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).as_string()
    }
}
