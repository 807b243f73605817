//! Two runs at once.

use crate::sandbox::{Running, Sandbox, eventually, slot_of, text};
use serde_json::Value;

fn board_of(sandbox: &Sandbox, running: &Running) -> Option<Value> {
    let dumped = sandbox.command(&format!("board dump {} --json", running.pid())).output().expect("vx starts");
    serde_json::from_slice(&dumped.stdout).ok()
}

#[test]
fn two_syncs_of_a_project_fetch_each_archive_once_and_the_second_shows_whom_it_waits_for() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\n");
    let offers = [
        sandbox.publish_slowly("biome", "2.3.4", 700_000, 400_000),
        sandbox.publish_slowly("esbuild", "0.27.0", 700_000, 400_000),
    ];
    let first = sandbox.start("sync");
    let holder = eventually("the first one downloads", || {
        let slot = slot_of(&board_of(&sandbox, &first)?, "biome")?;
        (slot["phase"] == "downloading").then(|| slot["pid"].as_u64()).flatten()
    });
    let second = sandbox.start("sync");
    let waiting = eventually("the second one waits", || {
        let slot = slot_of(&board_of(&sandbox, &second)?, "biome")?;
        (slot["phase"] == "waiting" && slot["message"].is_string()).then_some(slot)
    });
    assert!(text(&waiting["message"]).contains(&holder.to_string()), "{waiting} does not name {holder}");
    first.finish().succeeds();
    second.finish().succeeds();
    for offer in &offers {
        assert_eq!(sandbox.fetches(offer).len(), 1, "{}", offer.path);
    }
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    assert_eq!(sandbox.left_behind(), Vec::<String>::new());
}
