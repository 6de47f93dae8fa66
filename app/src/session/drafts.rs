//! Nothing that a person typed is lost because a session ended.
//!
//! A form opts in by one attribute, `data-keep`, whose value tells it from the others of its page.
//! When the session ends by itself, what stands in it is kept in this page's memory, bound to the
//! account, and put back when the same account signs in again at the same address. A chosen sign-out
//! or another account drops it. It is never written to the browser's storage, which others can read
//! later; and passwords, files and hidden fields are never kept.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, EventInit, HtmlInputElement};

/// What cannot be put back, or must not be.
const NEVER: [&str; 8] = ["password", "file", "hidden", "submit", "button", "reset", "image", "select-multiple"];
/// What must not be, whatever type the field has at the moment: a password that is shown is a text.
const SECRET: [&str; 3] = ["password", "one-time-code", "cc-"];

/// What stood in a field.
struct Typed {
    name: String,
    value: String,
    checked: bool,
}

struct Kept {
    account: String,
    /// Each form by its address and its own name.
    forms: Vec<(String, Vec<Typed>)>,
}

/// What was typed, in this page's memory. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Drafts(StoredValue<Option<Kept>>);

impl Drafts {
    pub(super) fn new() -> Self {
        Self(StoredValue::new(None))
    }

    /// Keeps what stands in the forms now, before they leave the document.
    pub(super) fn keep(self, account: &str) {
        let forms: Vec<_> =
            forms().into_iter().map(|(key, form)| (key, fields(&form).iter().map(Typed::of).collect())).collect();
        if forms.is_empty() {
            return;
        }
        self.0.update_value(|kept| {
            let mine = kept.take().filter(|kept| kept.account == account);
            let mut mine = mine.unwrap_or_else(|| Kept { account: account.to_owned(), forms: Vec::new() });
            // What waits for another address goes on waiting.
            mine.forms.retain(|(key, _)| forms.iter().all(|(new, _)| new != key));
            mine.forms.extend(forms);
            *kept = Some(mine);
        });
    }

    /// Puts back what is kept for the forms that are there now, if it is this account's. Whatever is
    /// kept for somebody else is dropped.
    pub(super) fn restore(self, account: &str) {
        self.0.update_value(|kept| {
            let Some(mine) = kept.as_mut().filter(|kept| kept.account == account) else {
                *kept = None;
                return;
            };
            for (key, form) in forms() {
                let Some(at) = mine.forms.iter().position(|(of, _)| *of == key) else { continue };
                let (_, typed) = mine.forms.swap_remove(at);
                // By name and, of several of one name, in their order.
                let mut fields = fields(&form);
                for typed in typed {
                    if let Some(at) = fields.iter().position(|field| field.name() == typed.name) {
                        typed.put_into(&fields.remove(at));
                    }
                }
            }
            if mine.forms.is_empty() {
                *kept = None;
            }
        });
    }

    /// Drops it all.
    pub(super) fn forget(self) {
        self.0.set_value(None);
    }

    /// Whether something waits to be put back.
    pub(super) fn is_waiting(self) -> bool {
        self.0.with_value(Option::is_some)
    }
}

impl Typed {
    fn of(field: &HtmlInputElement) -> Self {
        Self { name: field.name(), value: field.value(), checked: field.checked() }
    }

    fn put_into(&self, field: &HtmlInputElement) {
        if matches!(field.type_().as_str(), "checkbox" | "radio") {
            field.set_checked(self.checked);
        } else {
            field.set_value(&self.value);
        }
        // For whoever follows what is typed.
        let bubbles = EventInit::new();
        bubbles.set_bubbles(true);
        for kind in ["input", "change"] {
            if let Ok(event) = Event::new_with_event_init_dict(kind, &bubbles) {
                let _not_cancelled = field.dispatch_event(&event);
            }
        }
    }
}

/// The forms of the page that opted in.
fn forms() -> Vec<(String, Element)> {
    let path = window().location().pathname().unwrap_or_default();
    let Ok(found) = document().query_selector_all("[data-keep]") else { return Vec::new() };
    (0..found.length())
        .filter_map(|at| found.get(at)?.dyn_into::<Element>().ok())
        .map(|form| (format!("{path}#{}", form.get_attribute("data-keep").unwrap_or_default()), form))
        .collect()
}

/// The fields of a form that may be kept. Text areas and menus have the same few properties as inputs.
fn fields(form: &Element) -> Vec<HtmlInputElement> {
    let Ok(found) = form.query_selector_all("input, textarea, select") else { return Vec::new() };
    (0..found.length())
        .filter_map(|at| found.get(at).map(JsCast::unchecked_into::<HtmlInputElement>))
        .filter(|field| {
            let complete = field.get_attribute("autocomplete").unwrap_or_default();
            !NEVER.contains(&field.type_().as_str()) && !SECRET.iter().any(|secret| complete.contains(secret))
        })
        .collect()
}
