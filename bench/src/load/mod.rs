//! Load: connections that are kept open, each of which asks, waits for the answer, and asks again.

mod answer;
mod plans;

pub(crate) use answer::Answer;
pub(crate) use plans::{Checks, Cookies, Fixed, Form, Forms, Plan, Spoilt, cookies, post};

use crate::Outcome;
use answer::Frame;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::poll_fn,
    net::SocketAddr,
    pin::pin,
    rc::Rc,
    task::Poll,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::{LocalSet, spawn_local, yield_now},
};

/// One connection.
pub(crate) struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// Connections that work through one plan.
pub(crate) struct Lane {
    plan: Rc<RefCell<dyn Plan>>,
    connections: Vec<Connection>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// How many requests were answered.
    pub(crate) answered: u64,
    /// How long each of them took, in nanoseconds.
    pub(crate) took: Vec<u32>,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    /// Answers that were not the expected ones, by status.
    pub(crate) wrong: BTreeMap<u16, u64>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, request: Vec::with_capacity(1024), answer: Vec::with_capacity(16 * 1024) })
    }

    /// Sends what a plan says, and gives the answer to it. Nothing if the plan has come to its end.
    async fn turn(&mut self, plan: &RefCell<dyn Plan>) -> Outcome<Option<(u16, bool, Duration)>> {
        self.request.clear();
        let Some(sent) = plan.borrow_mut().next(&mut self.request) else { return Ok(None) };
        let start = Instant::now();
        let frame = self.exchange().await?;
        let took = start.elapsed();
        let right = plan.borrow_mut().answered(&sent, &frame.of(&self.answer));
        Ok(Some((frame.status, right, took)))
    }

    /// Sends one request and waits for its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Outcome<Answer<'_>> {
        self.request.clear();
        self.request.extend_from_slice(request);
        let frame = self.exchange().await?;
        Ok(frame.of(&self.answer))
    }

    async fn exchange(&mut self) -> Outcome<Frame> {
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err("the server closed a connection".into());
            }
            if let Some(frame) = Frame::read(&self.answer)? {
                return Ok(frame);
            }
        }
    }
}

impl Lane {
    /// So many connections to a server, for one plan.
    pub(crate) async fn open(address: SocketAddr, connections: usize, plan: impl Plan + 'static) -> Outcome<Self> {
        let mut open = Vec::with_capacity(connections);
        for _ in 0..connections {
            open.push(Connection::open(address).await?);
        }
        Ok(Self { plan: Rc::new(RefCell::new(plan)), connections: open })
    }
}

/// Waits for this and never sleeps meanwhile. Whoever answers somebody that sleeps has to wake them, the more often
/// the slower they are themselves: about a microsecond each time, where a whole check is measured in a few.
pub(crate) async fn awake<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        if let Poll::Ready(done) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            return done;
        }
        yield_now().await;
    }
}

/// Lets lanes work for a time, or until their plans have come to an end. What is under way then is waited for.
pub(crate) async fn run(lanes: &mut [Lane], time: Option<Duration>) -> Outcome<Vec<Tally>> {
    let start = Instant::now();
    let over = Rc::new(Cell::new(false));
    let local = LocalSet::new();
    let mut working = Vec::new();
    for lane in lanes.iter_mut() {
        for mut connection in lane.connections.drain(..) {
            let (plan, over) = (Rc::clone(&lane.plan), Rc::clone(&over));
            let work = local.spawn_local(async move {
                let mut tally = Tally { took: Vec::with_capacity(16 * 1024), ..Tally::default() };
                while !over.get() {
                    let Some((status, right, took)) = connection.turn(&plan).await? else { break };
                    tally.answered += 1;
                    tally.took.push(u32::try_from(took.as_nanos()).unwrap_or(u32::MAX));
                    if !right {
                        *tally.wrong.entry(status).or_default() += 1;
                    }
                }
                tally.elapsed = start.elapsed();
                Outcome::Ok((connection, tally))
            });
            working.push((Rc::clone(&lane.plan), work));
        }
    }
    let tallies = awake(local.run_until(async {
        if let Some(time) = time {
            // A plan may end earlier; whoever gives a time has a plan without an end.
            spawn_local(async move {
                tokio::time::sleep(time).await;
                over.set(true);
            });
        }
        let mut done = Vec::with_capacity(working.len());
        for (plan, work) in working {
            done.push((plan, work.await??));
        }
        Outcome::Ok(done)
    }))
    .await?;
    let mut result = vec![Tally::default(); lanes.len()];
    for (plan, (connection, tally)) in tallies {
        let Some(at) = lanes.iter().position(|lane| Rc::ptr_eq(&lane.plan, &plan)) else { continue };
        lanes[at].connections.push(connection);
        let sum = &mut result[at];
        sum.answered += tally.answered;
        sum.took.extend(tally.took);
        sum.elapsed = sum.elapsed.max(tally.elapsed);
        tally.wrong.into_iter().for_each(|(status, times)| *sum.wrong.entry(status).or_default() += times);
    }
    Ok(result)
}

/// The same, where every answer has to be the expected one.
pub(crate) async fn run_rightly(who: &str, lanes: &mut [Lane], time: Option<Duration>) -> Outcome<Vec<Tally>> {
    let tallies = run(lanes, time).await?;
    for tally in &tallies {
        if let Some((status, times)) = tally.wrong.first_key_value() {
            return Err(format!("{who} answered {status} {times} times of {}", tally.answered).into());
        }
    }
    Ok(tallies)
}
