//! The log: a line for each event, with the request that it is of.

use crate::{config::LogFormat, http::request::Named};
use std::{
    fmt,
    io::{IsTerminal as _, stderr},
};
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::{
    EnvFilter,
    fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter, format::Writer},
    registry::LookupSpan,
};

/// Starts the log: to standard error, filtered by `RUST_LOG`.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // Another log that is there already was somebody's wish.
    let _there_already = tracing::dispatcher::set_global_default(log(format, filter, stderr, stderr().is_terminal()));
}

/// A log that is written to `writer`.
#[must_use]
pub fn log<W>(format: LogFormat, filter: EnvFilter, writer: W, is_terminal: bool) -> Dispatch
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // https://no-color.org
    let colours = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(colours);
    match format {
        LogFormat::Text => {
            lines.map_event_format(|inner| WithRequest { inner: inner.with_ansi(colours), format }).into()
        }
        LogFormat::Json => {
            lines.json().flatten_event(true).map_event_format(|inner| WithRequest { inner, format }).into()
        }
    }
}

/// Lines with the request that they are of at their end.
struct WithRequest<F> {
    inner: F,
    format: LogFormat,
}

impl<S, N, F> FormatEvent<S, N> for WithRequest<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = String::new();
        self.inner.format_event(context, Writer::new(&mut line), event)?;
        let (line, end) = match self.format {
            LogFormat::Text => (line.strip_suffix('\n').unwrap_or(&line), "\n"),
            LogFormat::Json => (line.strip_suffix("}\n").unwrap_or(&line), "}\n"),
        };
        writer.write_str(line)?;
        Named::now(|request| match self.format {
            LogFormat::Text => {
                write!(writer, " request={} method={} path={:?}", request.id(), request.method(), request.path())
            }
            LogFormat::Json => {
                let method = serde_json::Value::from(request.method());
                let path = serde_json::Value::from(request.path());
                write!(writer, r#","request":{{"id":"{}","method":{method},"path":{path}}}"#, request.id())
            }
        })
        .transpose()?;
        writer.write_str(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daypass_auth::testing::Written;
    use http::{Method, Uri};
    use serde_json::Value;

    fn written(format: LogFormat, is_terminal: bool) -> String {
        let written = Written::default();
        let writer = written.clone();
        let log = log(format, EnvFilter::new("info"), move || writer.clone(), is_terminal);
        tracing::dispatcher::with_default(&log, || {
            let mut request = Some(Named::new(&Method::GET, &Uri::from_static("/a\"b?typed")));
            tracing::info!(reason = "test", "before");
            Named::scope(&mut request, || tracing::info!(reason = "test", "within"));
        });
        written.take()
    }

    #[test]
    fn a_line_says_which_request_it_is_of() {
        // Another test may meet a line first, and what it was told would be remembered.
        let _there_already = tracing::dispatcher::set_global_default(Dispatch::new(tracing_subscriber::registry()));
        let text = written(LogFormat::Text, false);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].ends_with(r#"before reason="test""#), "{text}");
        let (line, request) = lines[1].split_once(" request=").unwrap();
        assert!(line.ends_with(r#"within reason="test""#), "{text}");
        assert_eq!(&request[16..], r#" method=GET path="/a\"b""#);
        assert!(!text.contains('\u{1b}'), "colours are for terminals");

        let json = written(LogFormat::Json, false);
        let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&lines[0]["message"], &lines[0]["request"]), (&"before".into(), &Value::Null));
        let request = &lines[1]["request"];
        assert_eq!((&request["method"], &request["path"]), (&"GET".into(), &"/a\"b".into()));
        assert_eq!(request["id"].as_str().unwrap().len(), 16);
    }
}
