//! Paths that are not UTF-8: an error that names the path before anything is fetched, never a panic.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::support::sandbox::{Finished, Sandbox};

fn project() -> Sandbox {
    Sandbox::new().config("[tools]\nesbuild = \"0.27.0\"\n").offers("esbuild", "0.27.0")
}

/// A path in the sandbox that is not UTF-8.
fn odd(sandbox: &Sandbox) -> PathBuf {
    sandbox.root().join(OsStr::from_bytes(b"caf\xe9"))
}

fn vx_at(sandbox: &Sandbox, variable: &str, words: &str) -> Finished {
    let mut command = sandbox.command(words);
    command.env(variable, odd(sandbox));
    sandbox.run(&format!("vx {words}"), command).finish()
}

#[test]
fn a_home_that_is_no_text_is_refused_before_anything_is_fetched() {
    let sandbox = project();
    for words in ["sync", "list --json", "which esbuild"] {
        let refused = vx_at(&sandbox, "VX_HOME", words).exits_with(2);
        refused.says("caf\u{fffd}` has a path that is not UTF-8").says("hint: set VX_HOME");
    }
    assert!(!odd(&sandbox).exists());
    assert!(sandbox.registry().server().requests().is_empty());
}

#[test]
fn a_runtime_directory_that_is_no_text_is_refused_by_name() {
    let sandbox = project();
    for words in ["sync", "board ls"] {
        let refused = vx_at(&sandbox, "VX_RUNTIME_DIR", words);
        refused.says("caf\u{fffd}` has a path that is not UTF-8").says("hint: set VX_RUNTIME_DIR");
    }
    assert!(!odd(&sandbox).exists());
    assert_eq!(sandbox.stored(), Vec::<String>::new());
}
