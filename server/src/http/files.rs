//! The page's own files. What is none leads nowhere.

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// Longer names, and longer paths, no file system has.
const MAX_NAME: usize = 255;
const MAX_PATH: usize = 2048;

/// Files below `root`; what is none is answered by `nowhere`.
pub(super) fn below(root: &str, nowhere: Router) -> Router {
    let files = ServeDir::new(root)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
        .fallback(nowhere.clone());
    Router::new().fallback_service(files).layer(from_fn_with_state(nowhere, if_it_can_be))
}

/// The system is not even asked for what can be no file: it would call that a failure of its own.
async fn if_it_can_be(State(nowhere): State<Router>, request: Request, next: Next) -> Response {
    if can_be(request.uri().path()) { next.run(request).await } else { nowhere.oneshot(request).await.into_response() }
}

fn can_be(path: &str) -> bool {
    path.len() <= MAX_PATH && path.split('/').all(|name| name.len() <= MAX_NAME) && !path.contains("%00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_file_system_has_is_no_file() {
        assert!(can_be("/pkg/daypass.js") && can_be("/") && can_be(&format!("/{}", "a".repeat(255))));
        for path in [format!("/{}", "a".repeat(256)), "/a".repeat(1025), "/a%00b".to_owned()] {
            assert!(!can_be(&path), "{path}");
        }
    }
}
