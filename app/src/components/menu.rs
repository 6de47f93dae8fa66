use leptos::{ev, html, prelude::*};

/// The way to the pages of one's own account. The browser opens and closes it, without scripts too;
/// with them it also closes when something else is wanted.
#[component]
pub(crate) fn AccountMenu(account: String) -> impl IntoView {
    let menu = NodeRef::<html::Details>::new();
    let name = NodeRef::<html::Summary>::new();
    let close = move || {
        if let Some(menu) = menu.get_untracked() {
            menu.set_open(false);
        }
    };
    let on_key = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            close();
            // What had the focus is hidden now.
            if let Some(name) = name.get_untracked() {
                let _not_focusable = name.focus();
            }
        }
    };
    let on_leave = move |event: ev::FocusEvent| {
        let target =
            event.related_target().and_then(|target| wasm_bindgen::JsCast::dyn_into::<web_sys::Node>(target).ok());
        let stays = menu.get_untracked().is_some_and(|menu| target.is_some_and(|target| menu.contains(Some(&target))));
        if !stays {
            close();
        }
    };
    view! {
        <details class="menu" node_ref=menu on:keydown=on_key on:focusout=on_leave>
            <summary class="menu__name" node_ref=name>
                <span class="visually-hidden">"Account: "</span>
                <span class="menu__account">{account}</span>
            </summary>
            <nav class="menu__list" aria-label="Account" on:click=move |_| close()>
                <a href="/account/sessions">"Devices"</a>
                <a href="/account/password">"Password"</a>
                <a href="/account/activity">"Activity"</a>
            </nav>
        </details>
    }
}
