use super::{Outcome, account, chosen, import, let_servers_hear, moment, open, table};
use crate::config::{Options, PasswordArgs, UsersCommand};
use daypass_auth::{
    AccountName, AccountState,
    clock::{Clock, SystemClock},
    password::{Hasher, Password},
    store::Store,
};
use std::{error::Error, io::BufRead, process::ExitCode};
use zeroize::Zeroizing;

pub(super) async fn run(options: &Options, command: UsersCommand) -> Outcome {
    match command {
        UsersCommand::Add(args) => {
            let name = AccountName::parse(&args.name)?;
            let password = ask(options, &name, &args)?;
            let store = open(options).await?;
            let hash = options.pepper().add_to(Hasher::default())?.hash(password).await?;
            store.create_account(&name, &hash, false, SystemClock.now()).await?;
            println!("Added {name}.");
        }
        UsersCommand::Import(args) => return import::run(options, &args).await,
        UsersCommand::List { json } => list(&*open(options).await?, json).await?,
        UsersCommand::Passwd(args) => {
            let store = open(options).await?;
            let account = account(&*store, &args.name).await?;
            let hash = options.pepper().add_to(Hasher::default())?.hash(ask(options, &account.name, &args)?).await?;
            store.set_password(account.id, &hash, SystemClock.now()).await?;
            let_servers_hear().await;
            println!("{} has a new password; all its sessions ended.", account.name);
        }
        UsersCommand::Disable { name } => {
            set_state(options, &name, AccountState::Disabled, "is disabled; all its sessions ended").await?;
        }
        UsersCommand::Enable { name } => set_state(options, &name, AccountState::Active, "can sign in").await?,
        UsersCommand::Delete { name } => {
            let store = open(options).await?;
            let account = account(&*store, &name).await?;
            store.delete_account(account.id).await?;
            let_servers_hear().await;
            println!("Deleted {} and its sessions.", account.name);
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn set_state(
    options: &Options,
    name: &str,
    state: AccountState,
    said: &str,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let store = open(options).await?;
    let account = account(&*store, name).await?;
    store.set_state(account.id, state, SystemClock.now()).await?;
    let_servers_hear().await;
    println!("{} {said}.", account.name);
    Ok(())
}

async fn list(store: &dyn Store, json: bool) -> Result<(), Box<dyn Error + Send + Sync>> {
    let accounts = store.accounts().await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&accounts)?);
        return Ok(());
    }
    let rows: Vec<_> = accounts
        .iter()
        .map(|account| {
            let kind = if account.demo { "demo" } else { "" };
            [account.name.to_string(), account.state.as_str().to_owned(), moment(account.created_at), kind.to_owned()]
        })
        .collect();
    print!("{}", table(["NAME", "STATE", "CREATED", "KIND"], &rows));
    Ok(())
}

/// A new password: the first line of standard input, or typed twice without being shown.
fn ask(options: &Options, name: &AccountName, args: &PasswordArgs) -> Result<Password, Box<dyn Error + Send + Sync>> {
    if args.password_stdin {
        let mut line = Zeroizing::new(String::new());
        std::io::stdin().lock().read_line(&mut line)?;
        let text = line.strip_suffix('\n').map_or(line.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
        return Ok(chosen(options, name, text)?);
    }
    let first = Zeroizing::new(rpassword::prompt_password("New password: ")?);
    let password = chosen(options, name, &first)?;
    let second = Zeroizing::new(rpassword::prompt_password("Again: ")?);
    if *first != *second {
        return Err("the two are not the same; nothing was changed".into());
    }
    Ok(password)
}
