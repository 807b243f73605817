//! Settings files that change between consent and use: the content that was agreed to is used, or none.
//!
//! `VX_TORTURE=50 cargo test --test it trust::races` runs 200 races of each kind.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::cautious;
use super::tricks::asked;
use crate::support::sandbox::Sandbox;

/// The races of each kind, without `VX_TORTURE`.
const RACES: usize = 4;

fn races() -> usize {
    RACES * std::env::var("VX_TORTURE").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Lock again and again while the file alternates between the content that was agreed to and another.
fn race(sandbox: &Sandbox, file: &str, good: &str, evil: &str) {
    let path = sandbox.project().join(file);
    fs::write(&path, good).expect("a file");
    sandbox.vx("trust --yes").succeeds();
    let over = AtomicBool::new(false);
    let aside = sandbox.root().join("aside");
    thread::scope(|scope| {
        scope.spawn(|| {
            for text in [evil, good].into_iter().cycle().take_while(|_| !over.load(Ordering::Relaxed)) {
                fs::write(&aside, text).and_then(|()| fs::rename(&aside, &path)).expect("it moves");
                thread::yield_now();
            }
        });
        for _ in 0..races() {
            let _ = fs::remove_dir_all(sandbox.home().join("cache/index"));
            let _ = fs::remove_file(sandbox.project().join("vx.lock"));
            sandbox.vx("lock");
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(!asked(sandbox), "{file}: what was not agreed to was used");
}

#[test]
fn an_npmrc_that_flips_is_used_as_it_was_agreed_to() {
    let sandbox = cautious().config("[tools]\nbiome = \"2.3.4\"\n");
    let text = |path: &str| format!("@biomejs:registry={}\n", sandbox.registry().server().url(path));
    race(&sandbox, ".npmrc", &text("/npm/"), &text("/evil/"));
}

#[test]
fn a_uv_toml_that_flips_is_used_as_it_was_agreed_to() {
    let sandbox = cautious().variable("UV_DEFAULT_INDEX", "").config("[tools]\nruff = \"0.15.1\"\n");
    let text = |path: &str| format!("index-url = \"{}\"\n", sandbox.registry().server().url(path));
    race(&sandbox, "uv.toml", &text("/simple/"), &text("/evil/"));
}

#[test]
fn a_pip_conf_that_flips_is_used_as_it_was_agreed_to() {
    let sandbox = cautious().variable("UV_DEFAULT_INDEX", "").config("[tools]\nruff = \"0.15.1\"\n");
    fs::create_dir(sandbox.project().join(".venv")).expect("a directory");
    let environment = sandbox.project().join(".venv").display().to_string();
    let text = |path: &str| format!("[global]\nindex-url = {}\n", sandbox.registry().server().url(path));
    let (good, evil) = (text("/simple/"), text("/evil/"));
    race(&sandbox.variable("VIRTUAL_ENV", &environment), ".venv/pip.conf", &good, &evil);
}
