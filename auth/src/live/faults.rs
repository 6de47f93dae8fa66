//! Nodes over one PostgreSQL, and what can happen between them: nobody is let in for longer than the bound
//! says, nobody is signed out by it, and all is well again by itself.

use super::{
    tests::{NOW, alice, is_alive, secret, start},
    *,
};
use crate::{
    store::{Moment, open},
    testing::{Dice, Network, Postgres, Written, until},
};
use futures_util::future::join_all;
use std::time::Instant;

/// A node that reaches the database by a network of its own.
struct Node {
    live: LiveStore,
    network: Network,
}

impl Node {
    async fn new(server: &Postgres, database: &str) -> Self {
        let network = Network::to(server).await;
        let live = LiveStore::new(open(&network.url(database)).await.unwrap(), 100);
        until("it is believed", async || live.is_believed()).await;
        Self { live, network }
    }
}

#[tokio::test]
async fn a_pooler_that_takes_listen_and_forgets_it_is_not_believed_and_said_once() {
    // Another test may meet a line first, and what it was told would be remembered.
    let _there_already = tracing::subscriber::set_global_default(tracing_subscriber::registry());
    let log = Written::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    let _here = tracing::subscriber::set_default(subscriber);
    let server = Postgres::start().await;
    let database = server.database().await;
    let network = Network::to(&server).await;
    network.forget_listen();
    let store: Arc<dyn Store> = open(&network.url(&database)).await.unwrap();
    let node = LiveStore::new(Arc::clone(&store), 100);
    let other = Node::new(&server, &database).await;
    let alice = alice(&node).await;
    start(&node, &alice, 1).await;
    let asked = node.asked();
    assert!(is_alive(&node, 1).await && is_alive(&node, 1).await);
    assert_eq!(node.asked(), asked + 2, "what it knows is worth nothing");
    other.live.end(Which::Secret(secret(1)), Reason::Revoked, NOW, None).await.unwrap();
    assert!(!is_alive(&node, 1).await, "it is accepted after its end");
    let mut said = String::new();
    // Longer than it takes the node to notice it twice.
    let mut heard = 0;
    while heard < 3 {
        let mut notices = store.notices().await.unwrap();
        assert!(notices.next().await.is_err(), "it is told something");
        heard += 1;
        said.push_str(&log.take());
    }
    assert_eq!(said.matches("the store does not tell of changes").count(), 1, "{said}");
    assert!(!node.is_believed() && other.live.is_believed());
}

/// The channel is there again before anybody has noticed that it was gone, and what was said meanwhile is not.
#[tokio::test]
async fn what_was_lost_in_between_is_noticed() {
    let server = Postgres::start().await;
    let database = server.database().await;
    let network = Network::to(&server).await;
    let store = open(&network.url(&database)).await.unwrap();
    let mut notices = store.notices().await.unwrap();
    while notices.next().await.unwrap().complete_until.is_none() {}
    let mut all = sqlx::postgres::PgListener::connect(&database).await.unwrap();
    all.listen("daypass").await.unwrap();
    network.lose_notices();
    let lost = async {
        // The second is said long after the first was lost.
        all.recv().await.unwrap();
        all.recv().await.unwrap();
        network.go_on();
        std::future::pending::<()>().await;
    };
    let heard = tokio::select! {
        heard = notices.next() => heard,
        () = lost => unreachable!(),
    };
    let Err(error) = heard else { panic!("it goes on as if nothing had happened") };
    assert!(format!("{error:?}").contains("did not arrive"), "{error:?}");
}

/// What happened to the network or the database.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Questions, answers, or both do not arrive at or from one node.
    Held(bool, bool),
    /// One node is not told of anything.
    Deaf,
    Cut,
    Terminated,
    Killed,
    Stopped,
}

const FAULTS: [Fault; 8] = [
    Fault::Deaf,
    Fault::Held(true, true),
    Fault::Killed,
    Fault::Held(false, true),
    Fault::Cut,
    Fault::Stopped,
    Fault::Held(true, false),
    Fault::Terminated,
];

/// What should be true of a session.
#[derive(Clone, Copy, Debug)]
enum Expected {
    Alive,
    /// Since a node said so, which is the one of this number.
    Ended(Instant, usize),
    /// Somebody was told that the store is away: it was done, or not, or will be.
    Unsure,
}

/// Two nodes, three accounts, and what should be true of their sessions.
struct Scene {
    nodes: [Node; 2],
    names: [AccountName; 3],
    dice: Dice,
    model: Vec<Known>,
    /// The number of the next session.
    next: u8,
}

struct Known {
    account: usize,
    number: u8,
    expected: Expected,
}

/// Random things are done by two nodes in the midst of every fault, against a model of a few lines.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_breaks_a_session_is_accepted_exactly_when_the_model_says_so() {
    let server = Postgres::start().await;
    let database = server.database().await;
    let nodes = [Node::new(&server, &database).await, Node::new(&server, &database).await];
    let names = ["alice", "bob", "carol"].map(|name| AccountName::parse(name).unwrap());
    for name in &names {
        let hash = PasswordHash::from_stored("hash".to_owned());
        nodes[0].live.create_account(name, &hash, false, NOW).await.unwrap();
    }
    let mut scene = Scene { nodes, names, dice: Dice::new(0x9e37_79b9_7f4a_7c15), model: Vec::new(), next: 1 };
    let mut unknown = 0;
    for fault in FAULTS {
        // Well before it breaks, so that there is something to lose, and that both nodes know it.
        for _ in 0..2 {
            scene.act(None).await;
        }
        assert!(scene.check(Duration::ZERO).await.is_empty(), "before {fault:?}");
        let at = scene.dice.roll(2);
        match fault {
            Fault::Held(questions, answers) => scene.nodes[at].network.hold(questions, answers),
            Fault::Deaf => scene.nodes[at].network.lose_notices(),
            Fault::Cut => scene.nodes[at].network.cut(),
            Fault::Terminated => server.end_connections().await,
            Fault::Killed => server.kill(),
            Fault::Stopped => server.hold(),
        }
        // By the node that nothing happened to, if there is one: at once, and the other is not told.
        scene.act(Some(1 - at)).await;
        unknown += scene.check(MAX_STALE).await.len();
        scene.act(None).await;
        match fault {
            Fault::Held(..) | Fault::Deaf => scene.nodes[at].network.go_on(),
            Fault::Killed => server.start_again(),
            Fault::Stopped => server.go_on(),
            Fault::Cut | Fault::Terminated => {}
        }
        // What arrived late was done late; and what was done a moment ago, nobody but who did it may know yet.
        let now = Moment::now();
        for node in &scene.nodes {
            until("it is believed again, and has heard of all", async || node.live.shared.trust.reaches(now)).await;
        }
        scene.model.iter_mut().for_each(|session| {
            if let Expected::Ended(..) = session.expected {
                session.expected = Expected::Ended(Instant::now() - MAX_STALE, 0);
            }
        });
        let not_known = scene.check(Duration::ZERO).await;
        assert!(not_known.is_empty(), "{fault:?} is over, and {not_known:?}");
    }
    let sessions = scene.model.len();
    assert!(sessions > 20 && unknown > 5, "{sessions} sessions, {unknown} times unknown: the test tests nothing");
}

/// What somebody was told.
enum Done {
    Started,
    Nothing,
    Ended(Instant),
}

impl Scene {
    /// One thing is done to each account at one moment, by this node or by either.
    async fn act(&mut self, by: Option<usize>) {
        let nodes = &self.nodes;
        let mut acts = Vec::new();
        for (account, name) in self.names.iter().enumerate() {
            let alive = |session: &&Known| session.account == account && matches!(session.expected, Expected::Alive);
            let one = self.model.iter().filter(alive).map(|session| session.number).next_back();
            let (at, what, new) = (by.unwrap_or(self.dice.roll(2)), self.dice.roll(8), self.next);
            self.next += 1;
            acts.push(async move {
                let live = &nodes[at].live;
                let done = async {
                    let (found, hash) = live.account(name).await?.unwrap();
                    match (what, one) {
                        (0..=2, Some(one)) => {
                            live.end(Which::Secret(secret(one)), Reason::SignedOut, NOW, None).await?
                        }
                        (3, _) => live.end(Which::Account(found.id, None), Reason::Revoked, NOW, None).await?,
                        (4, _) => {
                            live.set_state(found.id, AccountState::Disabled, NOW).await?;
                            live.set_state(found.id, AccountState::Active, NOW).await?;
                            2
                        }
                        _ => {
                            // Not if the account was left disabled.
                            let started = tests::try_start(live, &found, &hash, new).await?;
                            return Ok(started.map_or(Done::Nothing, |_| Done::Started));
                        }
                    };
                    Ok::<_, StoreError>(Done::Ended(Instant::now()))
                };
                (account, at, what, one, new, done.await)
            });
        }
        for (account, at, what, one, number, done) in join_all(acts).await {
            let expected = match done {
                Ok(Done::Started) => {
                    self.model.push(Known { account, number, expected: Expected::Alive });
                    continue;
                }
                Ok(Done::Nothing) => continue,
                Ok(Done::Ended(when)) => Expected::Ended(when, at),
                Err(_) => Expected::Unsure,
            };
            let all = matches!(what, 3 | 4);
            for session in self.model.iter_mut().filter(|session| session.account == account) {
                if matches!(session.expected, Expected::Alive) && (all || Some(session.number) == one) {
                    session.expected = expected;
                }
            }
        }
    }

    /// Asks both nodes for every session, again and again for so long and then once more. Says which were not
    /// known then.
    async fn check(&self, long: Duration) -> Vec<(usize, u8)> {
        let over = Instant::now() + long;
        let mut checks = Vec::new();
        for (at, node) in self.nodes.iter().enumerate() {
            for known in &self.model {
                // Each on its own: one that waits for the store is no reason to ask for another later.
                checks.push(async move {
                    loop {
                        let begin = Instant::now();
                        let is_known = known.check(at, &node.live).await;
                        if begin >= over {
                            return (!is_known).then_some((at, known.number));
                        }
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                });
            }
        }
        join_all(checks).await.into_iter().flatten().collect()
    }
}

impl Known {
    /// Asks a node. Says whether it knows an answer, which then has to be the right one.
    async fn check(&self, at: usize, node: &LiveStore) -> bool {
        let begin = Instant::now();
        let Ok(row) = node.session(&secret(self.number)).await else { return false };
        let is_accepted = row.as_ref().is_some_and(tests::is_accepted);
        match self.expected {
            Expected::Alive => assert!(is_accepted, "node {at} has signed out {}: {row:?}", self.number),
            Expected::Ended(since, by) if is_accepted => {
                let late = begin.saturating_duration_since(since);
                assert!(by != at, "node {at} accepts {}, which it has ended itself", self.number);
                assert!(late < MAX_STALE, "node {at} accepts {} {late:?} after its end", self.number);
            }
            Expected::Ended(..) | Expected::Unsure => {}
        }
        true
    }
}
