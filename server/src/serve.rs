//! `daypass serve`: from a checked configuration to a server that stops in order.

use crate::{
    assets,
    config::{ConfigError, Options, Settings, http_origin},
    demo::{self, DemoError},
    http::{AppState, CallLimit, Stopping, router},
    keys::KeysError,
    listen::{Limits, listen},
};
use daypass_app::PageSettings;
use daypass_auth::{
    Engine, EngineConfig,
    live::LiveStore,
    password::{LeakedError, LeakedPasswords},
    store::{self, OpenError},
};
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::net::TcpListener;

/// Dead sessions are swept this often.
const SWEEP_EVERY: Duration = Duration::from_secs(300);

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The keys.
    #[error("keys: {0}")]
    Keys(#[from] KeysError),
    /// The database.
    #[error("database: {0}")]
    Store(#[from] OpenError),
    /// The demo accounts.
    #[error("demo accounts: {0}")]
    Demo(#[from] DemoError),
    /// The list of leaked passwords.
    #[error(transparent)]
    Leaked(#[from] LeakedError),
    /// The address.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The server itself.
    #[error("the server failed: {0}")]
    Io(#[from] std::io::Error),
}

/// Looks at all that a configuration names, before anything is made or changed: a start that is
/// refused leaves everything as it was.
async fn look(settings: &Settings) -> Result<TcpListener, ServeError> {
    settings.keys.load(false)?;
    settings.pepper.look(&settings.keys)?;
    settings.leaked.as_ref().map_or(Ok(()), LeakedPasswords::look)?;
    store::examine(settings.database_url.reveal()).await?;
    TcpListener::bind(settings.listen).await.map_err(|error| ServeError::Listen(settings.listen, error))
}

/// Opens what a configuration names, and puts an engine together.
async fn engine(settings: &Settings) -> Result<Engine, ServeError> {
    let Some(keys) = settings.keys.load(true)? else { return Err(KeysError::None.into()) };
    if let Some(warning) = keys.warning(SystemTime::now()) {
        tracing::warn!(event = "sys_key_old", "{warning}");
    }
    let ring = keys.ring().map_err(|error| KeysError::Bad { place: settings.keys.place(), error })?;
    let store = store::open(settings.database_url.reveal()).await?;
    let store = Arc::new(LiveStore::new(store, settings.known_sessions));
    let config = EngineConfig::for_origin(&settings.origin).map_err(ConfigError::from)?;
    let config = EngineConfig {
        hasher: settings.pepper.add_to(config.hasher)?.with_leaked(settings.leaked.clone()),
        #[cfg(feature = "test-clock")]
        clock: crate::test_clock::clock(),
        policy: settings.policy,
        audience: settings.audience.clone(),
        demo: settings.demo,
        keep_events: settings.keep_events,
        ..config
    };
    Ok(Engine::new(store, ring, config))
}

/// Runs the server until it is told to stop.
///
/// # Errors
/// When the configuration, the keys, the database or the address are not usable.
pub async fn serve(options: &Options) -> Result<(), ServeError> {
    let mut settings = options.check()?;
    let listener = look(&settings).await?;
    let engine = engine(&settings).await?;
    if settings.demo {
        demo::make(&engine).await?;
    } else {
        demo::remove(&engine).await?;
    }
    let address = listener.local_addr()?;
    if settings.listen.port() == 0 {
        // The system chose the port, so what was derived from it is known only now.
        settings.origin = settings
            .origin
            .strip_suffix(":0")
            .map_or_else(|| settings.origin.clone(), |host| format!("{host}:{}", address.port()));
    }
    let (leptos, assets, hashed) = assets::locate(address);
    let state = AppState {
        engine: engine.clone(),
        origins: origins(&settings, address),
        proxies: settings.proxies.clone().into(),
        calls: settings.calls_per_minute.map(CallLimit::per_minute),
        page: PageSettings { warning: settings.warning },
        leptos,
        assets,
        hashed,
        stopping: Stopping::default(),
    };
    let sweeper = tokio::spawn(sweep(engine.clone()));
    // Heard from now on, so that whoever reads that it is ready can also stop it.
    let mut signals = signals()?;
    tracing::info!(event = "sys_startup", version = env!("CARGO_PKG_VERSION"), origin = settings.origin, "ready");
    announce(&settings);

    let stopping = state.stopping.clone();
    let told_to_stop = async {
        let grace = match signals.next().await {
            Told::Interrupt => Duration::ZERO,
            Told::Terminate => settings.grace,
        };
        stopping.begin();
        if !grace.is_zero() {
            tracing::info!("stopping in {grace:?}: proxies may look elsewhere first");
            // Told twice, it waits no longer.
            let _told_again = tokio::time::timeout(grace, signals.next()).await;
        }
        tracing::info!("stopping: no new requests, those under way are finished");
    };
    let limits = Limits::default();
    if !listen(listener, router(state), limits, told_to_stop).await {
        tracing::warn!("requests were still under way after {:?}; they were cut", limits.drain);
    }
    sweeper.abort();
    // What waits to be written is written.
    engine.store().close().await;
    tracing::info!(event = "sys_shutdown", seals = engine.seals(), "stopped");
    Ok(())
}

/// The public origin; on loopback also the machine's other names for itself, which people type
/// just as well.
fn origins(settings: &Settings, address: SocketAddr) -> Arc<[String]> {
    let port = address.port();
    let mut origins = vec![settings.origin.clone()];
    if settings.origin.starts_with("http://") {
        origins.extend(["localhost", "127.0.0.1", "[::1]"].map(|host| http_origin(format_args!("{host}:{port}"))));
    }
    origins.into()
}

/// For the person who started it, on standard output: the log is elsewhere.
#[expect(clippy::print_stdout, reason = "this is the command's output")]
fn announce(settings: &Settings) {
    println!("Daypass is ready: {}", settings.origin);
    if settings.demo {
        println!("Demo accounts, for this machine only:");
        for (name, password) in demo::ACCOUNTS {
            println!("  {name} / {password}");
        }
    }
}

async fn sweep(engine: Engine) {
    let mut every = tokio::time::interval(SWEEP_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        match engine.sweep().await {
            Ok(0) => {}
            Ok(swept) => tracing::debug!(swept, "what is dead and old was swept"),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "what is dead and old could not be swept");
            }
        }
    }
}

/// By whom the server is told to stop.
enum Told {
    /// Somebody at a terminal.
    Interrupt,
    /// What runs it.
    Terminate,
}

/// SIGINT and SIGTERM, heard from the moment of this call on.
#[cfg(unix)]
struct Signals(tokio::signal::unix::Signal, tokio::signal::unix::Signal);

#[cfg(unix)]
fn signals() -> std::io::Result<Signals> {
    use tokio::signal::unix::{SignalKind, signal};
    Ok(Signals(signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
}

#[cfg(unix)]
impl Signals {
    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.0.recv() => Told::Interrupt,
            _ = self.1.recv() => Told::Terminate,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn signals() -> std::io::Result<Signals> {
    Ok(Signals)
}

#[cfg(not(unix))]
impl Signals {
    async fn next(&mut self) -> Told {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Told::Interrupt
    }
}
