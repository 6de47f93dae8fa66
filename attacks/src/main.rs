//! `daypass-attacks`: attacks a server that is yours, and says what held.

#![forbid(unsafe_code)]

use clap::Parser;
use daypass_attacks::{ATTACKS, Attack, Credentials, ELSEWHERE, Report, Target, Verdict, run};
use std::{error::Error, fs, path::PathBuf, process::ExitCode};

/// Attacks a server that is yours, and says what held. It ends with 1 if anything did not.
///
/// It signs in to an account or two that you name, changes nothing that lasts, and makes failed tries:
/// for some minutes this machine, and browsers that the accounts do not know, have to wait.
#[derive(Parser)]
#[command(name = "daypass-attacks", version)]
struct Cli {
    /// Where the server listens, such as http://127.0.0.1:3000. Plain http, and this machine.
    #[arg(required_unless_present = "list")]
    address: Option<String>,
    /// An account that may be signed in to.
    #[arg(long, value_name = "NAME", requires = "password_file", required_unless_present = "list")]
    account: Option<String>,
    /// A file whose first line is its password.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Another account, so that what one does to the other is tried.
    #[arg(long, value_name = "NAME", requires = "other_password_file")]
    other: Option<String>,
    /// A file whose first line is the other one's password.
    #[arg(long, value_name = "FILE")]
    other_password_file: Option<PathBuf>,
    /// The public origin, if it is not the address: what stands in DAYPASS_PUBLIC_ORIGIN.
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// Where something is that is not where Daypass has it: `page=/reports`. May come several times.
    #[arg(long = "path", value_name = "WHAT=PATH")]
    paths: Vec<String>,
    /// Only these attacks.
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    only: Vec<String>,
    /// Measures times too, which takes a machine that does nothing else.
    #[arg(long)]
    timing: bool,
    /// The server is another machine, and mine to attack.
    #[arg(long)]
    this_server_is_mine: bool,
    /// Lists the attacks, and those that cannot be made over a socket.
    #[arg(long)]
    list: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.list {
        list();
        return ExitCode::SUCCESS;
    }
    match attack(cli).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("daypass-attacks: {error}");
            ExitCode::from(2)
        }
    }
}

async fn attack(cli: Cli) -> Result<ExitCode, Box<dyn Error>> {
    let (Some(address), Some(account)) = (&cli.address, credentials(cli.account, cli.password_file)?) else {
        return Err("an address and an account are needed".into());
    };
    let mut target = Target::new(address, account, cli.this_server_is_mine)?;
    target.other = credentials(cli.other, cli.other_password_file)?;
    target.timing = cli.timing;
    target.origin = cli.origin.unwrap_or(target.origin);
    for path in &cli.paths {
        let (name, path) = path.split_once('=').ok_or_else(|| format!("{path:?} is not WHAT=PATH"))?;
        target.paths.set(name, path)?;
    }
    if let Some(unknown) = cli.only.iter().find(|id| !ATTACKS.iter().any(|attack| attack.id == **id)) {
        return Err(format!("there is no attack {unknown}: --list shows all").into());
    }
    let chosen = |attack: &Attack| cli.only.is_empty() || cli.only.iter().any(|id| id == attack.id);
    let reports = run(target, chosen, show).await?;
    Ok(summary(&reports))
}

fn credentials(name: Option<String>, file: Option<PathBuf>) -> Result<Option<Credentials>, Box<dyn Error>> {
    let (Some(name), Some(file)) = (name, file) else { return Ok(None) };
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let password = text.lines().next().unwrap_or_default().to_owned();
    Ok(Some(Credentials { name, password }))
}

#[expect(clippy::print_stdout, reason = "this is the command's output")]
fn show(report: &Report) {
    let (word, more) = match &report.verdict {
        Verdict::Held { requests } => ("held", format!("{requests} requests")),
        Verdict::Broken(_) => ("BROKEN", String::new()),
        Verdict::NotApplicable(why) => ("not made", why.clone()),
    };
    println!("{word:<9}{:<10}{}", report.id, report.title);
    if let Verdict::Broken(finding) = &report.verdict {
        println!("{:19}{}", "", finding.wrong);
        for (what, text) in [("sent", &finding.sent), ("came", &finding.came)] {
            for (n, line) in text.lines().enumerate() {
                println!("{:19}{:<6}{line}", "", if n == 0 { what } else { "" });
            }
        }
    } else {
        println!("{:19}{more}", "");
    }
}

#[expect(clippy::print_stdout, reason = "this is the command's output")]
fn summary(reports: &[Report]) -> ExitCode {
    let count = |is: fn(&Verdict) -> bool| reports.iter().filter(|report| is(&report.verdict)).count();
    let held = count(|verdict| matches!(verdict, Verdict::Held { .. }));
    let broken = count(|verdict| matches!(verdict, Verdict::Broken(_)));
    println!("\n{held} held, {broken} broken, {} not made", reports.len() - held - broken);
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::print_stdout, reason = "this is the command's output")]
fn list() {
    for attack in &ATTACKS {
        println!("{:<10}{}", attack.id, attack.title);
    }
    println!("\nNot over a socket alone; Daypass's own tests make them:");
    for attack in &ELSEWHERE {
        println!("{:<10}it takes {} ({})", attack.id, attack.takes, attack.place);
    }
}
