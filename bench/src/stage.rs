//! Who is measured, and how each is started with sessions that are alive.

use crate::{
    ORIGIN, Outcome, PASSWORD,
    fill::{self, Filling, Times},
    load::{Connection, Cookies, Form, cookies, post},
    mint::{Minted, SESSIONS_EACH, mint},
    postgres::Postgres,
    process::Server,
    say_more,
    serve::account_name,
};
use daypass_auth::{
    Key, KeyRing,
    password::{Hasher, Password},
};
use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Where sessions are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Memory,
    Sqlite,
    Postgres,
}

/// One of those who are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    Bare,
    Jar,
    TowerSessions(Place),
    SessionGuard(Place),
    Engine(Place),
    Host(Place),
}

impl Who {
    pub(crate) const PEERS: [Self; 5] = [
        Self::TowerSessions(Place::Memory),
        Self::TowerSessions(Place::Sqlite),
        Self::TowerSessions(Place::Postgres),
        Self::SessionGuard(Place::Memory),
        Self::SessionGuard(Place::Postgres),
    ];
    pub(crate) const ENGINES: [Self; 2] = [Self::Engine(Place::Sqlite), Self::Engine(Place::Postgres)];
    pub(crate) const HOSTS: [Self; 2] = [Self::Host(Place::Sqlite), Self::Host(Place::Postgres)];

    pub(crate) fn label(self) -> String {
        let place = |place: Place| match place {
            Place::Memory => "memory",
            Place::Sqlite => "SQLite",
            Place::Postgres => "PostgreSQL",
        };
        match self {
            Self::Bare => "bare axum, no session".to_owned(),
            Self::Jar => "tower-cookies' private jar alone".to_owned(),
            Self::TowerSessions(it) => format!("tower-sessions + axum-login, {}", place(it)),
            Self::SessionGuard(it) => format!("session-guard, {}", place(it)),
            Self::Engine(it) => format!("Daypass's engine, {}", place(it)),
            Self::Host(it) => format!("Daypass, the whole host, {}", place(it)),
        }
    }

    /// Whether it is Daypass.
    pub(crate) const fn is_ours(self) -> bool {
        matches!(self, Self::Engine(_) | Self::Host(_))
    }

    const fn place(self) -> Option<Place> {
        match self {
            Self::Bare | Self::Jar => None,
            Self::TowerSessions(place) | Self::SessionGuard(place) | Self::Engine(place) | Self::Host(place) => {
                Some(place)
            }
        }
    }

    /// A path that guests reach too, and the status that they get there.
    pub(crate) const fn for_guests(self) -> (&'static str, u16) {
        match self {
            // They have no public call that says who somebody is; the private one refuses.
            Self::Host(_) | Self::SessionGuard(_) => ("/api/me", 401),
            _ => ("/api/guest", 200),
        }
    }
}

/// How many there are of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Sessions that there are cookies for.
    pub(crate) minted: usize,
    /// Sessions that are in use.
    pub(crate) used: usize,
    /// Sessions that are kept for being used seldom, ended, or seen for the first time.
    pub(crate) spare: usize,
}

/// What is set up once for the whole run.
pub(crate) struct Stage {
    pub(crate) postgres: Postgres,
    pub(crate) sizes: Sizes,
    pub(crate) programs: Programs,
    pub(crate) folder: TempDir,
    key: String,
    hash: String,
    minted: Vec<Minted>,
    databases: Cell<u32>,
}

/// The programs that are measured.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    /// This one.
    pub(crate) bench: PathBuf,
    /// Those of others.
    pub(crate) peers: PathBuf,
    /// The whole host.
    pub(crate) daypass: PathBuf,
}

/// A database of a server's own.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    None,
    File(PathBuf),
    Postgres(String),
}

/// A server with sessions.
pub(crate) struct Running {
    pub(crate) who: Who,
    pub(crate) server: Server,
    pub(crate) database: Database,
    /// `name=value` of each session.
    pub(crate) cookies: Cookies,
}

const TEMPLATE: &str = "template_of_all";

impl Stage {
    /// Makes sessions, and databases that hold them.
    pub(crate) async fn set_up(programs: Programs, sizes: Sizes) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("daypass-bench-").tempdir()?;
        let key = Key::generate()?;
        let line = key.to_line().to_string();
        let hash = Hasher::new(1).hash(Password::typed(PASSWORD)?).await?.as_str().to_owned();
        let start = Instant::now();
        let minted = mint(&KeyRing::new(vec![key])?, sizes.minted).await?;
        say_more(&format!("  {} in {:.1} s", minted.len(), start.elapsed().as_secs_f64()));
        let postgres = Postgres::start()?;
        let stage = Self { postgres, sizes, programs, folder, key: line, hash, minted, databases: Cell::new(0) };
        let all = stage.filling(stage.minted.len(), stage.minted.len());
        fill::sqlite(&stage.file(TEMPLATE), &all).await?;
        stage.postgres.create(TEMPLATE, None).await?;
        fill::postgres(&stage.postgres, TEMPLATE, &all).await?;
        Ok(stage)
    }

    fn filling(&self, minted: usize, sessions: usize) -> Filling<'_> {
        let minted = &self.minted[..minted.min(self.minted.len())];
        Filling { minted, sessions, accounts: self.accounts().max(sessions / SESSIONS_EACH), hash: &self.hash }
    }

    /// How many accounts there are at least.
    pub(crate) fn accounts(&self) -> usize {
        self.minted.len().div_ceil(SESSIONS_EACH)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.db"))
    }

    fn new_name(&self) -> String {
        self.databases.set(self.databases.get() + 1);
        format!("bench{}", self.databases.get())
    }

    /// A copy of the database that holds all that was minted, or for others an empty one.
    pub(crate) async fn database(&self, who: Who) -> Outcome<Database> {
        let name = self.new_name();
        Ok(match who.place() {
            Some(Place::Sqlite) => {
                let file = self.file(&name);
                if who.is_ours() {
                    fs::copy(self.file(TEMPLATE), &file)?;
                }
                Database::File(file)
            }
            Some(Place::Postgres) => {
                self.postgres.create(&name, who.is_ours().then_some(TEMPLATE)).await?;
                Database::Postgres(name)
            }
            Some(Place::Memory) | None => Database::None,
        })
    }

    /// A database of so many sessions, of which there are cookies for as many as there are.
    pub(crate) async fn database_of(&self, place: Place, minted: usize, sessions: usize) -> Outcome<Database> {
        let (name, filling) = (self.new_name(), self.filling(minted, sessions));
        Ok(match place {
            Place::Postgres => {
                self.postgres.create(&name, None).await?;
                fill::postgres(&self.postgres, &name, &filling).await?;
                Database::Postgres(name)
            }
            Place::Memory | Place::Sqlite => {
                fill::sqlite(&self.file(&name), &filling).await?;
                Database::File(self.file(&name))
            }
        })
    }

    /// Ends these servers, and takes their databases away, which nobody shall be charged for looking after.
    pub(crate) async fn end(&self, servers: Vec<Running>) -> Outcome<()> {
        for Running { server, database, .. } in servers {
            drop(server);
            self.discard(&database).await?;
        }
        Ok(())
    }

    /// Takes a database away that no server uses any more.
    pub(crate) async fn discard(&self, database: &Database) -> Outcome<()> {
        match database {
            Database::None => Ok(()),
            Database::File(path) => {
                for end in ["", "-wal", "-shm"] {
                    let mut file = path.clone().into_os_string();
                    file.push(end);
                    // The last that closes it takes the other two away, but one that was killed leaves them.
                    match fs::remove_file(file) {
                        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                        _ => {}
                    }
                }
                Ok(())
            }
            Database::Postgres(name) => {
                self.postgres.run("postgres", &format!("DROP DATABASE {name} WITH (FORCE)")).await
            }
        }
    }

    /// Sets the times of the minted sessions of a database.
    pub(crate) async fn set_times(&self, database: &Database, times: Times) -> Outcome<()> {
        match database {
            Database::None => Ok(()),
            Database::File(path) => fill::set_times_in_sqlite(path, times).await,
            Database::Postgres(name) => fill::set_times_in_postgres(&self.postgres, name, times).await,
        }
    }

    pub(crate) fn url(&self, database: &Database) -> String {
        match database {
            Database::None => "memory".to_owned(),
            Database::File(path) => format!("sqlite://{}", path.display()),
            Database::Postgres(name) => self.postgres.url(name),
        }
    }

    /// Starts a server with sessions that are alive, which knows so many of them at most.
    pub(crate) async fn start(&self, who: Who, known: u32) -> Outcome<Running> {
        self.start_on(who, known, self.database(who).await?).await
    }

    /// The same, on a database that is there.
    pub(crate) async fn start_on(&self, who: Who, known: u32, database: Database) -> Outcome<Running> {
        let url = self.url(&database);
        let Programs { bench, peers, daypass } = &self.programs;
        let server = match who {
            Who::Bare => Server::start(bench, |command| _ = command.args(["serve", "bare"]))?,
            Who::Jar => Server::start(bench, |command| _ = command.args(["serve", "jar"]))?,
            Who::TowerSessions(_) => self.start_peer(peers, "tower-sessions", &url)?,
            Who::SessionGuard(_) => self.start_peer(peers, "session-guard", &url)?,
            Who::Engine(_) => Server::start(bench, |command| {
                command.args(["serve", "engine", "--database", &url, "--known", &known.to_string()]);
                command.env("DAYPASS_KEYS", &self.key);
            })?,
            Who::Host(_) => Server::start_at(daypass, |command, address| {
                command.current_dir(self.folder.path()).env("DAYPASS_LISTEN", address.to_string());
                self.set_up_host(command, &url, known);
            })?,
        };
        let cookies = self.cookies(who, &server).await?;
        if let (Database::Postgres(name), false) = (&database, who.is_ours()) {
            // As ours are when they are filled, so that autovacuum does not begin in the middle of a measurement.
            self.postgres.run(name, "VACUUM ANALYZE").await?;
        }
        Ok(Running { who, server, database, cookies })
    }

    fn start_peer(&self, program: &Path, kind: &str, url: &str) -> Outcome<Server> {
        Server::start(program, |command| {
            command.args([kind, url, &self.accounts().to_string()]).env("BENCH_HASH", &self.hash);
        })
    }

    /// As it would run in production, behind a proxy that speaks https.
    fn set_up_host(&self, command: &mut Command, url: &str, known: u32) {
        command
            .arg("serve")
            .env("DAYPASS_PUBLIC_ORIGIN", ORIGIN)
            .env("DAYPASS_TRUSTED_PROXIES", "127.0.0.0/8")
            .env("DAYPASS_DATABASE_URL", url)
            .env("DAYPASS_KEYS", &self.key)
            .env("DAYPASS_KNOWN_SESSIONS", known.to_string())
            // Counted as ever, and never too many.
            .env("DAYPASS_CALLS_PER_MINUTE", u32::MAX.to_string());
    }

    /// Those that were minted, or as many as are needed of a server that makes them itself.
    async fn cookies(&self, who: Who, server: &Server) -> Outcome<Cookies> {
        let Sizes { used, spare, .. } = self.sizes;
        let minted = || self.minted.iter().map(|minted| minted.cookie.clone()).collect::<Vec<_>>();
        match who {
            // It reads none, but gets as many bytes as Daypass.
            Who::Bare | Who::Engine(_) | Who::Host(_) => Ok(cookies(&minted())),
            Who::Jar | Who::TowerSessions(_) | Who::SessionGuard(_) => {
                Ok(cookies(&signed_in(server, used + spare).await?))
            }
        }
    }

    /// The processor time that a server and what serves its database have used.
    pub(crate) fn cpu(&self, running: &Running) -> Outcome<Duration> {
        let database = match &running.database {
            Database::Postgres(name) => self.postgres.cpu(name)?,
            Database::None | Database::File(_) => Duration::ZERO,
        };
        Ok(running.server.cpu()? + database)
    }
}

/// Sessions of a server that starts them without a password, for the benchmark alone.
async fn signed_in(server: &Server, count: usize) -> Outcome<Vec<String>> {
    let mut connection = Connection::open(server.address).await?;
    let mut made = Vec::with_capacity(count);
    for number in 0..count {
        let mut request = Vec::new();
        let body = format!("username={}", account_name(number / SESSIONS_EACH));
        post(&mut request, "/bench/in", &Form { body, ..Form::default() });
        let answer = connection.ask(&request).await?;
        // What the sessions are called is theirs to say; they set one cookie.
        let cookie = answer.first_cookie().filter(|_| answer.status == 200);
        made.push(cookie.ok_or_else(|| format!("no session: {}", answer.status))?.to_owned());
    }
    Ok(made)
}
