//! A PostgreSQL for one run: as it comes, in a folder of its own, on a socket there.

use crate::{Outcome, cpu, process::SERVER_CORE};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// Makes the database, starts it, and stops it when its standard input ends, as it does with this process.
/// What is lost with the power is as by default: nothing.
const KEEPER: &str = r#"
bin=$1 folder=$2
trap '' INT
"$bin/initdb" --pgdata="$folder/data" --username=daypass --auth=trust --encoding=UTF8 --no-locale >"$folder/log" 2>&1 ||
    { cat "$folder/log"; exit 1; }
"$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c max_connections=300 -c timezone=UTC \
    -c shared_buffers=256MB -c max_wal_size=4GB >>"$folder/log" 2>&1 </dev/null &
server=$!
while ! "$bin/psql" -h "$folder" -U daypass -d postgres -c '' >/dev/null 2>&1; do
    kill -0 "$server" 2>/dev/null || { cat "$folder/log"; exit 1; }
    sleep 0.05
done
echo "ready $server"
cat >/dev/null
kill -INT "$server"
wait "$server"
"#;

/// A PostgreSQL server.
pub(crate) struct Postgres {
    keeper: Child,
    postmaster: u32,
    folder: TempDir,
    pub(crate) version: String,
}

impl Postgres {
    pub(crate) fn start() -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("daypass-bench-pg-").tempdir()?;
        let bin = programs().ok_or("PostgreSQL is not installed: run script/bootstrap")?;
        let mut command = Command::new("taskset");
        command.args(["-c", &SERVER_CORE.to_string()]);
        if nix::unistd::Uid::effective().is_root() {
            // It refuses to run as root.
            let chown = Command::new("chown").arg("postgres").arg(folder.path()).status()?;
            if !chown.success() {
                return Err("there is no user postgres: run script/bootstrap".into());
            }
            command.args(["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        }
        command.args(["sh", "-c", KEEPER, "keeper"]).args([bin.as_path(), folder.path()]).current_dir("/");
        let mut keeper = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut said = BufReader::new(keeper.stdout.take().ok_or("no standard output")?);
        let mut line = String::new();
        said.read_line(&mut line)?;
        let postmaster = line.trim().strip_prefix("ready ").and_then(|number| number.parse().ok());
        let postmaster = postmaster.ok_or_else(|| format!("PostgreSQL did not start: {line}"))?;
        let version = Command::new(bin.join("postgres")).arg("--version").output()?.stdout;
        let version = String::from_utf8_lossy(&version).split_whitespace().nth(2).unwrap_or("?").to_owned();
        Ok(Self { keeper, postmaster, folder, version })
    }

    /// The address of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://daypass@localhost/{database}?host={}&sslmode=disable", self.folder.path().display())
    }

    /// Makes a database, as a copy of another one if there is one.
    pub(crate) async fn create(&self, database: &str, of: Option<&str>) -> Outcome<String> {
        let of = of.map(|of| format!(" TEMPLATE {of}")).unwrap_or_default();
        self.run("postgres", &format!("CREATE DATABASE {database}{of}")).await?;
        Ok(self.url(database))
    }

    /// Runs statements.
    pub(crate) async fn run(&self, database: &str, statements: &str) -> Outcome<()> {
        let mut connection = self.connect(database).await?;
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }

    pub(crate) async fn connect(&self, database: &str) -> Outcome<PgConnection> {
        let options: PgConnectOptions = self.url(database).parse()?;
        Ok(options.options([("search_path", "daypass")]).connect().await?)
    }

    /// The processor time of what serves one database, and of what serves all of them.
    pub(crate) fn cpu(&self, database: &str) -> Outcome<Duration> {
        let mut sum = cpu::of(self.postmaster)? + cpu::of_ended_children(self.postmaster)?;
        for child in cpu::children(self.postmaster) {
            let title = fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
            // `postgres: <user> <database> <where from> <what it does>`, or `postgres: checkpointer`.
            let title = String::from_utf8_lossy(&title).into_owned();
            let mut words = title.split_whitespace().skip(1);
            if words.next() != Some("daypass") || words.next() == Some(database) {
                // It may have ended just now; then it counts among the ended ones from the next time on.
                sum += cpu::of(child).unwrap_or_default();
            }
        }
        Ok(sum)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _gone_already = self.keeper.wait();
    }
}

/// Where the newest PostgreSQL's programs are.
fn programs() -> Option<PathBuf> {
    let told = Command::new("pg_config").arg("--bindir").output().ok().filter(|output| output.status.success());
    let told = told.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let version = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let newest = installed.max_by_key(|path| version(path)).map(|path| path.join("bin"));
    newest.into_iter().chain(told).find(|bin| bin.join("initdb").exists())
}
