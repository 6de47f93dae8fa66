//! What a server holds of a session that it knows.

use super::{cold, use_once};
use crate::{
    Outcome, cpu,
    fill::Times,
    results::{Bar, Limit, Results},
    say_more,
    stage::{Stage, Who},
    stats::Spread,
};

pub(super) async fn memory(stage: &Stage, results: &mut Results) -> Outcome<()> {
    let sessions = stage.sizes.minted;
    for who in Who::ENGINES {
        let mut grown = Vec::new();
        // The same work at a server that remembers nothing shows what else has grown by it: caches of the
        // database, buffers.
        for known in [u32::try_from(sessions)?, cold::KNOWS_NONE] {
            let running = stage.start(who, known).await?;
            stage.set_times(&running.database, Times::JustUsed).await?;
            use_once(&running, 0..1_000.min(sessions)).await?;
            let before = cpu::resident(running.server.id())?;
            use_once(&running, 0..sessions).await?;
            let after = cpu::resident(running.server.id())?;
            grown.push(i64::try_from(after)? - i64::try_from(before)?);
        }
        #[expect(clippy::cast_precision_loss, reason = "some megabytes")]
        let each = (grown[0] - grown[1]) as f64 / sessions.saturating_sub(1_000).max(1) as f64;
        say_more(&format!("  {:44} {each:9.1} bytes", who.label()));
        results.bars.push(Bar {
            what: format!(
                "Memory of a known session: {} ({sessions} of them, next to a server that knows none)",
                who.label()
            ),
            measured: Spread::once(each),
            unit: "bytes",
            limit: Limit::AtMost(200.0),
        });
    }
    Ok(())
}
