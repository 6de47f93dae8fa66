//! What can go wrong, as far as the browser may know: one closed list, with one status and one
//! sentence for each (the sentences are in [`crate::words`]).

use daypass_auth::Reason;
use http::StatusCode;
use leptos::{
    prelude::FromServerFnError,
    server_fn::{codec::JsonEncoding, error::ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

/// What can go wrong. Carries nothing that an attacker could use, and no text of anybody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum AppError {
    /// There is no session.
    #[error("not signed in")]
    Unauthenticated {
        /// Why.
        reason: Reason,
    },
    /// Name and password do not match; nobody says which.
    #[error("name and password do not match")]
    InvalidCredentials,
    /// There is a session, and its person has to prove again who they are (sudo mode).
    #[error("the password has to be confirmed")]
    ConfirmPassword,
    /// A field of a form is not as it must be.
    #[error("a field is not as it must be")]
    InvalidField {
        /// Which.
        field: Field,
        /// How so.
        problem: Problem,
    },
    /// Too many tries failed; the next one is looked at after a while.
    #[error("too many tries")]
    TooManyTries {
        /// In so many seconds.
        seconds: u32,
    },
    /// Too many requests come from one network.
    #[error("too many requests")]
    TooManyRequests {
        /// The next one is answered in so many seconds.
        seconds: u32,
    },
    /// The request cannot be read.
    #[error("the request cannot be read")]
    BadRequest,
    /// The form is not in the encoding of forms.
    #[error("the request is not in a known encoding")]
    UnsupportedMediaType,
    /// The request is larger than any form of ours.
    #[error("the request is too large")]
    TooLarge,
    /// The request came from a page of another site.
    #[error("from another site")]
    CrossSite,
    /// There is no such call.
    #[error("no such call")]
    NotFound,
    /// The call exists, for another method.
    #[error("not by this method")]
    MethodNotAllowed,
    /// The service is away or busy for the moment. Nobody is signed out by that.
    #[error("not available at the moment")]
    Unavailable,
    /// Something went wrong that nobody but the operator can mend.
    #[error("something went wrong")]
    Internal,
    /// The server was not reached. Only ever made in the browser.
    #[error("the server was not reached")]
    Unreachable,
}

/// The fields of our forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The account's name.
    Username,
    /// The password.
    Password,
    /// Whether to stay signed in.
    Remember,
    /// The present password, where a new one is chosen.
    Current,
    /// The new password.
    New,
    /// Any other.
    Other,
}

impl Field {
    /// The field of that name in a form.
    #[must_use]
    pub fn of(name: &str) -> Self {
        match name {
            "username" => Self::Username,
            "password" => Self::Password,
            "remember" => Self::Remember,
            "current" => Self::Current,
            "new" => Self::New,
            _ => Self::Other,
        }
    }
}

/// What a field can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// Not there, or empty.
    Missing,
    /// There more than once.
    Doubled,
    /// Longer than it may be.
    TooLong,
    /// Not a plain text.
    WrongType,
    /// A password that is not the account's.
    Wrong,
    /// A new password with fewer characters than it must have.
    TooShort,
    /// A new password that many people have.
    Common,
    /// A new password that is made of the account's or the site's own name.
    Context,
    /// A new password that repeats itself.
    Repeated,
    /// A new password that follows the keyboard, the alphabet or a row of numbers.
    Pattern,
    /// A new password that has leaked somewhere.
    Leaked,
}

impl AppError {
    /// Whether a field of the form says it itself, under its label.
    #[must_use]
    pub const fn has_a_field(self) -> bool {
        matches!(
            self,
            Self::InvalidField { field: Field::Username | Field::Password | Field::Current | Field::New, .. }
        )
    }

    /// The HTTP status of each error. The only place that decides it.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Unauthenticated { .. } | Self::InvalidCredentials => StatusCode::UNAUTHORIZED,
            // ASVS 6.2.3: a wrong present password is a refusal, not a mistake in the form.
            Self::ConfirmPassword | Self::InvalidField { problem: Problem::Wrong, .. } => StatusCode::FORBIDDEN,
            Self::InvalidField { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyTries { .. } | Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal | Self::Unreachable => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    // The framework's own texts stay here: they name types, fields and paths.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::Unreachable,
            // On the server: a form that is not in its encoding.
            ServerFnErrorErr::Deserialization(_) if cfg!(feature = "ssr") => Self::BadRequest,
            // In the browser: an answer that is none of ours, such as a proxy's own page.
            ServerFnErrorErr::Deserialization(_) | ServerFnErrorErr::Response(_) => Self::Unavailable,
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::BadRequest,
            _ => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_read_the_same_on_both_sides() {
        let json = |error: AppError| serde_json::to_string(&error).unwrap();
        assert_eq!(json(AppError::InvalidCredentials), r#"{"error":"invalid_credentials"}"#);
        assert_eq!(
            json(AppError::Unauthenticated { reason: Reason::SignedOut }),
            r#"{"error":"unauthenticated","reason":"signed_out"}"#
        );
        assert_eq!(
            json(AppError::InvalidField { field: Field::Password, problem: Problem::TooLong }),
            r#"{"error":"invalid_field","field":"password","problem":"too_long"}"#
        );
        for error in [AppError::Unauthenticated { reason: Reason::Idle }, AppError::Unavailable, AppError::BadRequest] {
            assert_eq!(AppError::de(error.ser()), error);
        }
    }

    /// It is put into the document as it is, and into JSON.
    #[test]
    fn no_error_can_carry_text_of_anybodys() {
        const fn of_words_and_numbers_alone<T: Copy + 'static>() {}
        of_words_and_numbers_alone::<AppError>();
        for error in [
            AppError::Unauthenticated { reason: Reason::PasswordChanged },
            AppError::InvalidField { field: Field::Username, problem: Problem::WrongType },
            AppError::TooManyTries { seconds: u32::MAX },
            AppError::TooManyRequests { seconds: 1 },
            AppError::Internal,
        ] {
            let json = serde_json::to_string(&error).unwrap();
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "{}\":,_".contains(c);
            assert!(json.chars().all(is_plain), "{json}");
        }
        // What the framework says of a request, which may quote it, is left behind.
        let quoted = ServerFnErrorErr::Args("</script><script>canary".to_owned());
        let error = AppError::from_server_fn_error(quoted);
        assert_eq!(error, AppError::BadRequest);
    }
}
