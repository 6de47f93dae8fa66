//! One file an idea.

mod confirm;
mod dialog;
mod entries;
mod field;
mod form;
mod header;
mod icon;
mod menu;
mod notifications;
mod page;
mod private;
mod refused;
mod sign_out;
mod ticket;
mod warning;

pub(crate) use confirm::{ConfirmDialog, ConfirmForm};
pub(crate) use dialog::Dialog;
pub(crate) use entries::{Entries, Preloaded, Retry, Time};
pub(crate) use field::{Check, Field, select};
pub(crate) use form::{Form, Submit};
pub(crate) use header::Header;
pub(crate) use icon::{Glyph, Icon};
pub(crate) use menu::AccountMenu;
pub(crate) use notifications::Notifications;
pub(crate) use page::{Heading, focus_heading};
pub(crate) use private::Private;
pub(crate) use refused::use_refused;
pub(crate) use sign_out::use_sign_out;
pub(crate) use ticket::{Ticket, TimeLeft};
pub(crate) use warning::Warning;
