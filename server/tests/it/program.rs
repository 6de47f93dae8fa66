//! The real binary, in a folder of its own.

use reqwest::Client;
use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread::JoinHandle,
};
use tempfile::TempDir;

/// A folder in which `daypass` is run.
pub(crate) struct Folder {
    folder: TempDir,
    env: Vec<(&'static str, String)>,
    longest_file: Option<u64>,
    obeys_permissions: bool,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), env: Vec::new(), longest_file: None, obeys_permissions: false }
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.env.retain(|(known, _)| *known != name);
        self
    }

    /// No file can grow beyond so many bytes: writing more is an error, as on a disk that is full.
    #[cfg(unix)]
    pub(crate) fn with_files_of_at_most(mut self, bytes: u64) -> Self {
        self.longest_file = Some(bytes).filter(|bytes| *bytes < u64::MAX);
        self
    }

    /// What may not be written is not, also by root.
    #[cfg(unix)]
    pub(crate) fn obeying_permissions(mut self) -> Self {
        use std::os::unix::fs::MetadataExt;
        self.obeys_permissions = std::fs::metadata(self.path()).unwrap().uid() == 0;
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_daypass");
        let mut command = Command::new(program);
        if let Some(bytes) = self.longest_file {
            // The shell counts in blocks of 512. Without the trap the signal would end the process.
            command = Command::new("/bin/sh");
            let blocks = (bytes / 512).to_string();
            command.args(["-c", r#"trap "" XFSZ; ulimit -f "$0"; exec "$@""#, &blocks, program]);
        }
        if self.obeys_permissions {
            command = Command::new("setpriv");
            command.args(["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", program]);
        }
        command
            .current_dir(self.path())
            .env_clear()
            .env("DAYPASS_LISTEN", "127.0.0.1:0")
            .envs(self.env.iter().cloned());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.run_with(args, "")
    }

    /// Runs a command with something on standard input.
    pub(crate) fn run_with(&self, args: &[&str], input: &str) -> Output {
        let mut child = self
            .command()
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Starts a command that is not waited for.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        self.command().args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Runs a command that must go well, and gives back what it printed.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Runs a command that must fail, and gives back its one line.
    pub(crate) fn refused(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(!output.status.success(), "{args:?} went well: {}", text(&output.stdout));
        let errors: Vec<_> =
            text(&output.stderr).lines().filter(|line| line.starts_with("daypass: ")).map(str::to_owned).collect();
        assert_eq!(errors.len(), 1, "{args:?}: {}", text(&output.stderr));
        errors[0].clone()
    }

    pub(crate) fn add_account(&self, name: &str, password: &str) {
        let output = self.run_with(&["users", "add", name, "--password-stdin"], &format!("{password}\n"));
        assert!(output.status.success(), "{}", text(&output.stderr));
    }

    /// Starts the server, and waits until it says that it is ready.
    pub(crate) fn serve(&self) -> Program {
        let mut child = self
            .command()
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let Some(Ok(first)) = lines.next() else {
            let mut why = String::new();
            child.stderr.take().unwrap().read_to_string(&mut why).unwrap();
            panic!("the server did not start: {why}");
        };
        let url = first.strip_prefix("Daypass is ready: ").unwrap().to_owned();
        // Read on, or the server would block on a full pipe.
        let mut stderr = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut log = Vec::new();
            stderr.read_to_end(&mut log).unwrap();
            text(&log)
        });
        std::thread::spawn(move || lines.for_each(drop));
        let client = crate::host::client(&url);
        Program { child, url, client, log }
    }
}

/// A running server.
pub(crate) struct Program {
    child: Child,
    pub(crate) url: String,
    pub(crate) client: Client,
    log: JoinHandle<String>,
}

impl Program {
    /// The cookie of a new session.
    pub(crate) async fn sign_in(&self, name: &str, password: &str) -> reqwest::Result<Option<String>> {
        self.sign_in_from(&mut String::new(), name, password).await
    }

    /// The cookie of a new session, in a browser that is known from then on by what it is given.
    pub(crate) async fn sign_in_from(
        &self,
        device: &mut String,
        name: &str,
        password: &str,
    ) -> reqwest::Result<Option<String>> {
        let body = crate::host::credentials(name, password);
        let request = self
            .client
            .post(format!("{}/api/sign_in", self.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", device.clone());
        let answer = request.body(body).send().await?;
        let known = crate::host::set_cookies(&answer).into_iter().find(|cookie| cookie.contains("daypass-device="));
        if let Some(known) = known.as_deref().and_then(|cookie| cookie.split(';').next()) {
            known.clone_into(device);
        }
        Ok(crate::host::session_cookie(&answer))
    }

    /// Whether a sign-out was acknowledged.
    pub(crate) async fn sign_out(&self, cookie: &str) -> reqwest::Result<bool> {
        let answer = self.client.post(format!("{}/api/sign_out", self.url)).header("cookie", cookie).send().await?;
        Ok(answer.status().is_success())
    }

    /// Status and reason of `/api/me`.
    pub(crate) async fn me(&self, cookie: &str) -> (u16, String) {
        let answer = self.client.get(format!("{}/api/me", self.url)).header("cookie", cookie).send().await.unwrap();
        let (status, body) = crate::host::status_and_json(answer).await;
        (status, body["reason"].as_str().unwrap_or_default().to_owned())
    }

    /// Of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a loss of power would.
    pub(crate) fn kill(&self) {
        let told = Command::new("kill").args(["-KILL", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
    }

    /// Asks it to stop, and says whether it did so in order.
    #[cfg(unix)]
    pub(crate) fn terminate(self) -> bool {
        self.log().is_some()
    }

    /// The same, and what it has written to standard error if it did.
    #[cfg(unix)]
    pub(crate) fn log(mut self) -> Option<String> {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        let in_order = self.child.wait().unwrap().success();
        let log = std::mem::replace(&mut self.log, std::thread::spawn(String::new)).join().unwrap();
        in_order.then_some(log)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

/// Writes a file that nobody else can read.
pub(crate) fn secret(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
