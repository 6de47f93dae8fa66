//! Which request is being worked on, for the log.
//!
//! No span: one for each request costs more than all else that a short one does. Its name is at hand while its
//! future is polled, and is written where a line is.

use http::{HeaderValue, Method, Uri, uri::PathAndQuery};
use std::{
    cell::Cell,
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

thread_local! {
    static NOW: Cell<Option<Box<Named>>> = const { Cell::new(None) };
}

/// A request by name. Boxed, since it is put there and taken back whenever its request is worked on.
#[derive(Debug)]
pub(crate) struct Named {
    /// Sixteen digits that come once, and say nothing of how many came before: they are for finding lines of
    /// the log again, and no secret. Ours alone: what somebody sends would stand in the log as if we had named
    /// it.
    id: u64,
    method: Method,
    target: Option<PathAndQuery>,
}

impl Named {
    /// A name for this request.
    pub(crate) fn new(method: &Method, uri: &Uri) -> Box<Self> {
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let id = KEY.hash_one(COUNT.fetch_add(1, Ordering::Relaxed));
        Box::new(Self { id, method: method.clone(), target: uri.path_and_query().cloned() })
    }

    /// Does something for this request.
    pub(crate) fn scope<T>(named: &mut Option<Box<Self>>, work: impl FnOnce() -> T) -> T {
        let before = NOW.replace(named.take());
        let _after = Scope { named, before };
        work()
    }

    /// Tells of the request that is being worked on, if one is.
    pub(crate) fn now<T>(tell: impl FnOnce(&Self) -> T) -> Option<T> {
        let this = NOW.take()?;
        let told = tell(&this);
        NOW.set(Some(this));
        Some(told)
    }

    pub(super) fn header(&self) -> Option<HeaderValue> {
        // Not by `id`: each answer has one, and formatting costs a quarter of what a session check does.
        let digit = |at| b"0123456789abcdef"[usize::from((self.id >> (60 - 4 * at)) as u8 & 0xf)];
        HeaderValue::from_bytes(&std::array::from_fn::<u8, 16, _>(digit)).ok()
    }

    pub(crate) fn id(&self) -> impl fmt::Display {
        let id = self.id;
        fmt::from_fn(move |f| write!(f, "{id:016x}"))
    }

    pub(crate) fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The path alone: a query may hold what people typed.
    pub(crate) fn path(&self) -> &str {
        self.target.as_ref().map_or("", PathAndQuery::path)
    }
}

/// The time in which a request is worked on. Its end is a drop, since a panic ends it too.
struct Scope<'a> {
    named: &'a mut Option<Box<Named>>,
    before: Option<Box<Named>>,
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        *self.named = NOW.replace(self.before.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_come_once_and_are_known_as_long_as_there_is_work() {
        let named = || Named::new(&Method::GET, &Uri::from_static("/path?query=typed"));
        let ids: HashSet<_> = (0..10_000).map(|_| named().id().to_string()).collect();
        assert_eq!((ids.len(), ids.iter().all(|id| id.len() == 16)), (10_000, true));
        let all = |named: &Named| format!("{} {} {}", named.id(), named.method(), named.path());
        let named = named();
        assert_eq!(named.header().unwrap().to_str().unwrap(), named.id().to_string());
        let known = format!("{} GET /path", named.id());
        let mut named = Some(named);
        let told = Named::scope(&mut named, || Named::now(all));
        assert_eq!((told, Named::now(all)), (Some(known.clone()), None));
        let boom = || Named::scope(&mut named, || panic!("in a test"));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(boom));
        assert_eq!((panicked.is_err(), Named::now(all)), (true, None));
        assert_eq!(named.as_deref().map(all), Some(known));
    }
}
