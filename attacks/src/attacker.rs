//! What all attacks share: a client, sessions of their own, and what is known of the server.

use crate::{
    message::{Answer, Ask, NONE, form},
    outcome::{Outcome, Stop, broken, not_applicable},
    raw,
    target::{Credentials, Target},
};
use reqwest::{Client, Method, header::HeaderValue, redirect};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

/// Why nothing was attacked.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The client could not be made.
    #[error("no client: {0}")]
    Client(#[from] reqwest::Error),
    /// An account does not sign in.
    #[error("{name} does not sign in. What was sent:\n{sent}\nWhat came back:\n{came}")]
    SignIn {
        /// Whose.
        name: String,
        /// What was sent, without its secrets.
        sent: String,
        /// What came back, without its secrets.
        came: String,
    },
    /// The server makes everybody from here wait.
    #[error("the server lets nobody sign in from here for {0} seconds, after earlier tries: wait, and begin again")]
    Wait(String),
    /// None of the cookies that the server set opens the protected call.
    #[error("none of the cookies of a sign-in reaches {0}: is that the path of a call by GET that needs a session?")]
    NoSession(String),
}

/// A session of the attacker's own.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// Value of the session cookie.
    pub(crate) value: String,
    /// The whole header, as its browser would send it.
    pub(crate) cookie: String,
}

/// The attacker.
pub(crate) struct Attacker {
    pub(crate) target: Target,
    /// Name of the session cookie.
    pub(crate) cookie_name: String,
    client: Client,
    /// Other cookies that an account's browser keeps: by these a server may know it again.
    kept: Mutex<Vec<(String, String)>>,
    visits: Mutex<Vec<String>>,
    requests: AtomicUsize,
}

impl Attacker {
    /// Signs the accounts in once, and finds out which cookie is the session.
    pub(crate) async fn prepare(target: Target) -> Result<Self, SetupError> {
        // A connection for each request: after a body that it did not read a server closes the connection, and
        // a request that is sent on it at that moment gets no answer, which would look like a hole.
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().pool_max_idle_per_host(0);
        let client = client.timeout(raw::PATIENCE).build()?;
        let accounts: Vec<_> = std::iter::once(target.account.clone()).chain(target.other.clone()).collect();
        let mut attacker = Self {
            target,
            cookie_name: String::new(),
            client,
            kept: Mutex::default(),
            visits: Mutex::default(),
            requests: AtomicUsize::new(0),
        };
        for account in accounts {
            let ask = attacker.ours(attacker.sign_in_ask(&account, ""));
            let answer = attacker.send(&ask).await;
            if answer.status == 429 {
                return Err(SetupError::Wait(answer.header("retry-after").to_owned()));
            }
            let cookies: Vec<_> = answer.cookies().into_iter().filter(|(_, value)| !value.is_empty()).collect();
            if !answer.is_success() || cookies.is_empty() {
                let (sent, came) = (ask.describe(), answer.describe());
                return Err(SetupError::SignIn { name: account.name, sent, came });
            }
            let mut found = None;
            for (name, value) in &cookies {
                let pair = format!("{name}={value}");
                if attacker.send(&attacker.me(&pair)).await.is_success() {
                    found = Some(((*name).to_owned(), pair));
                }
            }
            let Some((name, pair)) = found else {
                return Err(SetupError::NoSession(attacker.target.paths.me.clone()));
            };
            let rest =
                cookies.iter().filter(|(other, _)| *other != name).map(|(name, value)| format!("{name}={value}"));
            let rest = rest.collect::<Vec<_>>().join("; ");
            lock(&attacker.kept).push((account.name, rest));
            lock(&attacker.visits).push(pair);
            attacker.cookie_name = name;
        }
        Ok(attacker)
    }

    /// Ends what sessions of the attacker's are left.
    pub(crate) async fn leave(&self) {
        let visits = std::mem::take(&mut *lock(&self.visits));
        for cookie in visits {
            self.send(&self.ours(Ask::post(&self.target.paths.sign_out, "").with("cookie", cookie))).await;
        }
    }

    /// Requests that were sent up to now.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Sends a request. That none comes back is an answer, too.
    pub(crate) async fn send(&self, ask: &Ask) -> Answer {
        self.requests.fetch_add(1, Ordering::Relaxed);
        match self.exchange(ask).await {
            Ok(answer) => answer,
            Err(error) => Answer::none(&error),
        }
    }

    async fn exchange(&self, ask: &Ask) -> reqwest::Result<Answer> {
        let address = format!("{}{}", self.target.url.as_str().trim_end_matches('/'), ask.path);
        let method = Method::from_bytes(ask.method.as_bytes()).unwrap_or_default();
        let mut request = self.client.request(method, address).body(ask.body.clone());
        for (name, value) in &ask.headers {
            // What cannot stand in a header is sent by `send_raw`.
            if let Ok(value) = HeaderValue::from_bytes(value) {
                request = request.header(name, value);
            }
        }
        let answer = request.send().await?;
        let headers = answer.headers().iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        let (status, headers) = (answer.status().as_u16(), headers.collect());
        Ok(Answer { status, headers, body: answer.text().await? })
    }

    /// Sends a request byte by byte, as it is.
    pub(crate) async fn send_raw(&self, ask: &Ask) -> Answer {
        self.requests.fetch_add(1, Ordering::Relaxed);
        raw::send(&self.address(), ask).await
    }

    /// Counts a request that was made in another way.
    pub(crate) fn count(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Host and port, as a socket wants them.
    pub(crate) fn address(&self) -> String {
        let url = &self.target.url;
        format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(80))
    }

    /// As a page of the server's own sends it.
    pub(crate) fn ours(&self, ask: Ask) -> Ask {
        ask.with("origin", &self.target.origin).with("sec-fetch-site", "same-origin")
    }

    /// The call that says whose a session is.
    pub(crate) fn me(&self, cookie: &str) -> Ask {
        Ask::get(&self.target.paths.me).with("cookie", cookie)
    }

    /// The value of a session cookie as a header.
    pub(crate) fn cookie(&self, value: &str) -> String {
        format!("{}={value}", self.cookie_name)
    }

    fn sign_in_ask(&self, account: &Credentials, cookie: &str) -> Ask {
        let form = form(&[("username", &account.name), ("password", &account.password)]);
        let ask = Ask::post(&self.target.paths.sign_in, &form);
        if cookie.is_empty() { ask } else { ask.with("cookie", cookie) }
    }

    /// What an account's browser has beside a session.
    pub(crate) fn kept(&self, account: &Credentials) -> String {
        let kept = lock(&self.kept);
        kept.iter().find(|(name, _)| *name == account.name).map(|(_, cookies)| cookies.clone()).unwrap_or_default()
    }

    /// Signs an account in, from a browser that it has signed in from before.
    pub(crate) async fn sign_in(&self, account: &Credentials) -> Result<Visit, Stop> {
        let ask = self.ours(self.sign_in_ask(account, &self.kept(account)));
        let answer = self.send(&ask).await;
        self.visit(account, &ask, &answer)
    }

    /// The session that an answer starts.
    pub(crate) fn visit(&self, account: &Credentials, ask: &Ask, answer: &Answer) -> Result<Visit, Stop> {
        let value = answer.cookies().into_iter().find(|(name, value)| *name == self.cookie_name && !value.is_empty());
        match value {
            Some((_, value)) => {
                let pair = self.cookie(value);
                lock(&self.visits).push(pair.clone());
                let cookie = [pair, self.kept(account)].into_iter().filter(|pair| !pair.is_empty());
                Ok(Visit { value: value.to_owned(), cookie: cookie.collect::<Vec<_>>().join("; ") })
            }
            None if answer.status == 429 => {
                Err(not_applicable("the server makes this network wait, after other tries"))
            }
            None => Err(broken("the account does not sign in any more", ask, answer)),
        }
    }

    /// Signs the attacked account in.
    pub(crate) async fn victim(&self) -> Result<Visit, Stop> {
        self.sign_in(&self.target.account).await
    }

    /// The other account.
    pub(crate) fn other(&self) -> Result<&Credentials, Stop> {
        self.target.other.as_ref().ok_or_else(|| not_applicable("it takes two accounts: name another one"))
    }

    /// Fails unless a session is alive.
    pub(crate) async fn must_live(&self, cookie: &str, wrong: &str) -> Outcome {
        let ask = self.me(cookie);
        let answer = self.send(&ask).await;
        if answer.is_success() { Ok(()) } else { Err(broken(wrong, &ask, &answer)) }
    }

    /// Fails unless a cookie is of no session that is alive.
    pub(crate) async fn must_be_dead(&self, cookie: &str, wrong: &str) -> Outcome {
        let ask = self.me(cookie);
        let answer = self.send(&ask).await;
        if answer.is_success() || answer.status == NONE { Err(broken(wrong, &ask, &answer)) } else { Ok(()) }
    }

    /// Whether an answer starts a session.
    pub(crate) fn starts_session(&self, answer: &Answer) -> bool {
        answer.cookies().iter().any(|(name, value)| *name == self.cookie_name && !value.is_empty())
    }

    /// A name that nobody has, a new one each time.
    pub(crate) fn nobody(&self) -> String {
        static NTH: AtomicUsize = AtomicUsize::new(0);
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_micros();
        format!("nobody-{since}-{}", NTH.fetch_add(1, Ordering::Relaxed))
    }

    /// A try to sign in, as a browser that nobody knows makes it.
    pub(crate) fn guess(&self, name: &str, password: &str) -> Ask {
        let form = form(&[("username", name), ("password", password)]);
        self.ours(Ask::post(&self.target.paths.sign_in, &form))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
