//! One file a page.

mod home;
mod not_found;
mod sign_in;
mod unavailable;

pub(crate) use home::Home;
pub(crate) use not_found::NotFound;
pub(crate) use sign_in::{SignInCard, SignInPage};
pub(crate) use unavailable::UnavailablePage;
