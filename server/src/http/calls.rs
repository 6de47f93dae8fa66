//! How much one network may ask for, so that none takes the whole server (ASVS 2.4.1).
//!
//! Passwords are counted where they are checked, in the database and for weeks. This is for all the rest:
//! whatever is rendered, looked up or answered by a call counts once, and before anything is done with it.
//! The page's own files do not count: they cost next to nothing, and a first visit asks for several.
//!
//! A network may ask for a minute's worth at once and is then held to the pace (GCRA, by `governor`). It is
//! counted in memory alone, on each node by itself: a count that is lost costs nothing but a minute.

use super::{api, lines::Lines};
use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use daypass_app::{AppError, words};
use daypass_auth::{
    http::{ClientAddress, Step, from_form},
    throttle::network,
};
use governor::{
    Quota, RateLimiter, clock::Clock, middleware::NoOpMiddleware, nanos::Nanos, state::InMemoryState, state::NotKeyed,
};
use http::{HeaderValue, header};
use quick_cache::sync::Cache;
use std::{convert::Infallible, fmt, net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Networks that are remembered at once, some 200 bytes each. Of more, one that asks seldom is forgotten,
/// and begins anew.
const MOST_NETWORKS: usize = 50_000;

type Count = RateLimiter<NotKeyed, InMemoryState, Steady, NoOpMiddleware<Nanos>>;

/// Time that no clock that is set makes jump; since this limit was made.
#[derive(Clone, Copy, Debug)]
struct Steady(Instant);

impl Clock for Steady {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.0.elapsed())
    }
}

/// How much each network may ask for.
#[derive(Clone)]
pub struct CallLimit(Arc<Inner>);

struct Inner {
    clock: Steady,
    quota: Quota,
    /// By network; all whose address is not known share one.
    counts: Cache<Option<IpAddr>, Arc<Count>>,
    /// Of all networks together.
    lines: Lines,
}

impl fmt::Debug for CallLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallLimit").field("quota", &self.0.quota).finish_non_exhaustive()
    }
}

impl CallLimit {
    /// So many requests a minute, of which all may come at once.
    #[must_use]
    pub fn per_minute(requests: NonZeroU32) -> Self {
        let clock = Steady(Instant::now());
        let counts = Cache::new(MOST_NETWORKS);
        Self(Arc::new(Inner { clock, quota: Quota::per_minute(requests), counts, lines: Lines::new() }))
    }

    /// Counts a request, or says how long this network has to wait with it.
    fn wait(&self, client: Option<IpAddr>) -> Option<Duration> {
        let Inner { clock, quota, counts, .. } = &*self.0;
        let network = client.map(network);
        let make = || Ok::<_, Infallible>(Arc::new(RateLimiter::direct_with_clock(*quota, *clock)));
        let Ok(count) = counts.get_or_insert_with(&network, make);
        count.check().err().map(|not_until| not_until.wait_time_from(clock.now()))
    }
}

/// The layer's step: see the module.
#[derive(Clone, Debug)]
pub(super) struct Limit(pub(super) Option<CallLimit>);

impl Step for Limit {
    type Kept = ();

    fn before(&self, request: &mut Request) -> Result<(), Box<Response>> {
        let Some(limit) = &self.0 else { return Ok(()) };
        let client = request.extensions().get::<ClientAddress>().map(|client| client.0);
        match limit.wait(client) {
            Some(wait) => Err(Box::new(limit.refuse(client, wait, request))),
            None => Ok(()),
        }
    }
}

impl CallLimit {
    fn refuse(&self, client: Option<IpAddr>, wait: Duration, request: &Request) -> Response {
        // Whole seconds, rounded up: to ask after them is not too early.
        let seconds = u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX);
        if self.0.lines.have_room(std::time::Instant::now()) {
            let place = client.map(|address| address.to_string()).unwrap_or_default();
            tracing::warn!(event = "excess_rate_limit_exceeded", place, seconds, "a network asks for too much");
        }
        let error = AppError::TooManyRequests { seconds };
        let mut response = api::answer(error);
        if from_form(request.headers()) {
            // A browser shows it as it is. Rendering a page would be what there is too much of.
            let retry_after = response.headers_mut().remove(header::RETRY_AFTER);
            response = (error.status(), format!("{}\n", words::error(error))).into_response();
            response.headers_mut().extend(retry_after.map(|value| (header::RETRY_AFTER, value)));
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, body::Body, routing::get};
    use daypass_auth::{http::AtOnce, testing::Written};
    use tower::ServiceExt;

    fn per_minute(requests: u32) -> CallLimit {
        CallLimit::per_minute(NonZeroU32::new(requests).unwrap())
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_minutes_worth_may_come_at_once_and_then_the_pace_holds() {
        let limit = per_minute(60);
        let client = address("192.0.2.1");
        assert!((0..60).all(|_| limit.wait(client).is_none()));
        assert_eq!(limit.wait(client), Some(Duration::from_secs(1)));
        // What was refused costs nothing.
        assert_eq!(limit.wait(client), Some(Duration::from_secs(1)));
        tokio::time::advance(Duration::from_millis(999)).await;
        assert_eq!(limit.wait(client), Some(Duration::from_millis(1)));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!((limit.wait(client), limit.wait(client)), (None, Some(Duration::from_secs(1))));
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(
            (0..100).filter(|_| limit.wait(client).is_none()).count(),
            60,
            "no more is saved up than a minute's"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn each_network_has_a_count_of_its_own() {
        let limit = per_minute(1);
        for (client, free) in [
            ("192.0.2.1", true),
            ("192.0.2.1", false),
            ("::ffff:192.0.2.1", false),
            ("192.0.2.2", true),
            ("2001:db8::1", true),
            ("2001:db8::ffff:0:0:1", false),
            ("2001:db8:0:1::1", true),
        ] {
            assert_eq!(limit.wait(address(client)).is_none(), free, "{client}");
        }
        assert!(limit.wait(None).is_none() && limit.wait(None).is_some(), "not known is one network");
    }

    #[tokio::test(start_paused = true)]
    async fn however_many_networks_ask_memory_is_bounded_and_the_busy_are_remembered() {
        let limit = per_minute(1);
        for network in 0..200_000_u32 {
            limit.wait(Some(IpAddr::from(network.to_be_bytes())));
        }
        assert!(limit.0.counts.len() <= MOST_NETWORKS, "{}", limit.0.counts.len());
        // Nor is whoever asks all the time forgotten over it.
        let busy = address("203.0.113.1");
        assert!(limit.wait(busy).is_none());
        let mut free = 0;
        for network in 0..200_000_u32 {
            limit.wait(Some(IpAddr::from((1 << 31 | network).to_be_bytes())));
            free += u32::from(network % 100 == 0 && limit.wait(busy).is_none());
        }
        assert_eq!(free, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_log_is_not_filled_by_those_who_are_refused() {
        // Another test may meet the line first, and this would be the only log that there is: then it would be
        // remembered that nobody wants it.
        let nowhere = tracing_subscriber::fmt().with_writer(std::io::sink).finish();
        let _there_already = tracing::subscriber::set_global_default(nowhere);
        let log = Written::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
        let _until_dropped = tracing::subscriber::set_default(lines);
        let router: Router = behind(per_minute(1));
        for _ in 0..1000 {
            ask(&router, "*/*").await;
        }
        let log = log.take();
        assert_eq!(log.matches("event=\"excess_rate_limit_exceeded\"").count(), 10, "{log}");
    }

    fn behind(calls: CallLimit) -> Router {
        Router::new().route("/", get(|| async { "fine" })).layer(AtOnce::new(Limit(Some(calls))))
    }

    async fn ask(router: &Router, accept: &str) -> Response {
        let request = Request::get("/").header("accept", accept).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_says_when_to_ask_again_in_the_form_that_was_asked_for() {
        let router = behind(per_minute(1));
        assert_eq!(ask(&router, "*/*").await.status(), 200);
        for (accept, kind, body) in [
            ("application/json", "application/json", r#"{"error":"too_many_requests","seconds":60}"#),
            (
                "text/html,*/*",
                "text/plain; charset=utf-8",
                "Too many requests come from your network. Wait 1 minute, then try again.\n",
            ),
        ] {
            let answer = ask(&router, accept).await;
            assert_eq!(answer.status(), 429);
            for (name, value) in [("retry-after", "60"), ("content-type", kind), ("cache-control", "no-store")] {
                assert_eq!(answer.headers()[name], value);
            }
            assert_eq!(axum::body::to_bytes(answer.into_body(), 1024).await.unwrap(), body);
        }
    }
}
