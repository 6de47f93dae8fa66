//! The Daypass engine: sessions for axum.
//!
//! It owns accounts, passwords and sessions, and knows nothing of what is rendered. An app takes
//! [`Engine`], the layers in [`http`] and the extractor [`Session`], and
//! nothing else.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use axum::{Router, routing::get};
//! use daypass_auth::{Engine, EngineConfig, KeyRing, Key, Session, http::{protect, Guard}};
//! use daypass_auth::store::SqliteStore;
//! use std::sync::Arc;
//!
//! let store = Arc::new(SqliteStore::open("sqlite://data/app.db").await?);
//! let keys = KeyRing::new(vec![Key::generate()?])?;
//! let engine = Engine::new(store, keys, EngineConfig::for_origin("https://app.example")?);
//!
//! async fn me(session: Session) -> String {
//!     session.account().name.to_string()
//! }
//!
//! let app: Router = protect(Router::new().route("/api/me", get(me)), &engine, Guard::default());
//! # Ok(()) }
//! ```
//!
//! Without the feature `engine` only [`reason`], [`next`] and [`info`] are compiled: the words
//! that the server and the browser share.

pub mod info;
pub mod next;
pub mod reason;

#[cfg(feature = "engine")]
mod account;
#[cfg(feature = "engine")]
pub mod audit;
#[cfg(feature = "engine")]
pub mod clock;
#[cfg(feature = "engine")]
mod engine;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod fuzz;
#[cfg(feature = "engine")]
pub mod http;
#[cfg(feature = "engine")]
pub mod keys;
#[cfg(feature = "engine")]
pub mod live;
#[cfg(feature = "engine")]
pub mod password;
#[cfg(feature = "engine")]
pub mod policy;
#[cfg(feature = "engine")]
mod seal;
#[cfg(feature = "engine")]
mod session;
#[cfg(feature = "engine")]
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(feature = "engine")]
pub mod throttle;

pub use info::SessionInfo;
pub use reason::Reason;

#[cfg(feature = "engine")]
pub use account::{Account, AccountId, AccountName, AccountState, NameError};
#[cfg(feature = "engine")]
pub use engine::{
    Access, ChangePassword, ChooseError, Engine, EngineConfig, OriginError, Own, ProofError, SignIn, SignInError,
    is_loopback_origin,
};
#[cfg(feature = "engine")]
pub use keys::{Key, KeyRing};
#[cfg(feature = "engine")]
pub use seal::CookieSpec;
#[cfg(feature = "engine")]
pub use session::{SecretHash, Session, SessionId};
