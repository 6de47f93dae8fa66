//! The servers that this program is itself: what a request costs without sessions, with the cookie library
//! alone, and with Daypass's engine.
//!
//! All of them, those of the others too, answer the same: `GET /api/me` with the account's name to whoever
//! is signed in, `GET /api/guest` to anybody.

mod bare;
mod engine;
mod jar;

use crate::{Outcome, say};
use axum::{ServiceExt, extract::Request, response::Response};
use clap::Subcommand;
use serde::Serialize;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;
use tower::Service;

/// One of the servers.
#[derive(Debug, Subcommand)]
pub(crate) enum Kind {
    /// No session at all: the limit.
    Bare,
    /// The private jar of tower-cookies: a sealed cookie with a name in it, and nothing behind it.
    Jar,
    /// Daypass's layers on a plain router.
    Engine {
        /// The database.
        #[arg(long)]
        database: String,
        /// How many sessions it knows without asking it.
        #[arg(long)]
        known: u32,
    },
}

/// Who is signed in.
#[derive(Serialize)]
struct Me {
    account: String,
}

impl Me {
    fn guest() -> Self {
        Self { account: "guest".to_owned() }
    }
}

/// The name of a session's account, as long as all of the others.
pub(crate) fn account_name(number: usize) -> String {
    format!("user{number:06}")
}

/// Serves until it is killed.
pub(crate) fn serve(kind: Kind) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        match kind {
            Kind::Bare => listen(bare::router()).await,
            Kind::Jar => listen(jar::router()?).await,
            Kind::Engine { database, known } => listen(engine::router(&database, known).await?).await,
        }
    })
}

async fn listen<S>(app: S) -> Outcome<()>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    say(&format!("ready {}", listener.local_addr()?));
    axum::serve(listener, ServiceExt::<Request>::into_make_service(app)).await?;
    Ok(())
}
