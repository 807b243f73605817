//! The daemon's Python client, against the daemon itself.

use std::process::Command;

use super::*;
use crate::support::skipped::skipped;

/// A client that asks a question, subscribes, sees a release being installed, and has a request refused.
const SCRIPT: &str = r#"
import os, subprocess, sys, time
import vxboard

project, vx = sys.argv[1:]
with vxboard.Daemon(timeout=60) as daemon:
    assert daemon.call("vx/ping")["cached_runtimes"] == 0
    begun = daemon.events(["RuntimeInstalled"], [project], timeout=60)
    first = next(begun)
    assert first["event"] == "Resync" and first["data"]["runtimes"] == [], first
    subprocess.run([vx, "sync"], cwd=project, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seen = next(begun)
    assert seen["data"] == {"runtime": "biome", "version": "2.3.4"}, seen
    begun.close()
    print(daemon.call("vx/resolve", runtime="biome", directory=project)["version"])
    try:
        daemon.call("vx/resolve", runtime="no-such-program", directory=project)
    except vxboard.DaemonError as error:
        print(error.kind)
    os.environb[b"NO_TEXT"] = b"\xff"
    daemon.call("vx/up", directory=project)
    said = os.path.join(project, "said")
    until = time.monotonic() + 60
    while not os.path.exists(said) and time.monotonic() < until:
        time.sleep(0.01)
    print(open(said).read().strip())
    daemon.call("board/stop", directory=project)
    daemon.call("shutdown")
# It answers before it ends.
until = time.monotonic() + 60
while time.monotonic() < until:
    try:
        vxboard.Daemon(timeout=60).close()
        time.sleep(0.01)
    except vxboard.DaemonAbsentError as error:
        print(error.hint)
        break
"#;

const CONFIG: &str = r#"
[tools]
biome = "2"

[services.web]
command = ["sh", "-c", "echo $GREETING > part; mv part said; exec sleep 674"]
"#;

#[test]
fn the_client_in_python_asks_and_is_told() {
    let sandbox = Sandbox::new().config(CONFIG).offers("biome", "2.3.4");
    let new_enough = Command::new("python3").args(["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]).status();
    if !new_enough.is_ok_and(|status| status.success()) {
        return skipped("there is no python3 of version 3.9 or later");
    }
    let _daemon = at_work(&sandbox);
    let mut script = Command::new("python3");
    script.env_clear().envs(sandbox.environment()).args(["-B", "-c", SCRIPT]).arg(sandbox.project());
    script.arg(env!("CARGO_BIN_EXE_vx"));
    script
        .env("GREETING", "of the client")
        .env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/bindings/python/python"));
    let said = sandbox.run("python", script).finish().succeeds().stdout();
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        ["2.3.4", "not-found", "of the client", "start it with `vx daemon start`"]
    );
}
