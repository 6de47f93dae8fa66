//! A network between a node and its PostgreSQL, which a test holds up, cuts or falsifies.

use super::{Postgres, name_of};
use std::{io, net::SocketAddr, path::PathBuf};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// What becomes of what is sent.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    holds_questions: bool,
    holds_answers: bool,
    forgets_listen: bool,
    loses_notices: bool,
    cuts: u64,
}

/// One network. It is gone with this.
#[derive(Debug)]
pub struct Network {
    address: SocketAddr,
    state: watch::Sender<State>,
    task: JoinHandle<()>,
}

impl Network {
    /// One through which this server is reached.
    pub async fn to(server: &Postgres) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (state, seen) = watch::channel(State::default());
        let socket = server.folder.join(format!(".s.PGSQL.{}", server.port));
        Self { address, state, task: tokio::spawn(carry(listener, socket, seen)) }
    }

    /// The address of a database of that server, by this way. `direct` is the one without it.
    #[must_use]
    pub fn url(&self, direct: &str) -> String {
        format!("postgres://daypass@{}/{}?sslmode=disable", self.address, name_of(direct))
    }

    /// Swallows what nodes send from now on, or what they are sent, or both. Connections stay open, and new
    /// ones can be made: nobody is told.
    pub fn hold(&self, questions: bool, answers: bool) {
        self.state.send_modify(|state| (state.holds_questions, state.holds_answers) = (questions, answers));
    }

    /// Delivers everything from now on, also what was held; not what was lost.
    pub fn go_on(&self) {
        self.hold(false, false);
        self.state.send_modify(|state| state.loses_notices = false);
    }

    /// Loses what nodes are to be told of unasked.
    pub fn lose_notices(&self) {
        self.state.send_modify(|state| state.loses_notices = true);
    }

    /// Ends all connections that there are. New ones can be made.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    /// Is from now on a pooler that hands out connections by the transaction: who asks to be told of something
    /// hears that all is well, and is never told anything.
    pub fn forget_listen(&self) {
        self.state.send_modify(|state| state.forgets_listen = true);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(listener: TcpListener, socket: PathBuf, state: watch::Receiver<State>) {
    let mut connections = JoinSet::new();
    while let Ok((node, _)) = listener.accept().await {
        let Ok(database) = UnixStream::connect(&socket).await else { continue };
        connections.spawn(connection(node, database, state.clone()));
    }
}

/// One connection, until one side ends it or it is cut.
async fn connection(node: TcpStream, database: UnixStream, state: watch::Receiver<State>) {
    let (node_says, node_hears) = node.into_split();
    let (database_says, database_hears) = database.into_split();
    let cuts = state.borrow().cuts;
    let mut cut = state.clone();
    tokio::select! {
        _ended = pass_on(node_says, database_hears, state.clone(), true) => {}
        _ended = pass_on(database_says, node_hears, state, false) => {}
        _cut = cut.wait_for(|state| state.cuts != cuts) => {}
    }
}

/// Passes messages on, as far as the state lets them.
async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
    are_questions: bool,
) -> io::Result<()> {
    // What a node says first has no letter in front of its length.
    let mut has_letter = !are_questions;
    loop {
        let mut message = message(&mut from, has_letter).await?;
        has_letter = true;
        let is_held = |state: &State| if are_questions { state.holds_questions } else { state.holds_answers };
        let Ok(state) = state.wait_for(|state| !is_held(state)).await.map(|state| *state) else { return Ok(()) };
        // A statement in one message, of which nothing is left but a comment.
        if are_questions && state.forgets_listen && message.get(5..11) == Some(b"LISTEN") {
            message[5..7].copy_from_slice(b"--");
        }
        // `NotificationResponse`
        if !(state.loses_notices && !are_questions && message[0] == b'A') {
            to.write_all(&message).await?;
        }
    }
}

/// One message (<https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-MESSAGE-CONCEPTS>).
async fn message(from: &mut (impl AsyncRead + Unpin), has_letter: bool) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    if has_letter {
        message.push(from.read_u8().await?);
    }
    let length = from.read_u32().await?;
    message.extend(length.to_be_bytes());
    let rest = u64::from(length).saturating_sub(4);
    if from.take(rest).read_to_end(&mut message).await? as u64 == rest {
        Ok(message)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}
