//! Faults, provoked through the real program. Each event of `docs/failures.md` ends in the requested result or in an
//! error that names it, in bounded time; store and cache stay whole, and the next run needs no clean-up.

mod archives;
mod boards;
mod clients;
mod connections;
mod damage;
mod leftovers;
mod places;
mod registries;
mod requests;
mod servers;
mod systems;
mod table;

use std::time::{Duration, Instant};

use crate::support::sandbox::{Finished, Offer, Sandbox};
use crate::support::server::Reply;

/// The longest that a run may take under any fault; a silent server costs five attempts and the waits between them.
const BOUND: Duration = Duration::from_secs(20);

/// A project with one tool that a test spoils and one that installs well.
fn one_good_one_bad() -> (Sandbox, Offer) {
    let config = "[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\n";
    let sandbox = Sandbox::new().config(config).offers("esbuild", "0.27.0");
    let offer = sandbox.publish("biome", "2.3.4", 50_000);
    (sandbox, offer)
}

/// Sync within the bound; a server is given up after 300 ms of silence.
fn sync(sandbox: &Sandbox) -> Finished {
    let begun = Instant::now();
    let finished = sandbox.vx("sync --plain --stall-timeout 300ms");
    assert!(begun.elapsed() < BOUND, "it took {:?}", begun.elapsed());
    finished
}

/// Check that the next run, with a server without faults, installs everything and leaves nothing behind.
fn next_run_is_good(sandbox: &Sandbox, offer: &Offer) {
    sandbox.registry().server().serve(&offer.path, Reply::ok(offer.archive.clone()));
    sync(sandbox).succeeds();
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
    assert_eq!(sandbox.program_says("esbuild"), "0.27.0");
    sandbox.is_clean();
}

/// Check that with this reply the tool fails with these texts, the other one is installed, and the next run succeeds.
fn fails_saying(reply: Reply, says: &[&str]) {
    let (sandbox, offer) = one_good_one_bad();
    sandbox.registry().server().serve(&offer.path, reply);
    let finished = sync(&sandbox).fails_with("1 of 2 tools did not install: biome").says("hint: ");
    says.iter().fold(finished, |finished, text| finished.says(text));
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    sandbox.is_whole();
    next_run_is_good(&sandbox, &offer);
}

/// Check that everything is installed in spite of this reply. Returns the number of requests for the archive.
fn succeeds_all_the_same(reply: impl FnOnce(&Offer) -> Reply) -> usize {
    let (sandbox, offer) = one_good_one_bad();
    sandbox.registry().server().serve(&offer.path, reply(&offer));
    sync(&sandbox).succeeds();
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
    sandbox.is_clean();
    sandbox.fetches(&offer).len()
}
