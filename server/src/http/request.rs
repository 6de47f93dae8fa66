//! Which request is being worked on, for the log.
//!
//! No span: one for each request costs more than all else that a short one does. Its name is at hand while its
//! future is polled, and is written where a line is.

use http::{HeaderValue, Method, Uri};
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

tokio::task_local! {
    static NOW: Named;
}

/// A request by name.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// Sixteen digits that come once, and say nothing of how many came before: they are for finding lines of
    /// the log again, and no secret. Ours alone: what somebody sends would stand in the log as if we had named
    /// it.
    id: u64,
    method: Method,
    uri: Uri,
}

impl Named {
    /// A name for this request.
    pub(crate) fn new(method: &Method, uri: &Uri) -> Self {
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let id = KEY.hash_one(COUNT.fetch_add(1, Ordering::Relaxed));
        Self { id, method: method.clone(), uri: uri.clone() }
    }

    /// Does something for this request.
    pub(crate) fn scope<T>(&self, work: impl FnOnce() -> T) -> T {
        NOW.sync_scope(self.clone(), work)
    }

    /// Tells of the request that is being worked on, if one is.
    pub(crate) fn now<T>(tell: impl FnOnce(&Self) -> T) -> Option<T> {
        NOW.try_with(tell).ok()
    }

    pub(super) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::try_from(self.id().to_string()).ok()
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
        self.uri.path()
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
        let told = named.scope(|| Named::now(all));
        assert_eq!(told, Some(format!("{} GET /path", named.id())));
        assert_eq!(Named::now(all), None);
    }
}
