//! What was measured, and on what: versions and the machine, without its name.

use crate::Outcome;
use std::{fs, path::Path, process::Command};

/// Pairs for a table.
pub(crate) fn facts(root: &Path, postgres: &str) -> Outcome<Vec<(String, String)>> {
    let cpu = fs::read_to_string("/proc/cpuinfo")?;
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("?", |(_, it)| it);
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let memory = fs::read_to_string("/proc/meminfo")?;
    let memory =
        memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse().ok());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let ours = fs::read_to_string(root.join("Cargo.lock"))?;
    let peers = fs::read_to_string(root.join("bench/peers/Cargo.lock"))?;
    let commit = said(Command::new("git").args(["rev-parse", "--short=10", "HEAD"]).current_dir(root));
    let day = said(Command::new("date").args(["--utc", "+%F"]));
    let rust = said(Command::new("rustc").arg("--version").current_dir(root));
    let rust = rust.split_whitespace().nth(1).unwrap_or("?");
    let named = |lock: &str, names: &[&str]| {
        names.iter().map(|name| format!("{name} {}", version(lock, name))).collect::<Vec<_>>().join(", ")
    };
    let fact = |name: &str, value: String| (name.to_owned(), value);
    Ok(vec![
        fact("Measured", format!("{day}, Daypass {} at commit {commit}", version(&ours, "daypass-auth"))),
        fact("Processor", format!("{model}, {cores} cores")),
        fact("Memory", format!("{} GiB", memory.unwrap_or(0_u64).div_ceil(1024 * 1024))),
        fact("Kernel", format!("Linux {}", kernel.trim().split('-').next().unwrap_or_default())),
        fact("Large pages", large_pages()),
        fact("Compiler", format!("Rust {rust}, release builds")),
        fact(
            "Databases",
            format!("PostgreSQL {postgres}, SQLite by libsqlite3-sys {}", version(&ours, "libsqlite3-sys")),
        ),
        fact("Daypass and bare axum", named(&ours, &["axum", "hyper", "tokio", "sqlx", "tower-cookies", "leptos"])),
        fact(
            "The others",
            named(
                &peers,
                &[
                    "tower-sessions",
                    "axum-login",
                    "tower-sessions-sqlx-store",
                    "session-guard",
                    "axum",
                    "hyper",
                    "tokio",
                    "sqlx",
                    "libsqlite3-sys",
                ],
            ),
        ),
    ])
}

/// To whom the system gives them: the word in brackets.
fn large_pages() -> String {
    let modes = fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").unwrap_or_default();
    let mode = modes.split(['[', ']']).nth(1).unwrap_or("never");
    if mode == "madvise" { "to whoever asks, which Daypass does and argon2id alone does not" } else { mode }.to_owned()
}

fn said(command: &mut Command) -> String {
    let output = command.output().ok().filter(|output| output.status.success());
    output.map_or_else(|| "?".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The version of a crate in a lock file, or the versions.
fn version(lock: &str, name: &str) -> String {
    let (mut lines, mut found) = (lock.lines(), Vec::new());
    while let Some(line) = lines.next() {
        if line == format!("name = \"{name}\"") {
            found.extend(lines.next().map(|line| line.trim_start_matches("version = ").trim_matches('"')));
        }
    }
    if found.is_empty() { "?".to_owned() } else { found.join(" and ") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn versions_are_those_of_the_lock_file() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.2.3\"\n\n[[package]]\nname = \"a\"\nversion = \"2.0.0\"\n";
        assert_eq!(super::version(lock, "a"), "1.2.3 and 2.0.0");
        assert_eq!(super::version(lock, "b"), "?");
    }
}
