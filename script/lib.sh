# shellcheck shell=bash
# What the scripts share: where the tools live, which versions, and how to say what is going on.
# Sourced, not run.

set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# Outside the clone, so that a second clone on the same machine finds them.
DAYPASS_TOOLS="${DAYPASS_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/daypass/tools}"
export DAYPASS_TOOLS

CARGO_LEPTOS_VERSION=0.3.11
LEPTOSFMT_VERSION=0.1.33
CARGO_DENY_VERSION=0.20.2
BINARYEN_VERSION=132.0.0

# The tools come first: cargo-leptos takes whatever `wasm-bindgen` and `wasm-opt` it finds on PATH,
# and both have to be of a version that fits the compiler and the lock file.
export PATH="$DAYPASS_TOOLS/bin:$DAYPASS_TOOLS/node_modules/.bin:$PATH"

# Bootstrap writes this file when the WebAssembly target had to come from Debian's compiler.
use_toolchain() {
  if [ -f "$DAYPASS_TOOLS/toolchain" ]; then
    RUSTUP_TOOLCHAIN="$(cat "$DAYPASS_TOOLS/toolchain")"
    export RUSTUP_TOOLCHAIN
  fi
}
use_toolchain

# Installs what is missing for a purpose, and builds with the compiler that it settled on.
bootstrap() {
  "$ROOT/script/bootstrap" "$1"
  use_toolchain
}

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() {
  printf 'daypass: %s\n' "$*" >&2
  exit 1
}

# Where builds go. The release's site folder stands beside its binary, which finds it there, and out
# of the way of the one that `cargo leptos watch` writes to.
TARGET="$(realpath -m "${CARGO_TARGET_DIR:-$ROOT/target}")"
RELEASE_SITE="${LEPTOS_SITE_ROOT:-$TARGET/release/site}"

# The version of a crate in Cargo.lock.
locked_version() {
  awk -v name="\"$1\"" '$1 == "name" && $3 == name { getline; gsub(/"/, "", $3); print $3; exit }' "$ROOT/Cargo.lock"
}

# The browser for the tests: the system's, or nothing (then Playwright's own is used).
system_browser() {
  command -v chromium || command -v chromium-browser || command -v google-chrome || true
}
