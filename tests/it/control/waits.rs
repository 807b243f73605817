//! `vx board wait --for`.

use super::*;

#[test]
fn a_wait_returns_at_the_state_and_says_how_it_went() {
    let sandbox = Sandbox::new();
    let script = "echo 1/2; until test -e go; do sleep 0.02; done; echo broken >&2; exit $(cat go)";
    let good = at_work(&sandbox, "good", script);
    let wait = sandbox.start("board wait --for good=done --for good=ended --timeout 60s --json");
    sandbox.write("go", "0");
    good.finish().succeeds();
    let told: Value = serde_json::from_str(&wait.finish().succeeds().stdout()).expect("JSON");
    assert_eq!((text(&told["outcome"]), &told["work"][0]["reached"]), ("reached", &json!(true)));

    std::fs::remove_file(sandbox.project().join("go")).expect("a file");
    let bad = at_work(&sandbox, "bad", script);
    let wait = sandbox.start("board wait --for bad=done");
    let ended = sandbox.start("board wait --for bad=ended");
    sandbox.write("go", "7");
    bad.finish().exits_with(7);
    wait.finish().exits_with(1).says("`bad` has failed: failed: exit code 7").says("broken");
    ended.finish().succeeds();
}

#[test]
fn a_wait_whose_time_is_up_exits_with_124() {
    let sandbox = Sandbox::new();
    let running = at_work(&sandbox, "slow", "echo 1/2; while :; do sleep 0.05; done");
    sandbox.vx("board wait --for slow=done --timeout 50ms").exits_with(124).says("`slow` is running");
    sandbox.vx("board wait --for other=done --timeout 50ms").exits_with(124).says("`other` is not there");
    let told = sandbox.vx("board wait --for slow=ready --timeout 50ms --json").exits_with(124).stdout();
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((text(&told["outcome"]), text(&told["work"][0]["word"])), ("timeout", "running"));
    sandbox.vx("board wait --timeout 50ms").exits_with(124);
    sandbox.vx("board wait --for slow=gone").refuses_with("KEY=ready, KEY=done or KEY=ended");
    // A wait ends once its condition can no longer come true.
    let wait = sandbox.start("board wait --for other=ended --timeout 60s");
    sandbox.vx("stop slow").succeeds();
    running.finish();
    wait.finish().exits_with(1).says("the run is over and had no work `other`");
}

#[test]
fn a_wait_ends_for_work_whose_process_was_killed() {
    let sandbox = Sandbox::new();
    let running = at_work(&sandbox, "lost", "echo 1/2; until test -e go; do sleep 0.05; done");
    let wait = sandbox.start("board wait --for lost=done --timeout 60s");
    running.signal(rustix::process::Signal::KILL);
    running.finish();
    wait.finish().exits_with(1).says("`lost` is lost");
    sandbox.write("go", "");
}
