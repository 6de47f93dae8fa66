//! Random days in the life of two nodes and one store, against a model of a few lines: a session is
//! accepted if and only if the model says so, and refused for the reason that the model gives.

use super::{tests, tests::Scene, *};
use crate::{
    AccountState,
    clock::ManualClock,
    testing::{self, Dice},
};

const PASSWORD: &str = "the password of all";
const NAMES: [&str; 3] = ["alice", "bob", "carol"];
const IDLE: u64 = 600_000;
const ABSOLUTE: u64 = 12 * 3_600_000;
/// Sooner than by default, so that some live to see it.
const RENEW: u64 = 2 * 60_000;
const OLD: u64 = 30_000;

/// What should be true of a session.
struct Expected {
    account: usize,
    started: u64,
    used: u64,
    ended: Option<Reason>,
    /// Every cookie that was ever sent for it, with its generation.
    cookies: Vec<(String, u32)>,
    /// The newest generation: when it was issued, and when it was first presented.
    newest: (u32, u64, Option<u64>),
    id: SessionId,
}

impl Expected {
    /// Why it is dead now, if it is.
    fn standing(&self, now: u64) -> Option<Reason> {
        let (idle, absolute) = (self.used + IDLE, self.started + ABSOLUTE);
        match self.ended {
            None if now >= absolute && absolute <= idle => Some(Reason::Absolute),
            None if now >= idle => Some(Reason::Idle),
            ended => ended,
        }
    }

    /// The same for a cookie of some generation, and an end that somebody saw is one from then on.
    fn judge(&mut self, now: u64, presented: u32) -> Option<Reason> {
        self.ended = self.standing(now);
        let (newest, _, seen) = &mut self.newest;
        match *newest - presented {
            _ if self.ended.is_some() => {}
            0 => *seen = seen.or(Some(now)),
            1 if seen.is_none_or(|seen| now < seen + OLD) => {}
            _ => self.ended = Some(Reason::Copied),
        }
        self.ended
    }

    /// Somebody did something.
    fn extend(&mut self, now: u64) {
        self.used = now;
        let (number, issued, seen) = self.newest;
        if now >= issued + RENEW && (number == 0 || seen.is_some()) {
            self.newest = (number + 1, now, None);
        }
    }
}

#[tokio::test]
async fn a_session_is_accepted_exactly_when_the_model_says_so() {
    check(Scene::new).await;
}

/// The same with what a process remembers between it and the store.
#[tokio::test]
async fn a_session_is_accepted_exactly_when_the_model_says_so_from_memory() {
    check(Scene::remembering).await;
}

#[tokio::test]
async fn a_session_is_accepted_exactly_when_the_model_says_so_on_postgres() {
    check(async || Scene::at(&testing::database().await).await).await;
}

async fn check(scene: impl AsyncFn() -> Scene) {
    let mut seen = Seen::default();
    for seed in 1..=8 {
        run(seed, scene().await, &mut seen).await;
    }
    assert!(seen.accepted > 100 && seen.renewed > 10 && seen.copied > 3, "{seen:?}: the test tests nothing");
}

/// How often what the test is about took place.
#[derive(Debug, Default)]
struct Seen {
    accepted: usize,
    renewed: usize,
    copied: usize,
}

async fn run(seed: u64, mut scene: Scene, seen: &mut Seen) {
    for name in NAMES {
        scene = scene.with(name, PASSWORD).await;
    }
    let mut dice = Dice::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut now = 0_u64;
    let mut disabled = [false; NAMES.len()];
    let mut sessions: Vec<Expected> = Vec::new();
    let clock = ManualClock::at(tests::START);
    let node = |scene: &Scene| {
        tests::engine(&scene.store, &clock, &scene.keys, Policy::default().with_renewal(Duration::from_millis(RENEW)))
    };
    let mut nodes = [node(&scene), node(&scene)];
    for step in 0..400 {
        let engine = nodes[dice.roll(2)].clone();
        let store = engine.store();
        let account = dice.roll(NAMES.len());
        // Mostly one of the latest, of which some are alive.
        let among = if dice.roll(4) == 0 { sessions.len() } else { sessions.len().min(4) };
        let pick = (among > 0).then(|| sessions.len() - 1 - dice.roll(among));
        let at = engine.now();
        let end_all = |sessions: &mut [Expected], of: &dyn Fn(&Expected) -> bool, reason| {
            // What ends sessions ends those that time has not ended yet; whether time had, nobody
            // has looked, so the store does not know.
            sessions.iter_mut().filter(|s| s.ended.is_none() && of(s)).for_each(|s| s.ended = Some(reason));
        };
        match (dice.roll(40), pick) {
            // Tries that fail count, and make those that would not wait.
            (0..=3, _) if disabled[account] && dice.roll(4) > 0 => {}
            (0..=3, _) => {
                let replaced = pick.filter(|&i| dice.roll(2) == 0 && sessions[i].standing(now).is_none());
                let old = match replaced {
                    Some(i) => {
                        let (cookie, generation) = sessions[i].cookies.last().unwrap().clone();
                        match (engine.check(&cookie).await, sessions[i].judge(now, generation)) {
                            (Access::Active(session), None) => Some(session),
                            (Access::Absent { reason, .. }, Some(expected)) if reason == expected => None,
                            other => panic!("seed {seed}, step {step}: {other:?}"),
                        }
                    }
                    None => None,
                };
                let replaced = replaced.filter(|_| old.is_some());
                let request = SignIn { replaces: old.as_ref(), ..tests::request(NAMES[account], PASSWORD) };
                match engine.sign_in(request).await {
                    Ok(session) => {
                        assert!(!disabled[account], "seed {seed}, step {step}: a disabled account signed in");
                        if let Some(i) = replaced {
                            sessions[i].ended = Some(Reason::Replaced);
                        }
                        let cookie = engine.sealer().session_cookie(&session).unwrap().value().to_owned();
                        sessions.push(Expected {
                            account,
                            started: now,
                            used: now,
                            ended: None,
                            cookies: vec![(cookie, 0)],
                            newest: (0, now, None),
                            id: session.id,
                        });
                    }
                    // Tries while the account was disabled count as failures.
                    Err(SignInError::Throttled(_)) => {}
                    Err(error) => assert!(disabled[account], "seed {seed}, step {step}: {error}"),
                }
            }
            (4..=25, Some(i)) => {
                // Any of its cookies: an answer may never have arrived.
                let at = match dice.roll(3) {
                    // Mostly the newest.
                    0 => dice.roll(sessions[i].cookies.len()),
                    _ => sessions[i].cookies.len() - 1,
                };
                let (cookie, generation) = sessions[i].cookies[at].clone();
                match (engine.check(&cookie).await, sessions[i].judge(now, generation)) {
                    (Access::Active(session), None) => {
                        seen.accepted += 1;
                        if dice.roll(2) == 0 {
                            let extended = engine.extend(&session).await.unwrap().unwrap();
                            sessions[i].extend(now);
                            let number = extended.generation.number;
                            assert_eq!(number, sessions[i].newest.0, "seed {seed}, step {step}");
                            seen.renewed += usize::from(number > 0);
                            let cookie = engine.sealer().session_cookie(&extended).unwrap().value().to_owned();
                            sessions[i].cookies.push((cookie, number));
                        }
                    }
                    (Access::Absent { reason, .. }, Some(expected)) => {
                        assert_eq!(reason, expected, "seed {seed}, step {step}");
                        seen.copied += usize::from(reason == Reason::Copied);
                    }
                    (access, expected) => {
                        panic!("seed {seed}, step {step}: {access:?}, and the model says {expected:?}")
                    }
                }
            }
            (26, Some(i)) => {
                let (cookie, generation) = sessions[i].cookies.last().unwrap().clone();
                let access = engine.check(&cookie).await;
                let expected = sessions[i].judge(now, generation);
                if let Access::Active(session) = access {
                    engine.sign_out(&session).await.unwrap();
                    assert_eq!(expected, None, "seed {seed}, step {step}");
                    sessions[i].ended = Some(Reason::SignedOut);
                }
            }
            (27, Some(i)) => {
                store.end(Which::Id(sessions[i].id), Reason::Revoked, at, None).await.unwrap();
                let id = sessions[i].id;
                end_all(&mut sessions, &|s| s.id == id, Reason::Revoked);
            }
            (28, _) => {
                // All of everybody, or of one account.
                let of = (dice.roll(3) > 0).then_some(account);
                let which = match of {
                    Some(account) => Which::Account(scene.account(NAMES[account]).await, None),
                    None => Which::All,
                };
                store.end(which, Reason::Revoked, at, None).await.unwrap();
                end_all(&mut sessions, &|s| of.is_none_or(|of| s.account == of), Reason::Revoked);
            }
            (29, _) => {
                disabled[account] = !disabled[account];
                let state = if disabled[account] { AccountState::Disabled } else { AccountState::Active };
                store.set_state(scene.account(NAMES[account]).await, state, at).await.unwrap();
                if disabled[account] {
                    end_all(&mut sessions, &|s| s.account == account, Reason::AccountDisabled);
                }
            }
            (30, _) => {
                let name = AccountName::parse(NAMES[account]).unwrap();
                let (found, hash) = store.account(&name).await.unwrap().unwrap();
                store.set_password(found.id, &hash, at).await.unwrap();
                end_all(&mut sessions, &|s| s.account == account, Reason::PasswordChanged);
            }
            (31, _) => nodes[dice.roll(2)] = node(&scene),
            _ => {
                // Often a little, sometimes to the millisecond of a deadline, seldom far.
                let step = match dice.roll(24) {
                    0 => IDLE,
                    1 => IDLE - 1,
                    2 => ABSOLUTE / 3,
                    3..=5 => OLD,
                    _ => u64::try_from(dice.roll(60_000)).unwrap(),
                };
                now += step;
                clock.advance(Duration::from_millis(step));
            }
        }
    }
}
