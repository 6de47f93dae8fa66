//! The servers of others: `daypass-bench-peers KIND DATABASE ACCOUNTS`, with the hash of everybody's
//! password in `BENCH_HASH`. They answer what `daypass-bench serve` answers.

mod session_guard;
mod tower_sessions;
mod users;

use axum::Router;
use serde::{Deserialize, Serialize};
use std::{
    error::Error,
    net::{Ipv4Addr, SocketAddr},
};
use tokio::net::TcpListener;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

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

/// What is typed.
#[derive(Clone, Debug, Deserialize)]
struct Credentials {
    username: String,
    #[serde(default)]
    password: String,
}

fn main() -> Outcome<()> {
    let mut args = std::env::args().skip(1);
    let mut arg = |what: &str| args.next().ok_or_else(|| format!("{what} is missing"));
    let (kind, url, accounts) = (arg("KIND")?, arg("DATABASE")?, arg("ACCOUNTS")?.parse()?);
    let hash = std::env::var("BENCH_HASH")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let users = users::Users::open(&url, accounts, &hash).await?;
        let router = match kind.as_str() {
            "tower-sessions" => tower_sessions::router(users).await?,
            "session-guard" => session_guard::router(&url, users).await?,
            _ => return Err(format!("{kind} is not among them").into()),
        };
        listen(router).await
    })
}

async fn listen(router: Router) -> Outcome<()> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    println!("ready {}", listener.local_addr()?);
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
