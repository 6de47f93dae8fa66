use leptos::{html, prelude::*};
use leptos_meta::Title;
use wasm_bindgen::JsCast;

/// The title of a page and its one heading, which takes the focus when the page appears by
/// navigation: a screen reader then reads where the person is.
#[component]
pub(crate) fn Heading(
    /// The window's title.
    #[prop(into)]
    title: String,
    children: Children,
) -> impl IntoView {
    let heading = NodeRef::<html::H1>::new();
    Effect::new(move |_| {
        let live = document().document_element().is_some_and(|root| root.has_attribute("data-hydrated"));
        if let (true, Some(heading)) = (live, heading.get()) {
            let _not_focusable = heading.focus();
        }
    });
    view! {
        <Title text=title />
        <h1 tabindex="-1" node_ref=heading>
            {children()}
        </h1>
    }
}

/// Puts the focus on the page's heading, when what had it is gone.
pub(crate) fn focus_heading() {
    let heading = document().query_selector("h1").ok().flatten();
    if let Some(heading) = heading.and_then(|heading| heading.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _not_focusable = heading.focus();
    }
}
