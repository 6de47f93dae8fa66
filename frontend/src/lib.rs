//! The WebAssembly entry: brings the server's page to life.

#![forbid(unsafe_code)]

use daypass_app::App;

/// Called by the page's script once this module is loaded.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(App);
}
