//! What goes wrong, provoked through the real program: each event of `docs/failures.md` ends in what was asked for or
//! in an error that names it, in bounded time; store and cache are whole, and the next run needs no clean-up.

mod archives;
mod disks;
mod leftovers;
mod places;
mod servers;
mod table;

use std::time::{Duration, Instant};

use crate::sandbox::{Finished, Offer, Sandbox};
use crate::server::Reply;

/// How long a run may take whatever happens to it; a silent server costs five attempts and the waits between them.
const BOUND: Duration = Duration::from_secs(20);

/// A project with one tool that something happens to and one that is well.
fn one_good_one_bad() -> (Sandbox, Offer) {
    let config = "[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\n";
    let sandbox = Sandbox::new().config(config).offers("esbuild", "0.27.0");
    let offer = sandbox.publish("biome", "2.3.4", 50_000);
    (sandbox, offer)
}

/// Sync, within the bound, a server being given up after 300 ms of silence.
fn sync(sandbox: &Sandbox) -> Finished {
    let begun = Instant::now();
    let finished = sandbox.vx("sync --plain --stall-timeout 300ms");
    assert!(begun.elapsed() < BOUND, "it took {:?}", begun.elapsed());
    finished
}

/// Every server is well again: the next run installs everything, and nothing is left of what happened.
fn next_run_is_good(sandbox: &Sandbox, offer: &Offer) {
    sandbox.registry().server().serve(&offer.path, Reply::ok(offer.archive.clone()));
    sync(sandbox).succeeds();
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
    assert_eq!(sandbox.program_says("esbuild"), "0.27.0");
    sandbox.is_clean();
}

/// With this answer the tool fails, saying these; the other one is installed, and the next run is a good one.
fn fails_saying(reply: Reply, says: &[&str]) {
    let (sandbox, offer) = one_good_one_bad();
    sandbox.registry().server().serve(&offer.path, reply);
    let finished = sync(&sandbox).fails_with("1 of 2 tools did not install: biome").says("hint: ");
    says.iter().fold(finished, |finished, text| finished.says(text));
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    sandbox.is_whole();
    next_run_is_good(&sandbox, &offer);
}

/// With this answer everything is installed all the same; how often the archive was asked for.
fn succeeds_all_the_same(reply: impl FnOnce(&Offer) -> Reply) -> usize {
    let (sandbox, offer) = one_good_one_bad();
    sandbox.registry().server().serve(&offer.path, reply(&offer));
    sync(&sandbox).succeeds();
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
    sandbox.is_clean();
    sandbox.fetches(&offer).len()
}
