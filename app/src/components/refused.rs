use crate::{app::PageNotice, error::AppError};
use leptos::prelude::*;

/// What a form that was sent without scripts brought back: why it was refused, and the name that was
/// typed. Said once: the next form that is drawn knows nothing of it.
pub(crate) fn use_refused() -> Option<(AppError, String)> {
    let notice = expect_context::<StoredValue<Option<PageNotice>>>();
    Effect::new(move |_| notice.set_value(None));
    match notice.get_value() {
        Some(PageNotice::Refused { error, username }) => Some((error, username)),
        _ => None,
    }
}
