//! A PostgreSQL of the tests' own: real processes, in a folder of their own, on a socket that nobody
//! else finds, and gone with the test that started them, however it ends.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod network;

pub use network::Network;

use crate::store::{PostgresStore, Store};
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use std::{
    fs,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// Numbers that look random and are the same in every run (xorshift).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The numbers that follow from a seed, which is not 0.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// One of `sides` numbers from 0 on.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }
}

/// What was written, such as a log. Copies share it.
#[derive(Clone, Debug, Default)]
pub struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    /// All of it since the last time.
    #[must_use]
    pub fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        String::from_utf8(bytes).unwrap()
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What keeps an eye on it: it makes the database, starts it, and when its standard input ends, which
/// it does with the process that holds the other end, stops it and leaves nothing behind. A line that it
/// reads starts it once more. With a port it listens on it too, and speaks TLS there, with a certificate for
/// `localhost`.
const KEEPER: &str = r#"
bin=$1 folder=$2 port=$3
trap '' INT
"$bin/initdb" --pgdata="$folder/data" --username=daypass --auth=trust --encoding=UTF8 --no-locale \
    --no-sync >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log"; exit 1; }
certify() {
    openssl req -x509 -config "$folder/openssl.cnf" -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -days 2 "$@" >>"$folder/openssl.log" 2>&1 || { cat "$folder/openssl.log"; exit 1; }
}
if [ -n "$port" ]; then
    printf '[req]\ndistinguished_name=name\n[name]\n' >"$folder/openssl.cnf"
    for authority in ours theirs; do
        certify -subj "/CN=$authority" -addext basicConstraints=critical,CA:TRUE \
            -keyout "$folder/$authority.key" -out "$folder/$authority.pem"
    done
    certify -subj /CN=localhost -addext subjectAltName=DNS:localhost -CA "$folder/ours.pem" \
        -CAkey "$folder/ours.key" -keyout "$folder/server.key" -out "$folder/server.pem"
    set -- -c listen_addresses=localhost -c "port=$port" -c ssl=on \
        -c "ssl_cert_file=$folder/server.pem" -c "ssl_key_file=$folder/server.key"
else
    port=5432
    set -- -c listen_addresses=
fi
start() {
    "$bin/postgres" -D "$folder/data" -k "$folder" "$@" -c max_connections=200 \
        -c shared_buffers=32MB -c fsync=off -c full_page_writes=off -c timezone=UTC \
        >>"$folder/postgres.log" 2>&1 </dev/null &
    server=$!
    while ! "$bin/psql" -h "$folder" -p "$port" -U daypass -d postgres -c '' >/dev/null 2>&1; do
        kill -0 "$server" 2>/dev/null || { cat "$folder/postgres.log"; exit 1; }
        sleep 0.05
    done
    echo ready
}
start "$@"
while read -r _; do
    wait "$server"
    start "$@"
done
exec 2>/dev/null
kill -KILL $(cat /proc/"$server"/task/"$server"/children 2>/dev/null) "$server"
wait "$server"
rm -rf "$folder"
"#;

/// A PostgreSQL server.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    keeper: Mutex<(Child, BufReader<std::process::ChildStdout>)>,
    databases: AtomicU32,
    port: u16,
}

/// An empty database of a server that the tests of this process share, and that is not broken by any.
pub async fn database() -> String {
    static SHARED: tokio::sync::OnceCell<Postgres> = tokio::sync::OnceCell::const_new();
    SHARED.get_or_init(Postgres::start).await.database().await
}

impl Postgres {
    /// Starts one that may be broken.
    pub async fn start() -> Self {
        Self::start_at(None).await
    }

    /// Starts one that can be reached over TCP, too, with TLS. Needs the program `openssl`.
    pub async fn start_with_tls() -> Self {
        // A port that is free, and that nobody else is given soon.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        Self::start_at(Some(port)).await
    }

    async fn start_at(port: Option<u16>) -> Self {
        let server = tokio::task::spawn_blocking(move || Self::start_now(port)).await.unwrap();
        // Our tables once, for all databases that are made after it.
        let template = server.url("template");
        server.run("postgres", "CREATE DATABASE template").await;
        PostgresStore::open(&template).await.unwrap().close().await;
        server
    }

    fn start_now(port: Option<u16>) -> Self {
        let folder = tempfile_folder();
        let mut command = Command::new("sh");
        if is_root() {
            // It refuses to run as root.
            let chown = Command::new("chown").arg("postgres").arg(&folder).status().unwrap();
            assert!(chown.success(), "there is no user postgres: install PostgreSQL");
            command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
        }
        let mut keeper = command
            .args(["-c", KEEPER, "keeper"])
            .args([&programs(), &folder])
            .args(port.map(|port| port.to_string()))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(keeper.stdout.take().unwrap());
        let server = Self {
            folder,
            keeper: Mutex::new((keeper, said)),
            databases: AtomicU32::new(0),
            port: port.unwrap_or(5432),
        };
        server.await_ready();
        server
    }

    fn keeper(&self) -> MutexGuard<'_, (Child, BufReader<std::process::ChildStdout>)> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn await_ready(&self) {
        let mut said = String::new();
        loop {
            let before = said.len();
            let read = self.keeper().1.read_line(&mut said).unwrap();
            match &said[before..] {
                "ready\n" => return,
                _ if read == 0 => panic!("PostgreSQL did not start: {said}"),
                _ => {}
            }
        }
    }

    /// The address of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let (port, folder) = (self.port, self.folder.display());
        format!("postgres://daypass@localhost:{port}/{database}?host={folder}&sslmode=disable")
    }

    /// The address of a database over TLS, at a name of this machine's, if the server is one that this authority
    /// certifies: `ours` is the one that does, `theirs` another.
    #[must_use]
    pub fn tls_url(&self, name: &str, database: &str, authority: &str) -> String {
        let (port, folder) = (self.port, self.folder.display());
        format!("postgres://daypass@{name}:{port}/{database}?sslmode=verify-full&sslrootcert={folder}/{authority}.pem")
    }

    /// A new database with our tables and nothing in them.
    pub async fn database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::SeqCst));
        self.run("postgres", &format!("CREATE DATABASE {name} TEMPLATE template")).await;
        self.url(&name)
    }

    /// A new database with nothing in it at all.
    pub async fn bare_database(&self) -> String {
        let name = format!("bare{}", self.databases.fetch_add(1, Ordering::SeqCst));
        self.run("postgres", &format!("CREATE DATABASE {name}")).await;
        self.url(&name)
    }

    /// Runs statements as the user who made the server.
    pub async fn run(&self, database: &str, statement: &str) {
        self.run_as("daypass", database, statement).await;
    }

    /// Runs statements as another user.
    pub async fn run_as(&self, user: &str, database: &str, statement: &str) {
        let options: PgConnectOptions = self.url(database).parse().unwrap();
        let options = options.username(user);
        let mut connection: PgConnection = options.connect().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Ends all connections that nodes have to it. New ones can be made.
    pub async fn end_connections(&self) {
        let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'daypass'";
        self.run("postgres", all).await;
    }

    /// Ends all its processes as a loss of power would.
    pub fn kill(&self) {
        self.signal("KILL");
    }

    /// Starts it again.
    pub fn start_again(&self) {
        use std::io::Write;
        self.keeper().0.stdin.as_mut().unwrap().write_all(b"start\n").unwrap();
        self.await_ready();
    }

    /// Holds all its processes: connections stay open, and nothing answers.
    pub fn hold(&self) {
        self.signal("STOP");
    }

    /// Lets them go on.
    pub fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let postmaster = file.lines().next().unwrap();
        // First of all the one that would start others.
        let mut processes = vec![postmaster.to_owned()];
        for _ in 0..2 {
            let told = Command::new("kill").arg(format!("-{signal}")).args(&processes).stderr(Stdio::null()).status();
            let told = told.unwrap();
            processes.extend(children_of(postmaster));
            // Some are gone by themselves meanwhile.
            assert!(told.success() || processes.len() > 1);
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let keeper = &mut self.keeper().0;
        drop(keeper.stdin.take());
        let _gone = keeper.wait();
    }
}

/// The name of the database at an address of a server's.
///
/// # Panics
/// When it is no such address.
#[must_use]
pub fn name_of(url: &str) -> &str {
    url.split(['/', '?']).nth(3).unwrap()
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// Short, because a socket's path must be.
fn tempfile_folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::SeqCst);
    let folder = std::env::temp_dir().join(format!("daypass-pg-{}-{number}", std::process::id()));
    // What an earlier process of the same number left behind.
    let _none = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    folder
}

/// Where the newest PostgreSQL's programs are.
fn programs() -> PathBuf {
    let told = Command::new("pg_config").arg("--bindir").output().ok().filter(|output| output.status.success());
    let told = told.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let version = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let mut installed: Vec<_> =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|it| it.path()).collect();
    installed.sort_by_key(|path| version(path));
    let all = installed.iter().rev().map(|path| path.join("bin")).chain(told);
    all.into_iter()
        .find(|bin| bin.join("initdb").exists())
        .unwrap_or_else(|| panic!("PostgreSQL is not installed: run script/bootstrap"))
}

fn children_of(parent: &str) -> Vec<String> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    children.split_whitespace().map(str::to_owned).collect()
}

/// Waits until something holds: for what another process does in its own time.
pub async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    for _ in 0..600 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("in a minute it did not come to pass: {what}");
}
