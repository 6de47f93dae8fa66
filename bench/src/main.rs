//! `daypass-bench`: measures what Daypass costs, next to the same work done without sessions and done by others.
//! `script/bench` builds what it needs and calls it.

#![forbid(unsafe_code)]

mod ceiling;
mod cpu;
mod fill;
mod load;
mod machine;
mod measure;
mod mint;
mod postgres;
mod process;
mod report;
mod results;
mod serve;
mod stage;
mod stats;

use clap::{Args, Parser, Subcommand};
use measure::Pace;
use stage::{Programs, Sizes, Stage};
use std::{error::Error, path::PathBuf, process::ExitCode, time::Duration};
use tokio::runtime::Builder;

/// Whatever went wrong: the run ends there.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// For whom Daypass seals its cookies.
const ORIGIN: &str = "https://bench.example";
/// Of all accounts.
const PASSWORD: &str = "correct horse battery staple";

/// Measures what Daypass costs, next to others.
#[derive(Parser)]
#[command(name = "daypass-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure all.
    Run(Run),
    /// Be one of the servers that are measured.
    Serve {
        #[command(subcommand)]
        kind: serve::Kind,
    },
    /// Hash passwords, and say how many a second.
    Ceiling {
        /// How many at a time.
        #[arg(long)]
        threads: usize,
        /// For how long.
        #[arg(long)]
        millis: u64,
    },
}

#[derive(Args)]
struct Run {
    /// Where the repository is.
    #[arg(long)]
    root: PathBuf,
    /// The server of others.
    #[arg(long)]
    peers: PathBuf,
    /// The whole host.
    #[arg(long)]
    daypass: PathBuf,
    /// The page's files of the release; without them their size is not measured.
    #[arg(long)]
    site: Option<PathBuf>,
    /// Where the document and the plot are written to.
    #[arg(long)]
    out: PathBuf,
    /// A look whether all of it works: few rounds, few sessions, numbers that say little.
    #[arg(long)]
    quick: bool,
    /// Only these loads.
    #[arg(long, value_delimiter = ',', value_parser = clap::builder::PossibleValuesParser::new(measure::NAMES))]
    only: Vec<String>,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(run) => measure_all(run),
        Command::Serve { kind } => serve::serve(kind),
        Command::Ceiling { threads, millis } => ceiling::hash_for(Duration::from_millis(millis), threads),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_more(&format!("daypass-bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn measure_all(run: Run) -> Outcome<()> {
    let Run { root, peers, daypass, site, out, quick, only } = run;
    let programs = Programs { bench: std::env::current_exe()?, peers, daypass };
    let (pace, sizes) = if quick {
        let sizes = Sizes { minted: 5_000, used: 500, spare: 3_000 };
        (Pace { rounds: 2, time: Duration::from_millis(300), most_sessions: 10_000, revocations: 50 }, sizes)
    } else {
        let sizes = Sizes { minted: 50_000, used: 1_000, spare: 10_000 };
        (Pace { rounds: 20, time: Duration::from_millis(800), most_sessions: 1_000_000, revocations: 1_000 }, sizes)
    };
    if std::thread::available_parallelism()?.get() < 2 {
        return Err("it takes two cores: one for the servers, one for the load".into());
    }
    say_more("making sessions");
    let stage = Builder::new_multi_thread().enable_all().build()?.block_on(Stage::set_up(programs, sizes))?;
    pin_to(process::LOAD_CORE)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let results = runtime.block_on(measure::measure(&stage, &pace, &only, site.as_deref()))?;
    let facts = machine::facts(&root, &stage.postgres.version)?;
    #[expect(clippy::cast_precision_loss, reason = "a hundred thousand")]
    let run = report::Run {
        rounds: format!(
            "{} rounds of {} ms (a half or a quarter as many in other tables than the first)",
            pace.rounds,
            pace.time.as_millis()
        ),
        sessions: report::thousands(sizes.minted as f64),
    };
    report::write(&out, &results, &facts, &run)?;
    for bar in &results.bars {
        say_more(&format!(
            "{:8} {:.3} {} {}",
            if bar.is_met() { "met" } else { "NOT MET" },
            bar.measured.median,
            bar.unit,
            bar.what
        ));
    }
    Ok(())
}

/// This thread, and those that it starts from now on, run on one core.
fn pin_to(core: usize) -> Outcome<()> {
    let mut cores = nix::sched::CpuSet::new();
    cores.set(core)?;
    nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &cores)?;
    Ok(())
}

/// A result, for whoever called.
#[expect(clippy::print_stdout, reason = "this is the command's output")]
fn say(text: &str) {
    println!("{text}");
}

/// What is going on, for a person who waits.
#[expect(clippy::print_stderr, reason = "this is for the person who waits")]
fn say_more(text: &str) {
    eprintln!("{text}");
}
