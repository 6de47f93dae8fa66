use leptos::{html, prelude::*};

/// A labelled text field, with its problem under it.
#[component]
pub(crate) fn Field(
    label: &'static str,
    name: &'static str,
    #[prop(default = "text")] kind: &'static str,
    autocomplete: &'static str,
    #[prop(optional, into)] value: String,
    /// What helps to fill it in, if something does.
    #[prop(optional)]
    hint: &'static str,
    /// What is wrong with it, if something is.
    #[prop(into)]
    problem: Signal<Option<&'static str>>,
    input: NodeRef<html::Input>,
) -> impl IntoView {
    let problem_id = format!("{name}-problem");
    let hint_id = format!("{name}-hint");
    let described_by = {
        let (problem_id, hint_id) = (problem_id.clone(), hint_id.clone());
        move || match (hint.is_empty(), problem.get()) {
            (true, None) => None,
            (true, Some(_)) => Some(problem_id.clone()),
            (false, None) => Some(hint_id.clone()),
            (false, Some(_)) => Some(format!("{problem_id} {hint_id}")),
        }
    };
    let secret = kind == "password";
    let shown = RwSignal::new(false);
    view! {
        <div class="field" class:field--bad=move || problem.get().is_some()>
            <label for=name>{label}</label>
            <div class="field__box">
                <input
                    node_ref=input
                    id=name
                    name=name
                    type=move || if shown.get() { "text" } else { kind }
                    value=value
                    autocomplete=autocomplete
                    autocapitalize="none"
                    spellcheck="false"
                    aria-required="true"
                    aria-invalid=move || problem.get().map(|_| "true")
                    aria-describedby=described_by
                />
                {secret
                    .then(|| {
                        view! {
                            <button
                                type="button"
                                class="field__reveal needs-script"
                                aria-pressed=move || if shown.get() { "true" } else { "false" }
                                on:click=move |_| shown.update(|shown| *shown = !*shown)
                            >
                                "Show"
                                <span class="visually-hidden">" password"</span>
                            </button>
                        }
                    })}
            </div>
            {(!hint.is_empty())
                .then(|| {
                    view! {
                        <p class="field__hint" id=hint_id>
                            {hint}
                        </p>
                    }
                })}
            <p class="field__problem" id=problem_id>
                {move || problem.get()}
            </p>
        </div>
    }
}

/// A box to tick.
#[component]
pub(crate) fn Check(label: &'static str, name: &'static str, #[prop(optional)] checked: bool) -> impl IntoView {
    view! {
        <label class="check">
            <input type="checkbox" name=name value="on" checked=checked />
            <span>{label}</span>
        </label>
    }
}

/// Puts the cursor into a field, with what stands in it selected to be typed over.
pub(crate) fn select(field: NodeRef<html::Input>) {
    if let Some(Some(input)) = field.try_get_untracked() {
        let _not_focusable = input.focus();
        input.select();
    }
}
