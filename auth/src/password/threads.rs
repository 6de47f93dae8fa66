//! The threads in which passwords are hashed.

use std::time::Duration;
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
};

/// How much a thread that hashes steps back, on the system's scale to 19: where there is not enough for all, it
/// gets a tenth of what others get.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// How long a thread is kept that nothing is done in: a year.
const KEPT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Threads of their own, which let everything else go first. One that has stepped back can never step forward
/// again, so it is of no use for anything else.
#[derive(Debug)]
pub(super) struct Threads(Option<Runtime>);

impl Threads {
    /// So many threads at most. One is made at once, the others when they are wanted.
    ///
    /// # Panics
    /// When the system has no thread left.
    pub(super) fn new(most: usize) -> Self {
        // Nothing runs on it but what blocks.
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(most)
            .thread_keep_alive(KEPT)
            .thread_name("password")
            .on_thread_start(step_back)
            .build();
        let runtime = runtime.inspect_err(|error| tracing::error!(%error, "passwords cannot be hashed")).ok();
        // As long as there is one, whoever comes while the system has no more waits for it.
        drop(runtime.as_ref().map(|runtime| runtime.spawn_blocking(|| ())));
        Self(runtime)
    }

    /// Does something in one of them, to the end even if nobody waits for it.
    pub(super) fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<JoinHandle<T>> {
        self.0.as_ref().map(|runtime| runtime.spawn_blocking(work))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Without waiting: this may be a thread on which nothing may wait.
            runtime.shutdown_background();
        }
    }
}

/// Lets everything else on this machine go first, as far as the system knows of that for a thread: a request of
/// somebody who is signed in takes microseconds, and should not wait for a password's milliseconds.
fn step_back() {
    #[cfg(target_os = "linux")]
    let _at_its_old_place = rustix::process::setpriority_process(None, NICE);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[tokio::test]
    async fn what_panics_takes_no_thread_with_it() {
        let threads = Threads::new(1);
        assert!(threads.run(|| panic!("on purpose")).unwrap().await.unwrap_err().is_panic());
        let name = threads.run(|| thread::current().name().map(str::to_owned)).unwrap().await.unwrap();
        assert_eq!(name.as_deref(), Some("password"));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn they_step_back_and_nobody_else() {
        let place = || rustix::process::getpriority_process(None).unwrap();
        let before = place();
        let threads = Threads::new(2);
        for _ in 0..3 {
            assert!(threads.run(place).unwrap().await.unwrap() >= NICE);
        }
        assert_eq!(place(), before);
    }
}
