//! Attacks that an app built on Daypass runs against itself, over a real socket.
//!
//! Each [`Attack`] has an id, a title that says what must hold, and a function that sends what an
//! attacker would send. It says [`Verdict::Held`], [`Verdict::Broken`] with what was sent and what came
//! back (no secret is in it), or [`Verdict::NotApplicable`] with the reason. It knows nothing of the
//! inside: what it sees is what anybody sees who can reach the server and has one account or two.
//!
//! The ids are those of `docs/security.md`. Of the forty attacks there, those that need the inside (the
//! clock, the keys, the database, a `kill -9`) cannot be made from here; [`ELSEWHERE`] says where they are.
//!
//! The attacks change nothing that lasts, but they make failed tries: for some minutes this machine's
//! network, and browsers that never signed in to the accounts, have to wait before they can sign in.

#![forbid(unsafe_code)]

mod accounts;
mod attacker;
mod caches;
mod catalogue;
mod cookies;
mod errors;
mod fields;
mod guessing;
mod headers;
mod markup;
mod message;
mod methods;
mod origins;
mod outcome;
mod raw;
mod redirects;
mod sessions;
mod sizes;
mod target;
mod timing;

pub use attacker::SetupError;
pub use catalogue::{ATTACKS, Attack, ELSEWHERE, Elsewhere, Pace};
pub use outcome::{Finding, Report, Verdict};
pub use target::{Credentials, Limits, Paths, Target, TargetError};

use attacker::Attacker;
use futures_util::future::join;

/// Makes the attacks that `chosen` wants, one after the other, and `tell`s of each when it is over.
///
/// # Errors
/// When the server is not reached, or its accounts cannot sign in: then nothing was attacked.
pub async fn run(
    target: Target,
    chosen: impl Fn(&Attack) -> bool,
    mut tell: impl FnMut(&Report),
) -> Result<Vec<Report>, SetupError> {
    let attacker = Attacker::prepare(target).await?;
    let chosen: Vec<_> = ATTACKS.iter().filter(|attack| chosen(attack)).collect();
    let of = |pace: Pace| chosen.iter().copied().filter(move |attack| attack.pace == pace);
    // Those that mostly wait do so beside the others; those after which strangers have to wait come last.
    let beside = async {
        let mut reports = Vec::new();
        for attack in of(Pace::Waits) {
            reports.push(attack.make(&attacker).await);
        }
        reports
    };
    let after_another = async {
        let mut reports = Vec::new();
        for attack in of(Pace::Quick).chain(of(Pace::Guesses)).chain(of(Pace::UsesUp)) {
            let report = attack.make(&attacker).await;
            tell(&report);
            reports.push(report);
        }
        reports
    };
    let (waited, mut reports) = join(beside, after_another).await;
    waited.iter().for_each(tell);
    reports.extend(waited);
    attacker.leave().await;
    Ok(reports)
}
