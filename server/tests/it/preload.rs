//! What is loaded into a server in front of the C library.

use std::{path::Path, process::Command};

/// Builds one of the sources beside this file, and says where it is (`LD_PRELOAD`).
pub(crate) fn build(source: &str, folder: &Path) -> String {
    let library = folder.join(source).with_extension("so");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&library);
    compiler.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(source)).arg("-ldl");
    assert!(compiler.status().unwrap().success());
    library.display().to_string()
}
