use super::{Entries, Retry};
use crate::api::Entry;
use leptos::prelude::*;

/// A list of the person's own, as a table where there is room for one. Its roles are written out,
/// because some browsers forget them when the lines become cards.
#[component]
pub(crate) fn EntryTable(
    entries: Entries,
    /// The heads of the columns; one that the eye does not need is in brackets.
    heads: &'static [&'static str],
    /// Asks for the list anew.
    again: impl Fn() + Clone + Send + 'static,
    /// Draws a line.
    line: impl Fn(Entry) -> AnyView + Send + 'static,
) -> impl IntoView {
    let head = |text: &'static str| {
        let hidden = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        view! {
            <th scope="col" role="columnheader">
                <span class:visually-hidden=hidden.is_some()>{hidden.unwrap_or(text)}</span>
            </th>
        }
    };
    view! {
        <Retry entries again />
        <table class="table" role="table" aria-busy=move || entries.is_awaited().then_some("true")>
            <thead role="rowgroup">
                <tr role="row">{heads.iter().map(|text| head(text)).collect_view()}</tr>
            </thead>
            <tbody role="rowgroup">{move || entries.get().into_iter().map(&line).collect_view()}</tbody>
        </table>
    }
}
