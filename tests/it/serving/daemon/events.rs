//! Events: which client gets which, and what a client that was away finds out.

use std::time::Duration;

use vx::daemon::{DaemonEvent, EventType, Since, Subscribe, Subscribed, Told};

use super::*;

fn subscribe(client: &mut DaemonClient, sandbox: &Sandbox, types: &[EventType]) -> Subscribed {
    let asked = Subscribe { event_types: types.into(), directories: vec![sandbox.project()], since: None };
    client.subscribe(asked).expect("a subscription")
}

/// The next event for which `is` returns true; events before it are skipped.
fn told(client: &mut DaemonClient, what: &str, is: impl Fn(&DaemonEvent) -> bool) -> Told {
    eventually(what, || client.event(PATIENCE).expect("it goes on").filter(|told| is(&told.event)))
}

fn is_release(event: &DaemonEvent, version: &str, installed: bool) -> bool {
    match event {
        DaemonEvent::RuntimeInstalled(release) => installed && release.version == version,
        DaemonEvent::RuntimeRemoved(release) => !installed && release.version == version,
        _ => false,
    }
}

fn syncing() -> Sandbox {
    Sandbox::new().config("[tools]\nbiome = \"2\"\n").offers("biome", "2.3.4")
}

#[test]
fn what_other_terminals_do_is_told_as_it_happens() {
    let sandbox = syncing();
    let _daemon = at_work(&sandbox);
    let mut client = connected(&sandbox);
    let subscribed = subscribe(&mut client, &sandbox, &EventType::ALL);
    let snapshot = subscribed.snapshot.expect("all there is");
    assert_eq!((snapshot.runtimes.len(), snapshot.boards.len(), subscribed.resync), (0, 0, false));
    sandbox.vx("sync").succeeds();
    // The events may come in any order.
    let mut left: Vec<&str> = vec!["opened", "done", "closed", "installed", "locked"];
    eventually("all of it is told", || {
        let seen = match client.event(PATIENCE).expect("it goes on")?.event {
            DaemonEvent::BoardOpened(_) => "opened",
            DaemonEvent::BoardClosed(board) if board.state == "done" => "closed",
            DaemonEvent::WorkChanged(changed) if changed.work["state"] == "done" => "done",
            DaemonEvent::RuntimeInstalled(release) if release.version == "2.3.4" => "installed",
            DaemonEvent::ConfigChanged(changed) if changed.path.ends_with("vx.lock") => "locked",
            _ => return None,
        };
        left.retain(|name| *name != seen);
        left.is_empty().then_some(())
    });
    sandbox.write("vx.toml", "[tools]\n");
    told(
        &mut client,
        "the file has changed",
        |event| matches!(event, DaemonEvent::ConfigChanged(changed) if changed.path.ends_with("vx.toml")),
    );
    sandbox.vx("uninstall biome").succeeds();
    told(&mut client, "it was removed", |event| is_release(event, "2.3.4", false));
    fs::remove_file(sandbox.project().join("vx.lock")).expect("it goes");
    told(
        &mut client,
        "the lock is gone",
        |event| matches!(event, DaemonEvent::ConfigChanged(changed) if changed.path.ends_with("vx.lock")),
    );
}

#[test]
fn a_release_that_is_removed_by_hand_is_told_and_no_other_event_than_those_asked_for() {
    let sandbox = syncing();
    sandbox.vx("sync").succeeds();
    let _daemon = at_work(&sandbox);
    let mut client = connected(&sandbox);
    let subscribed = subscribe(&mut client, &sandbox, &[EventType::RuntimeRemoved]);
    assert_eq!(subscribed.snapshot.expect("all there is").runtimes.len(), 1);
    sandbox.write("vx.toml", "[tools]\nbiome = \"2.3\"\n");
    fs::remove_dir_all(sandbox.home().join("store/biome")).expect("it goes");
    let first = eventually("something is told", || client.event(PATIENCE).expect("it goes on"));
    assert!(is_release(&first.event, "2.3.4", false), "{first:?}");
}

#[test]
fn a_client_that_was_away_goes_on_where_it_was_or_is_told_to_begin_anew() {
    let sandbox = syncing();
    let first = at_work(&sandbox);
    // The other client keeps the daemon watching.
    let (mut stays, mut leaves) = (connected(&sandbox), connected(&sandbox));
    subscribe(&mut stays, &sandbox, &[EventType::RuntimeInstalled]);
    let before = subscribe(&mut leaves, &sandbox, &[EventType::RuntimeInstalled]);
    drop(leaves);
    sandbox.vx("sync").succeeds();
    told(&mut stays, "it is installed", |event| is_release(event, "2.3.4", true));
    let since = Since { generation: before.generation, seq: before.seq };
    let types = vec![EventType::RuntimeInstalled];
    let asked = Subscribe { event_types: types, directories: Vec::new(), since: Some(since) };
    let mut back = connected(&sandbox);
    let again = back.subscribe(asked.clone()).expect("a subscription");
    assert_eq!((again.resync, again.snapshot), (false, None));
    told(&mut back, "it is told what it has missed", |event| is_release(event, "2.3.4", true));

    first.signal(Signal::KILL);
    first.finish();
    let _second = at_work(&sandbox);
    let anew = connected(&sandbox).subscribe(asked).expect("a subscription");
    assert_eq!((anew.resync, anew.snapshot.expect("all there is").runtimes.len()), (true, 1));
}

#[test]
fn a_subscription_ends_with_its_client_or_on_request() {
    let sandbox = syncing();
    let _daemon = at_work(&sandbox);
    let mut client = connected(&sandbox);
    let one = subscribe(&mut client, &sandbox, &[EventType::RuntimeInstalled]).subscription_id;
    let mut other = connected(&sandbox);
    subscribe(&mut other, &sandbox, &[EventType::BoardOpened]);
    let status = client.status().expect("an answer");
    assert!(status.subscriptions == 2 && status.watched > 0, "{status:?}");
    drop(other);
    eventually("it is gone", || (client.status().expect("an answer").subscriptions == 1).then_some(()));
    assert!(client.call("vx/unsubscribe", &json!({ "subscription_id": one })).expect("an answer").is_null());
    assert!(client.call("vx/unsubscribe", &json!({ "subscription_id": one })).is_err(), "there is none any more");
    let status = client.status().expect("an answer");
    assert_eq!((status.subscriptions, status.watched), (0, 0));
    sandbox.vx("sync").succeeds();
    assert!(client.event(Duration::from_millis(300)).expect("it goes on").is_none());
}

#[test]
fn the_command_prints_events_and_goes_on_with_the_next_daemon() {
    let sandbox = syncing();
    let first = at_work(&sandbox);
    let watching = sandbox.start("daemon events --type RuntimeInstalled --type RuntimeRemoved");
    let printed = |what: &str, text: &str, times: usize| {
        eventually(what, || (watching.said().matches(text).count() >= times).then_some(()));
    };
    printed("it begins", "Resync", 1);
    sandbox.vx("sync").succeeds();
    printed("it is told", "RuntimeInstalled", 1);
    first.signal(Signal::KILL);
    first.finish();
    let _second = at_work(&sandbox);
    printed("it begins anew", "Resync", 2);
    sandbox.vx("uninstall biome").succeeds();
    printed("it is told", "RuntimeRemoved", 1);
    watching.signal(Signal::INT);
    watching.finish();
    sandbox.vx("daemon events --type Nonsense").exits_with(2).says("RuntimeInstalled");
}

#[test]
fn a_client_that_takes_nothing_holds_nobody_up() {
    let sandbox = syncing();
    let _daemon = at_work(&sandbox);
    let mut stuck = UnixStream::connect(socket(&sandbox)).expect("a connection");
    let say = |stream: &mut UnixStream, id: u32, method: &str, params: Value| {
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        stream.write_all(&framed(&request.to_string())).expect("it is taken");
    };
    say(&mut stuck, 1, "initialize", json!({ "protocol": { "min": 1, "max": 1 } }));
    say(&mut stuck, 2, "vx/subscribe", json!({ "event_types": ["ConfigChanged"], "directories": [sandbox.project()] }));
    let mut client = connected(&sandbox);
    eventually("both are subscribed", || (client.status().expect("an answer").subscriptions == 1).then_some(()));
    subscribe(&mut client, &sandbox, &[EventType::ConfigChanged]);
    for number in 0..500 {
        sandbox.write("vx.toml", &format!("# {number}\n"));
        let next = told(&mut client, "it is told", |event| matches!(event, DaemonEvent::ConfigChanged(_)));
        assert!(next.seq > 0);
    }
}

/// How often the threads of this process have gone to sleep so far.
#[cfg(target_os = "linux")]
fn sleeps(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("it runs").flatten();
    let statuses = tasks.filter_map(|task| fs::read_to_string(task.path().join("status")).ok());
    let counts = statuses.filter_map(|status| {
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        line.trim().parse::<u64>().ok()
    });
    counts.sum()
}

#[test]
#[cfg(target_os = "linux")]
fn a_daemon_that_has_told_everything_rests() {
    let sandbox = syncing();
    sandbox.vx("sync").succeeds();
    let daemon = at_work(&sandbox);
    let mut client = connected(&sandbox);
    subscribe(&mut client, &sandbox, &EventType::ALL);
    // A watch that woke itself would cause hundreds in this time. Those caused by the last changes are over after a
    // while.
    eventually("it rests", || {
        let before = sleeps(daemon.pid());
        std::thread::sleep(Duration::from_secs(2));
        // The count drops if a thread has ended in the meantime.
        sleeps(daemon.pid()).checked_sub(before).is_some_and(|slept| slept < 10).then_some(())
    });
}

#[test]
fn a_run_that_was_killed_is_told_as_abandoned() {
    let sandbox = Sandbox::new();
    let _daemon = at_work(&sandbox);
    let mut client = connected(&sandbox);
    subscribe(&mut client, &sandbox, &[EventType::BoardOpened, EventType::BoardClosed]);
    let run = sandbox.start("board run slow -- sleep 715");
    told(&mut client, "it is there", |event| matches!(event, DaemonEvent::BoardOpened(_)));
    // A command that has just begun has no watchdog yet.
    let watched = || sandbox.processes().iter().any(|process| process.command.contains("--watch-command"));
    eventually("it has a watchdog", || watched().then_some(()));
    run.signal(Signal::KILL);
    run.finish();
    told(
        &mut client,
        "its end",
        |event| matches!(event, DaemonEvent::BoardClosed(board) if board.state == "abandoned"),
    );
    eventually("nothing is left of it", || (sandbox.processes().len() == 1).then_some(()));
}
