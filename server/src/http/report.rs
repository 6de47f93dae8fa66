//! Browsers say here what a content security policy of ours has kept from running (ASVS 3.4.7).
//!
//! Anybody can post here, so what is read, kept and logged is bounded: a few lines a minute, cut, and of
//! an address its origin alone, since the rest may be anything that a page had in it.

use super::lines::Lines;
use axum::body::Bytes;
use http::StatusCode;
use serde::Deserialize;
use std::time::Instant;

/// No report that says something is larger.
pub(crate) const MAX_BYTES: usize = 8 * 1024;
const MAX_CHARS: usize = 80;

static LINES: Lines = Lines::new();

#[derive(Deserialize)]
struct Report {
    #[serde(rename = "csp-report")]
    report: Body,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Body {
    effective_directive: Option<String>,
    /// The older name. Most browsers send both.
    violated_directive: Option<String>,
    #[serde(rename = "blocked-uri", default)]
    blocked: String,
}

/// `POST /csp-report`.
pub(super) async fn violation(body: Bytes) -> StatusCode {
    let Ok(Report { report }) = serde_json::from_slice(&body) else { return StatusCode::BAD_REQUEST };
    if LINES.have_room(Instant::now()) {
        let directive = report.effective_directive.or(report.violated_directive).unwrap_or_default();
        let (directive, blocked) = (cut(&directive), cut(&origin(&report.blocked)));
        tracing::warn!(
            event = "malicious_csp_violation",
            directive,
            blocked,
            "the content security policy was violated"
        );
    }
    StatusCode::NO_CONTENT
}

fn origin(address: &str) -> String {
    // Words such as `inline` and `eval` stand there, too.
    url::Url::parse(address).map_or_else(|_| address.to_owned(), |url| url.origin().ascii_serialization())
}

fn cut(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_only_the_origin_is_kept() {
        assert_eq!(origin("https://evil.example/path?secret=1"), "https://evil.example");
        assert_eq!(origin("inline"), "inline");
        assert_eq!(cut(&"\u{1b}[31m".repeat(100)).chars().count(), MAX_CHARS);
        assert!(!cut("a\nb").contains('\n'));
    }
}
