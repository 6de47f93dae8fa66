use crate::{
    api::{self, EndSessions, Entry},
    components::{Entries, Form, Heading, Private, Retry, Time, focus_heading},
    error::AppError,
    session::{Session, Sudo},
    submission::{Fields, Submission},
    toast::{Kind, Toasts, Topic},
    words,
};
use daypass_auth::Reason;
use leptos::{prelude::*, server_fn::ServerFn};

/// `/account/sessions`: where the person is signed in, and a way to end it.
#[component]
pub(crate) fn SessionsPage() -> impl IntoView {
    view! {
        <Private>
            <Sessions />
        </Private>
    }
}

#[component]
fn Sessions() -> impl IntoView {
    let session = Session::expect();
    let entries = Entries::new(api::list_sessions);
    let ending = Ending::new(entries);
    let several = move || entries.get().len() > 1;
    view! {
        <section class="page">
            <Heading title="Your devices">"Your devices"</Heading>
            <p class="page__about">"You are signed in here. End what you do not know, then change your password."</p>
            <Retry entries again=move || entries.load(session, api::list_sessions()) />
            <table class="table" role="table" aria-busy=move || entries.is_awaited().then_some("true")>
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader">
                            "Device"
                        </th>
                        <th scope="col" role="columnheader">
                            "Place"
                        </th>
                        <th scope="col" role="columnheader">
                            "Signed in"
                        </th>
                        <th scope="col" role="columnheader">
                            "Last seen"
                        </th>
                        <th scope="col" role="columnheader">
                            <span class="visually-hidden">"End"</span>
                        </th>
                    </tr>
                </thead>
                <tbody role="rowgroup">
                    {move || entries.get().into_iter().map(|entry| view! { <Device entry ending /> }).collect_view()}
                </tbody>
            </table>
            <div class="page__actions" hidden=move || !several()>
                <EndForm ending which="others" label="End all others" />
                <EndForm ending which="all" label="End all, this one too" />
            </div>
        </section>
    }
}

#[component]
fn Device(entry: Entry, ending: Ending) -> impl IntoView {
    let Entry { id, what, detail, place, at, since, current } = entry;
    let of = format!(" {what}, {place}");
    view! {
        <tr role="row" class:table__current=current>
            <th scope="row" role="rowheader">
                {what}
                {current.then(|| view! { <span class="badge">"This device"</span> })}
                <span class="table__detail">{detail}</span>
            </th>
            <td role="cell" data-label="Place">
                {place}
            </td>
            <td role="cell" data-label="Signed in">
                {since.map(|when| view! { <Time when /> })}
            </td>
            <td role="cell" data-label="Last seen">
                <Time when=at />
            </td>
            <td role="cell" class="table__action">
                <EndForm ending which=if current { "this".to_owned() } else { id } label="End" of />
            </td>
        </tr>
    }
}

/// A button that ends sessions.
#[component]
fn EndForm(
    ending: Ending,
    /// Which: an id, `this`, `others` or `all`.
    #[prop(into)]
    which: String,
    label: &'static str,
    /// More words for those who do not see what the button stands beside.
    #[prop(optional)]
    of: String,
) -> impl IntoView {
    view! {
        <Form
            action=EndSessions::PATH
            class="table__form"
            on_submit=move |fields: Fields| ending.run(fields.text("which"))
        >
            <input type="hidden" name="which" value=which />
            <button type="submit" class="button button--quiet">
                {label}
                <span class="visually-hidden">{of}</span>
            </button>
        </Form>
    }
}

/// Ends sessions, once the person has proved who they are.
#[derive(Clone, Copy)]
struct Ending {
    entries: Entries,
    submission: Submission,
    session: Session,
    sudo: Sudo,
    toasts: Toasts,
}

impl Ending {
    fn new(entries: Entries) -> Self {
        Self {
            entries,
            submission: Submission::new(None),
            session: Session::expect(),
            sudo: Sudo::of_component(),
            toasts: Toasts::expect(),
        }
    }

    fn run(self, which: Option<String>) {
        self.sudo.run(move || self.send(which.clone()));
    }

    fn send(self, which: Option<String>) {
        let again = which.clone();
        let ends_this = matches!(which.as_deref(), Some("all" | "this"));
        self.submission.send(api::end_sessions(which), move |answer| match answer {
            Ok(_) if ends_this => self.session.ended(Reason::SignedOut),
            Ok(count) => {
                self.toasts.show(Kind::Good, Topic::Form, words::ended_sessions(count));
                // The button that was pressed is gone.
                focus_heading();
                self.entries.load(self.session, api::list_sessions());
            }
            Err(AppError::ConfirmPassword) => self.sudo.ask(move || self.send(again.clone())),
            Err(error) => {
                // It may have ended by itself, so the list is no longer true.
                self.session.refused(error);
                self.entries.load(self.session, api::list_sessions());
            }
        });
    }
}
