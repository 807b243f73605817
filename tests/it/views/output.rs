//! The outputs of a run for other programs: events, lines, dumps, boards.

mod boards;
mod dumps;
mod estimates;
mod events;
mod exports;
mod hanging;
mod knowing;
mod lines;
mod recorded;
mod recordings;
mod scripts;
mod wrapped;
mod wrapped_ends;

#[path = "../../../status/src/json/obeys.rs"]
mod obeys;

use serde_json::Value;

use crate::support::sandbox::{Sandbox, eventually};
use crate::support::server::Reply;

/// A run with a tool that is installed, a tool that was installed before, and a tool that fails.
fn one_of_each() -> Sandbox {
    let sandbox = Sandbox::new()
        .config("[tools]\nbiome = \"2.3.4\"\nbuf = \"1.5.0\"\nesbuild = \"0.27.0\"\n")
        .offers("buf", "1.5.0")
        .offers("esbuild", "0.27.0");
    let broken = sandbox.publish("biome", "2.3.4", 0);
    sandbox.registry().server().serve(&broken.path, Reply::status(404));
    sandbox.vx("sync esbuild").succeeds();
    sandbox
}

/// A project of one tool that takes about this many seconds to download.
fn slow(seconds: u64) -> Sandbox {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n");
    sandbox.publish_slowly("biome", "2.3.4", usize::try_from(seconds * 400_000).expect("a size"), 400_000);
    sandbox
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// The names of an object's fields, in order.
fn fields(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}
