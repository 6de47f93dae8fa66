//! Makes the mutants one after the other, in a copy of the project that it is given.
//!
//! `script/mutants` makes the copy.

use clap::Parser;
use daypass_mutants::{MUTANTS, Mutant, TESTS};
use std::{
    error::Error,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

/// Takes each defence out of a copy of the project, and shows that a test fails. It ends with 1 if one
/// survives: if all tests are fine without it.
#[derive(Parser)]
#[command(name = "daypass-mutants")]
struct Cli {
    /// A copy of the project, in which files are changed.
    copy: PathBuf,
    /// Only defences in whose words or place this stands.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// From the Nth defence on, to go on where a run was stopped.
    #[arg(long, value_name = "N", default_value_t = 1)]
    from: usize,
}

enum Fate {
    Killed {
        said: String,
    },
    Survived,
    /// It says nothing of the tests.
    DoesNotCompile(String),
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("daypass-mutants: {error}");
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is the command's output")]
fn run(cli: &Cli) -> Result<ExitCode, Box<dyn Error>> {
    let copy = fs::canonicalize(&cli.copy)?;
    // Where tests fail anyhow, a failure shows nothing.
    if let Fate::Killed { said, .. } | Fate::DoesNotCompile(said) = fate(&copy, TESTS)? {
        return Err(format!("tests fail as they are:\n{}", end_of(&said)).into());
    }
    let wanted = |mutant: &Mutant| {
        cli.only.as_ref().is_none_or(|text| mutant.defence.contains(text) || mutant.place.contains(text))
    };
    let (mut killed, mut others) = (0, Vec::new());
    for (number, mutant) in
        MUTANTS.iter().enumerate().skip(cli.from.saturating_sub(1)).filter(|(_, mutant)| wanted(mutant))
    {
        let begin = Instant::now();
        let (path, content) = mutant.find(&copy).map_err(|why| format!("{}: {why}", mutant.defence))?;
        fs::write(&path, content.replace(mutant.text, mutant.without))?;
        let fate = fate(&copy, mutant.tests());
        fs::write(&path, content)?;
        let words = match fate? {
            Fate::Killed { said } => {
                let test = failed(&said).unwrap_or("no answer in time");
                killed += 1;
                format!("killed by {test}")
            }
            Fate::Survived => {
                others.push(mutant.defence);
                "SURVIVED".to_owned()
            }
            Fate::DoesNotCompile(why) => {
                others.push(mutant.defence);
                format!("DOES NOT COMPILE\n{}", end_of(&why))
            }
        };
        println!(
            "{:>3} of {}  {}: {words} ({} s)",
            number + 1,
            MUTANTS.len(),
            mutant.defence,
            begin.elapsed().as_secs()
        );
    }
    println!("\n{killed} killed, {} not", others.len());
    others.iter().for_each(|defence| println!("  {defence}"));
    Ok(if others.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What becomes of the copy as it is now.
fn fate(copy: &Path, tests: &[&[&str]]) -> Result<Fate, Box<dyn Error>> {
    for arguments in tests {
        let which = arguments.split(|argument| *argument == "--").next().unwrap_or_default();
        let (built, said) = cargo(copy, &[&["test", "--quiet", "--no-run"], which])?;
        if !built {
            return Ok(Fate::DoesNotCompile(said));
        }
        let (passed, said) = cargo(copy, &[&["test", "--quiet"], arguments])?;
        if passed {
            continue;
        }
        // A test that failed because the machine was busy would say that it noticed something.
        let fails_again = match failed(&said) {
            Some(test) => !cargo(copy, &[&["test", "--quiet"], which, &["--", "--exact", test]])?.0,
            None => true,
        };
        if fails_again {
            return Ok(Fate::Killed { said });
        }
    }
    Ok(Fate::Survived)
}

/// Whether a command of cargo went well, and what it said. A test that hangs is ended, and has failed.
fn cargo(copy: &Path, arguments: &[&[&str]]) -> Result<(bool, String), Box<dyn Error>> {
    let log = copy.join("mutants.log");
    let file = File::create(&log)?;
    let status = Command::new("timeout")
        .args(["--kill-after=10", "900", "cargo"])
        .args(arguments.concat())
        .current_dir(copy)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()?;
    let said = fs::read_to_string(&log)?;
    Ok((status.success(), said))
}

/// The first test that failed. Without one, all of them were ended, because one hung.
fn failed(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.strip_suffix(" --- FAILED"))
}

fn end_of(said: &str) -> String {
    let lines: Vec<_> = said.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
