//! Where the page's own files are, and under which names.

use daypass_app::Assets;
use leptos::config::{Env, LeptosOptions};
use std::{
    collections::HashMap,
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

const OUTPUT_NAME: &str = "daypass";
const PKG_DIR: &str = "pkg";

/// What Leptos needs to know, and the addresses of the files.
pub(crate) fn locate(listen: SocketAddr) -> (LeptosOptions, Assets, bool) {
    let folder = env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_path_buf)).unwrap_or_default();
    let site_root = env::var_os("LEPTOS_SITE_ROOT").map_or_else(|| default_site_root(&folder), PathBuf::from);
    let hashes = fs::read_to_string(folder.join("hash.txt")).map(|text| parse_hashes(&text)).unwrap_or_default();
    let (assets, hashed) = assets(&site_root, &hashes);
    let watched = env::var("LEPTOS_WATCH").is_ok();
    let reload_port = env::var("LEPTOS_RELOAD_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3001);
    let options = LeptosOptions::builder()
        .output_name(OUTPUT_NAME)
        .site_root(site_root.to_string_lossy().into_owned())
        .site_pkg_dir(PKG_DIR)
        .env(if watched { Env::DEV } else { Env::PROD })
        .site_addr(listen)
        .reload_port(reload_port)
        .hash_files(hashed)
        .build();
    (options, assets, hashed)
}

/// Beside the binary where it is deployed; else where the build leaves it.
fn default_site_root(folder: &Path) -> PathBuf {
    let beside = folder.join("site");
    if beside.is_dir() { beside } else { PathBuf::from("target/site") }
}

/// `hash.txt` as cargo-leptos writes it beside the binary: `js: 3f…`, one a line.
fn parse_hashes(text: &str) -> HashMap<String, String> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(kind, hash)| (kind.trim().to_owned(), hash.trim().to_owned()))
        .collect()
}

/// Hashed names if they are really there: a development build may stand beside the hashes of an
/// older release.
fn assets(site_root: &Path, hashes: &HashMap<String, String>) -> (Assets, bool) {
    let name = |kind: &str, hashed: bool| match hashes.get(kind) {
        Some(hash) if hashed => format!("{OUTPUT_NAME}.{hash}.{kind}"),
        _ => format!("{OUTPUT_NAME}.{kind}"),
    };
    let hashed = !hashes.is_empty()
        && ["js", "wasm", "css"].iter().all(|kind| site_root.join(PKG_DIR).join(name(kind, true)).is_file());
    let address = |kind: &str| Arc::from(format!("/{PKG_DIR}/{}", name(kind, hashed)));
    (Assets { js: address("js"), wasm: address("wasm"), css: address("css") }, hashed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_names_are_used_when_the_files_are_there() {
        let site = tempfile::TempDir::new().unwrap();
        fs::create_dir(site.path().join(PKG_DIR)).unwrap();
        let hashes = parse_hashes("js: aaa\nwasm: bbb\ncss: ccc\n");
        assert_eq!(&*assets(site.path(), &hashes).0.js, "/pkg/daypass.js");
        for name in ["daypass.aaa.js", "daypass.bbb.wasm", "daypass.ccc.css"] {
            fs::write(site.path().join(PKG_DIR).join(name), "").unwrap();
        }
        let (found, hashed) = assets(site.path(), &hashes);
        assert_eq!(
            (&*found.js, &*found.wasm, &*found.css, hashed),
            ("/pkg/daypass.aaa.js", "/pkg/daypass.bbb.wasm", "/pkg/daypass.ccc.css", true)
        );
    }
}
