//! Makes the mutants one after the other, in a copy of the project that it is given.
//!
//! `script/mutants` makes the copy, and starts it in the project's root: the record of it is there.

#![forbid(unsafe_code)]

use clap::Parser;
use daypass_mutants::{MUTANTS, Mutant, RECORD, Record, SUITES, Suite, Tests};
use std::{
    error::Error,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, ExitStatus, Stdio},
    thread::sleep,
    time::{Duration, Instant},
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
    /// Only defences of which it is not known which test notices.
    #[arg(long)]
    new: bool,
}

enum Fate {
    /// By a test, of a suite, unless it was ended because it hung.
    Killed {
        test: Option<String>,
        suite: Suite,
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
    let mut record = match fs::read_to_string(RECORD) {
        Ok(text) => Record::read(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Record::default(),
        Err(error) => return Err(error.into()),
    };
    // Where tests fail anyhow, a failure shows nothing. A run that goes on has seen that.
    let all: Vec<_> = SUITES.iter().map(|suite| Tests::all(*suite)).collect();
    if cli.from == 1
        && let Fate::Killed { said, .. } | Fate::DoesNotCompile(said) = fate(&copy, &all)?
    {
        return Err(format!("tests fail as they are:\n{}", end_of(&said)).into());
    }
    let wanted = |mutant: &Mutant| {
        let says = |text: &String| mutant.defence.contains(text) || mutant.place.contains(text);
        cli.only.as_ref().is_none_or(says) && !(cli.new && record.of(mutant).is_some())
    };
    let mutants = (1..).zip(MUTANTS).filter(|(number, mutant)| *number >= cli.from && wanted(mutant));
    let mutants: Vec<(usize, _)> = mutants.collect();
    let (mut killed, mut others) = (0, Vec::new());
    for (number, mutant) in mutants {
        let begin = Instant::now();
        let (path, content) = mutant.find(&copy).map_err(|why| format!("{}: {why}", mutant.defence))?;
        fs::write(&path, content.replace(mutant.text, mutant.without))?;
        let fate = fate(&copy, &mutant.tests(record.of(mutant)));
        fs::write(&path, content)?;
        let words = match fate? {
            Fate::Killed { test, suite, .. } => {
                killed += 1;
                record.set(mutant, test.as_deref().map(|test| (test, suite.name)));
                format!("killed by {}", test.as_deref().unwrap_or("no answer in time"))
            }
            Fate::Survived => {
                record.set(mutant, None);
                others.push(mutant.defence);
                "SURVIVED".to_owned()
            }
            Fate::DoesNotCompile(why) => {
                others.push(mutant.defence);
                format!("DOES NOT COMPILE\n{}", end_of(&why))
            }
        };
        // At once: a run may be stopped.
        fs::write(RECORD, record.written())?;
        println!("{:>3} of {}  {}: {words} ({} s)", number, MUTANTS.len(), mutant.defence, begin.elapsed().as_secs());
    }
    println!("\n{killed} killed, {} not", others.len());
    others.iter().for_each(|defence| println!("  {defence}"));
    Ok(if others.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What becomes of the copy as it is now.
fn fate(copy: &Path, tests: &[Tests]) -> Result<Fate, Box<dyn Error>> {
    for Tests { suite, which } in tests {
        let (built, said) = cargo(copy, suite, &["--no-run"])?;
        if !built {
            return Ok(Fate::DoesNotCompile(said));
        }
        let which: Vec<_> = ["--"].into_iter().chain(which.iter().map(String::as_str)).collect();
        let (passed, said) = cargo(copy, suite, &which)?;
        if passed {
            continue;
        }
        // One that was run alone and hung has failed, too.
        let alone = which.iter().skip_while(|argument| **argument != "--exact").nth(1);
        let test = failed(&said).or(alone.copied()).map(str::to_owned);
        // A test that failed because the machine was busy would say that it noticed something.
        let fails_again = match &test {
            Some(test) => !cargo(copy, suite, &["--", "--exact", test])?.0,
            None => true,
        };
        if fails_again {
            return Ok(Fate::Killed { test, suite: *suite, said });
        }
    }
    Ok(Fate::Survived)
}

/// Whether a command of cargo went well, and what it said. It is ended when the first test has failed, or has
/// hung: that is as bad.
fn cargo(copy: &Path, suite: &Suite, arguments: &[&str]) -> Result<(bool, String), Box<dyn Error>> {
    let log = copy.join("mutants.log");
    let file = File::create(&log)?;
    let mut child = Command::new("timeout")
        .args(["--signal=INT", "--kill-after=10", "900", "cargo", "test", "--quiet"])
        .args(suite.arguments)
        .args(arguments)
        .current_dir(copy)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()?;
    let status = await_first_failure(&mut child, &log)?;
    Ok((status.success(), read(&log)?))
}

fn await_first_failure(child: &mut Child, log: &Path) -> Result<ExitStatus, Box<dyn Error>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if failed(&read(log)?).is_some() {
            // As somebody at a terminal would, so that what tests have started ends, too.
            Command::new("kill").args(["-INT", &child.id().to_string()]).status()?;
            return Ok(child.wait()?);
        }
        sleep(Duration::from_millis(100));
    }
}

/// What is there so far, be it in the middle of a character.
fn read(log: &Path) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&fs::read(log)?).into_owned())
}

/// The first test that failed. Without one, all of them were ended, because one hung.
fn failed(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.strip_suffix(" --- FAILED"))
}

fn end_of(said: &str) -> String {
    let lines: Vec<_> = said.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
