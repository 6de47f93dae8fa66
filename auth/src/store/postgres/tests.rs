use super::*;
use crate::{store::conformance, testing};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_passes_the_suite_on_postgres() {
    conformance::check(|| async { PostgresStore::open(&testing::database().await).await.unwrap() }).await;
}
