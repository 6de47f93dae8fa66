//! What other nodes changed in the same database, by LISTEN and NOTIFY.

use super::{
    PostgresStore,
    bounds::{WAIT, within},
};
use crate::store::{Heard, Moment, Notice, Notices, StoreError, connections::Connections};
use async_trait::async_trait;
use sqlx::{
    Postgres,
    postgres::{PgListener, PgPoolOptions},
};
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior};

const CHANNEL: &str = "daypass";
/// How often a node says something to itself. A channel can be dead without a word: a pooler that
/// takes LISTEN and forgets it, a network that swallows what is sent.
const SAY_EVERY: Duration = Duration::from_millis(500);
/// For how long a node waits to hear itself before it connects anew.
const DEAF_AFTER: Duration = Duration::from_secs(5);

/// A connection that listens.
pub(super) struct Channel {
    listener: PgListener,
    connections: Connections<Postgres>,
    every: Interval,
    /// What this node says to itself begins so; others say something else.
    name: String,
    said: Option<(u64, Moment)>,
    count: u64,
    /// The last of them that arrived.
    heard: u64,
    /// When one arrived in time.
    heard_at: Instant,
}

pub(super) async fn listen(store: &PostgresStore) -> Result<Channel, StoreError> {
    let mut name = [0; 8];
    getrandom::fill(&mut name).map_err(|error| StoreError::Unavailable(error.to_string().into()))?;
    let listener = within(WAIT, async || {
        // A pool of its own each time: a connection of which nobody knows whether it is dead is no reason
        // to wait for it.
        let alone = PgPoolOptions::new().max_connections(1).acquire_timeout(WAIT);
        let mut listener = PgListener::connect_with(&alone.connect_lazy_with(store.listening.clone())).await?;
        listener.listen(CHANNEL).await?;
        Ok(listener)
    })
    .await?;
    let mut every = tokio::time::interval(SAY_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Ok(Channel {
        listener,
        connections: store.connections.clone(),
        every,
        name: format!("h:{:016x}:", u64::from_be_bytes(name)),
        said: None,
        count: 0,
        heard: 0,
        heard_at: Instant::now(),
    })
}

#[async_trait]
impl Notices for Channel {
    async fn next(&mut self) -> Result<Heard, StoreError> {
        loop {
            tokio::select! {
                biased;
                // Not `recv`, which goes on as if nothing had happened when some were lost.
                heard = self.listener.try_recv() => match heard? {
                    None => return Err(lost("the connection was lost")),
                    Some(notice) => {
                        if let Some(heard) = self.hear(notice.payload())? {
                            return Ok(heard);
                        }
                    }
                },
                _ = self.every.tick() => {
                    if self.heard_at.elapsed() > DEAF_AFTER {
                        return Err(lost("what it says to itself does not arrive"));
                    }
                    self.say().await?;
                }
            }
        }
    }
}

impl Channel {
    /// What a payload means; nothing, if it is what a node says to itself.
    fn hear(&mut self, payload: &str) -> Result<Option<Heard>, StoreError> {
        if !payload.starts_with("h:") {
            return Ok(Some(Heard { notices: vec![Notice::parse(payload)], complete_until: None }));
        }
        let own = payload.strip_prefix(&self.name).and_then(|number| number.parse::<u64>().ok());
        let Some(number) = own else { return Ok(None) };
        // Where one of these is missing, what others said may be, too.
        if number != self.heard + 1 {
            return Err(lost("some of what was said did not arrive"));
        }
        self.heard = number;
        // Notices arrive in the order of their transactions: what was committed before this was said
        // has been heard. An older one that is late proves nothing that is of use.
        let Some((_, until)) = self.said.take_if(|(said, _)| *said == number) else { return Ok(None) };
        self.heard_at = Instant::now();
        Ok(Some(Heard { notices: Vec::new(), complete_until: Some(until) }))
    }

    async fn say(&mut self) -> Result<(), StoreError> {
        self.count += 1;
        self.said = Some((self.count, Moment::now()));
        let said = format!("{}{}", self.name, self.count);
        within(WAIT, async || {
            let mut connection = self.connections.writing().await?;
            sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(&said).execute(&mut *connection).await?;
            connection.done();
            Ok(())
        })
        .await
    }
}

fn lost(why: &'static str) -> StoreError {
    StoreError::Unavailable(why.into())
}
