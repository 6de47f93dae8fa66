//! What is attacked.

use std::net::IpAddr;
use url::{Host, Url};

/// A server, and what its owner lets the attacks know.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it listens. Plain http: whatever speaks TLS in front of it is not what is attacked.
    pub url: Url,
    /// Its public origin, as browsers write it.
    pub origin: String,
    /// An account that the attacks may sign in to.
    pub account: Credentials,
    /// Another one; without it, what one account does to another cannot be tried.
    pub other: Option<Credentials>,
    /// Where things are.
    pub paths: Paths,
    /// How much may be guessed.
    pub limits: Limits,
    /// Whether times are measured, which takes a machine that does nothing else.
    pub timing: bool,
}

/// An account's name and password.
#[derive(Clone)]
pub struct Credentials {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Where things are. The defaults are Daypass's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// A page that only people see who are signed in.
    pub page: String,
    /// The page with the sign-in form.
    pub sign_in_page: String,
    /// A page that shows the account's sessions.
    pub sessions_page: String,
    /// A page that does not exist.
    pub nowhere: String,
    /// A file that everybody may have.
    pub file: String,
    /// A call by GET that answers something about the account.
    pub me: String,
    /// The call that signs in.
    pub sign_in: String,
    /// The call that signs out.
    pub sign_out: String,
    /// The call that says whether there is a session.
    pub session: String,
    /// The call that extends it.
    pub extend: String,
    /// The call that lists the account's sessions.
    pub sessions: String,
    /// The call that ends one.
    pub end_sessions: String,
    /// The call that lists what happened.
    pub activity: String,
    /// The call that takes the password again.
    pub confirm: String,
    /// The call that changes it.
    pub change_password: String,
}

impl Default for Paths {
    fn default() -> Self {
        let own = str::to_owned;
        Self {
            page: own("/"),
            sign_in_page: own("/login"),
            sessions_page: own("/account/sessions"),
            nowhere: own("/there-is-no-such-page"),
            file: own("/robots.txt"),
            me: own("/api/me"),
            sign_in: own("/api/sign_in"),
            sign_out: own("/api/sign_out"),
            session: own("/api/session"),
            extend: own("/api/extend"),
            sessions: own("/api/sessions"),
            end_sessions: own("/api/end_sessions"),
            activity: own("/api/activity"),
            confirm: own("/api/confirm"),
            change_password: own("/api/change_password"),
        }
    }
}

impl Paths {
    /// Sets one, by the name of its field.
    ///
    /// # Errors
    /// When there is none of that name, or it is no path.
    pub fn set(&mut self, name: &str, path: &str) -> Result<(), TargetError> {
        if !path.starts_with('/') {
            return Err(TargetError::NoPath(path.to_owned()));
        }
        let field = match name {
            "page" => &mut self.page,
            "sign_in_page" => &mut self.sign_in_page,
            "sessions_page" => &mut self.sessions_page,
            "nowhere" => &mut self.nowhere,
            "file" => &mut self.file,
            "me" => &mut self.me,
            "sign_in" => &mut self.sign_in,
            "sign_out" => &mut self.sign_out,
            "session" => &mut self.session,
            "extend" => &mut self.extend,
            "sessions" => &mut self.sessions,
            "end_sessions" => &mut self.end_sessions,
            "activity" => &mut self.activity,
            "confirm" => &mut self.confirm,
            "change_password" => &mut self.change_password,
            _ => return Err(TargetError::NoSuchPath(name.to_owned())),
        };
        path.clone_into(field);
        Ok(())
    }

    /// Calls by POST that do something for whoever is signed in.
    pub(crate) fn own_calls(&self) -> [&str; 6] {
        [&self.extend, &self.sessions, &self.end_sessions, &self.activity, &self.confirm, &self.change_password]
    }

    /// All calls by POST.
    pub(crate) fn calls(&self) -> Vec<&str> {
        [&*self.sign_in, &self.sign_out, &self.session].into_iter().chain(self.own_calls()).collect()
    }
}

/// How much may be guessed. The defaults are Daypass's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Tries on one name that are looked at without a wait.
    pub tries_on_a_name: usize,
    /// Tries from one network.
    pub tries_from_a_network: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { tries_on_a_name: 5, tries_from_a_network: 50 }
    }
}

/// What cannot be attacked, or must not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// No http address.
    #[error("{0} is no address such as http://127.0.0.1:3000")]
    NoAddress(String),
    /// Somebody else's, as far as anybody can tell.
    #[error("{0} is not this machine: attacks make failed tries, and are made on what is yours")]
    NotThisMachine(String),
    /// No path.
    #[error("{0:?} is no path: it begins with a slash")]
    NoPath(String),
    /// None of ours.
    #[error("there is no path with the name {0:?}")]
    NoSuchPath(String),
}

impl Target {
    /// A server at `address`, with Daypass's defaults. Only on this machine, unless `owned` says that
    /// another one is the caller's own.
    ///
    /// # Errors
    /// See [`TargetError`].
    pub fn new(address: &str, account: Credentials, owned: bool) -> Result<Self, TargetError> {
        let none = || TargetError::NoAddress(address.to_owned());
        let url = Url::parse(address).map_err(|_| none())?;
        if url.scheme() != "http" || url.path() != "/" || !url.username().is_empty() || url.query().is_some() {
            return Err(none());
        }
        let is_here = match url.host().ok_or_else(none)? {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => IpAddr::from(address).is_loopback(),
            Host::Ipv6(address) => IpAddr::from(address).is_loopback(),
        };
        if !is_here && !owned {
            return Err(TargetError::NotThisMachine(address.to_owned()));
        }
        let origin = url.origin().ascii_serialization();
        let (paths, limits) = (Paths::default(), Limits::default());
        Ok(Self { url, origin, account, other: None, paths, limits, timing: false })
    }

    pub(crate) fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(address: &str, owned: bool) -> Result<Target, TargetError> {
        Target::new(address, Credentials { name: "alice".into(), password: "secret".into() }, owned)
    }

    #[test]
    fn nothing_but_this_machine_is_attacked_unless_its_owner_says_so() {
        for here in ["http://127.0.0.1:3000", "http://localhost:3000/", "http://[::1]:3000", "http://127.9.9.9"] {
            assert!(target(here, false).is_ok(), "{here}");
        }
        for elsewhere in ["http://app.example", "http://localhost.evil.example", "http://10.0.0.1", "http://[::2]"] {
            assert_eq!(target(elsewhere, false).unwrap_err(), TargetError::NotThisMachine(elsewhere.to_owned()));
            assert!(target(elsewhere, true).is_ok(), "{elsewhere}");
        }
        for none in
            ["", "127.0.0.1:3000", "https://127.0.0.1", "http://127.0.0.1/path", "http://a@127.0.0.1", "file:///x"]
        {
            assert_eq!(target(none, true).unwrap_err(), TargetError::NoAddress(none.to_owned()));
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        assert!(!format!("{:?}", target("http://127.0.0.1", false).unwrap()).contains("secret"));
    }

    #[test]
    fn paths_are_set_by_name() {
        let mut paths = Paths::default();
        paths.set("page", "/reports").unwrap();
        assert_eq!(paths.page, "/reports");
        assert_eq!(paths.set("pages", "/x"), Err(TargetError::NoSuchPath("pages".into())));
        assert_eq!(paths.set("page", "x"), Err(TargetError::NoPath("x".into())));
    }
}
