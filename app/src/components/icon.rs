use leptos::prelude::*;

/// The few pictures that we use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyph {
    Check,
    Info,
    Clock,
    Alert,
    Close,
}

/// A picture beside a word that says the same.
#[component]
pub(crate) fn Icon(glyph: Glyph) -> impl IntoView {
    let path = match glyph {
        Glyph::Check => "M4 10.5l4 4 8-9",
        Glyph::Info => "M10 9v5M10 6v.01M10 18a8 8 0 100-16 8 8 0 000 16z",
        Glyph::Clock => "M10 5.5V10l3 2M10 18a8 8 0 100-16 8 8 0 000 16z",
        Glyph::Alert => "M10 7v4M10 14v.01M10 2.5l8 14.5H2z",
        Glyph::Close => "M5 5l10 10M15 5L5 15",
    };
    view! {
        <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
            <path
                d=path
                fill="none"
                stroke="currentColor"
                stroke-width="1.75"
                stroke-linecap="round"
                stroke-linejoin="round"
            />
        </svg>
    }
}
