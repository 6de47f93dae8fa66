//! The HTML around the app.

use crate::App;
use http::{HeaderValue, header};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use leptos_meta::MetaTags;
use std::sync::Arc;

/// The addresses of the page's own files, decided once at start.
#[derive(Clone, Debug)]
pub struct Assets {
    /// The script.
    pub js: Arc<str>,
    /// The WebAssembly module.
    pub wasm: Arc<str>,
    /// The style sheet.
    pub css: Arc<str>,
}

/// The document, with its content security policy.
///
/// The tags that start the app are our own, so that the nonce stands in `nonce=` alone, where
/// neither style sheets nor the DOM can read it.
pub fn shell(options: LeptosOptions, assets: &Assets) -> impl IntoView + use<> {
    let nonce = use_nonce();
    if let (Some(nonce), Some(response)) = (&nonce, use_context::<ResponseOptions>())
        && let Ok(policy) = HeaderValue::from_str(&policy(nonce, &options))
    {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    let Assets { js, wasm, css } = assets.clone();
    let start = start(&js, &wasm);
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="description" content="Secure sessions for Leptos and axum." />
                <link rel="stylesheet" href=css.to_string() />
                <link rel="icon" href="/favicon.svg" r#type="image/svg+xml" />
                <AutoReload options />
                <script type="module" nonce=nonce>
                    {start}
                </script>
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// What starts the app, once what the server sent is painted and the browser has nothing else to do: loaded any
/// earlier, two hundred kilobytes come in the way of the style sheet, and their compilation in that of the paint.
/// In a tab that nobody looks at nothing is painted, and it starts all the same a little later.
fn start(js: &str, wasm: &str) -> String {
    format!(
        "let begun=0;const start=()=>{{if(begun++)return;const wasm=fetch(\"{wasm}\");\
         import(\"{js}\").then(m=>m.default({{module_or_path:wasm}}).then(()=>m.hydrate()))}};\
         const idle=self.requestIdleCallback||setTimeout;\
         requestAnimationFrame(()=>setTimeout(()=>idle(start)));setTimeout(start,300)"
    )
}

/// Nothing but our own files, this document's own inline scripts, and WebAssembly (which is
/// compiled, not evaluated). No inline style at all.
fn policy(nonce: &str, options: &LeptosOptions) -> String {
    // In watch mode the page listens for rebuilds on a port of its own.
    let reload = if std::env::var_os("LEPTOS_WATCH").is_some() {
        let port = options.reload_port;
        format!(" ws://127.0.0.1:{port} ws://localhost:{port}")
    } else {
        String::new()
    };
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self'; connect-src 'self'{reload}; manifest-src 'self'; form-action 'self'; \
         base-uri 'none'; object-src 'none'; frame-ancestors 'none'; report-uri /csp-report"
    )
}
