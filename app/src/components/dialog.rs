use leptos::{ev, html, prelude::*};

/// A modal dialog: it takes the focus and gives it back, and nothing behind it can be reached.
///
/// The browser can close it by itself (a second Escape, a phone's back gesture, neither of which can
/// be prevented); while there is a reason for it, it opens again.
#[component]
pub(crate) fn Dialog(
    /// Whether there is a reason for it.
    #[prop(into)]
    open: Signal<bool>,
    /// The id of its title.
    title: &'static str,
    /// The id of the sentence that says more.
    about: &'static str,
    /// Escape.
    on_cancel: impl Fn() + 'static,
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let closed = RwSignal::new(0);
    Effect::new(move |_| {
        closed.track();
        let open = open.get();
        let Some(dialog) = dialog.get() else { return };
        if open && !dialog.open() {
            let _already_open = dialog.show_modal();
        } else if !open && dialog.open() {
            dialog.close();
        }
    });
    let on_cancel = move |event: ev::Event| {
        event.prevent_default();
        on_cancel();
    };
    view! {
        <dialog
            node_ref=dialog
            class="dialog"
            aria-labelledby=title
            aria-describedby=about
            on:cancel=on_cancel
            on:close=move |_| closed.update(|closed| *closed += 1)
        >
            {children()}
        </dialog>
    }
}
