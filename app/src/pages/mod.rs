//! One file a page.

mod activity;
mod confirm;
mod home;
mod not_found;
mod password;
mod sessions;
mod sign_in;
mod unavailable;

pub(crate) use activity::ActivityPage;
pub(crate) use confirm::ConfirmPage;
pub(crate) use home::Home;
pub(crate) use not_found::NotFound;
pub(crate) use password::PasswordPage;
pub(crate) use sessions::SessionsPage;
pub(crate) use sign_in::{SignInCard, SignInPage};
pub(crate) use unavailable::UnavailablePage;
