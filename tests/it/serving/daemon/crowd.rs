//! Many clients, much work and many events at once.

use std::sync::mpsc;
use std::thread;

use vx::daemon::{DaemonEvent, EventType, Since, Subscribe};
use vx_shm::{Board, BoardState, Ending, Kind, Slot, SlotState};

use super::work::trusted;
use super::*;

/// The number of projects that are synced, and of clients that watch, while the daemon is killed.
const SYNCS: usize = 20;
const WATCHERS: usize = 5;
/// The slots of a board that makes events: each gives one at its beginning and one at its end, and there are fewer than
/// are kept.
const SLOTS: usize = 100;
/// The most private memory of a daemon, in bytes.
const MOST_BYTES: u64 = 30 << 20;

fn asking(types: &[EventType], since: Option<Since>) -> Subscribe {
    Subscribe { event_types: types.into(), directories: Vec::new(), since }
}

#[test]
fn a_daemon_that_is_killed_harms_no_sync_and_its_clients_begin_anew_with_the_next() {
    let sandbox = Sandbox::new();
    let projects: Vec<PathBuf> = (0..SYNCS).map(|number| sandbox.project().join(format!("p{number}"))).collect();
    for (number, project) in projects.iter().enumerate() {
        let version = format!("2.3.{number}");
        sandbox.publish_slowly("biome", &version, 60_000, 20_000);
        fs::create_dir_all(project).expect("a directory");
        fs::write(project.join("vx.toml"), format!("[tools]\nbiome = \"{version}\"\n")).expect("a file");
    }
    let daemon = at_work(&sandbox);
    let mut watchers: Vec<(DaemonClient, Since)> = (0..WATCHERS)
        .map(|_| {
            let mut client = connected(&sandbox);
            let subscribed = client.subscribe(asking(&EventType::ALL, None)).expect("a subscription");
            (client, Since { generation: subscribed.generation, seq: subscribed.seq })
        })
        .collect();
    thread::scope(|scope| {
        for some in projects.chunks(SYNCS / WATCHERS) {
            let mut client = connected(&sandbox);
            scope.spawn(move || {
                for project in some {
                    let begun = client.call("vx/sync", &trusted(json!({ "directory": project }))).expect("an answer");
                    assert!(begun["board"]["id"].is_string(), "{begun}");
                }
            });
        }
    });
    daemon.signal(Signal::KILL);
    daemon.finish();
    for (client, _) in &mut watchers {
        eventually("the connection is over", || client.event(PATIENCE).is_err().then_some(()));
    }
    let _next = at_work(&sandbox);
    for (client, since) in &mut watchers {
        *client = connected(&sandbox);
        let subscribed = client.subscribe(asking(&EventType::ALL, Some(since.clone()))).expect("a subscription");
        assert!(
            subscribed.resync && subscribed.snapshot.is_some(),
            "another daemon knows nothing of the first's events"
        );
    }
    eventually("each sync has its release", || (sandbox.installed().len() == SYNCS).then_some(()));
    eventually("the daemon alone is left", || (sandbox.processes().len() == 1).then_some(()));
    let status = watchers[0].0.status().expect("an answer");
    assert_eq!((status.pong.cached_runtimes, status.subscriptions), (SYNCS as u64, WATCHERS as u32));
    sandbox.keeps_only_whole_releases();
}

/// The private memory of a process, without that of mapped files.
#[cfg(target_os = "linux")]
fn own_bytes(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("a number");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

/// Many clients get events of each type; `VX_EVENTS` sets how many events each gets.
#[test]
#[cfg(target_os = "linux")]
fn of_a_hundred_clients_one_that_is_stopped_holds_no_other_up_and_memory_has_a_bound() {
    let sandbox = Sandbox::new();
    let daemon = at_work(&sandbox);
    let wanted = std::env::var("VX_EVENTS").ok().and_then(|events| events.parse().ok()).unwrap_or(4 * SLOTS);
    let rounds = wanted / (2 * SLOTS);
    let types = [EventType::WorkChanged, EventType::BoardClosed];
    let stopped = stopped_client(&sandbox);
    let readers: Vec<_> = (0..99)
        .map(|_| {
            let mut client = connected(&sandbox);
            client.subscribe(asking(&types, None)).expect("a subscription");
            client
        })
        .collect();
    assert!(DaemonClient::connect(&home(&sandbox), "one more").is_err(), "there are a hundred");
    thread::scope(|scope| {
        let (sender, told) = mpsc::channel();
        for mut reader in readers {
            let sender = sender.clone();
            scope.spawn(move || (0..rounds).for_each(|_| sender.send(ends_of_a_board(&mut reader)).expect("it waits")));
        }
        for round in 0..rounds {
            fill(&sandbox.runtime().join(format!("{round}.board")));
            for _ in 0..99 {
                assert_eq!(told.recv_timeout(PATIENCE).expect("in time"), SLOTS, "every end is told");
            }
        }
    });
    let bytes = own_bytes(daemon.pid());
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
    println!("{rounds} rounds: {bytes} bytes");
    drop(stopped);
}

/// A client that subscribes to everything and reads nothing.
#[cfg(target_os = "linux")]
fn stopped_client(sandbox: &Sandbox) -> UnixStream {
    let mut stream = UnixStream::connect(socket(sandbox)).expect("a connection");
    for (id, method, params) in [
        (1, "initialize", json!({ "protocol": { "min": 1, "max": 1 } })),
        (2, "vx/subscribe", json!({ "event_types": ["WorkChanged", "Progress", "BoardOpened", "BoardClosed"] })),
    ] {
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        stream.write_all(&framed(&request.to_string())).expect("it is taken");
    }
    stream
}

/// The number of ends that a client is notified of until the board is over.
#[cfg(target_os = "linux")]
fn ends_of_a_board(client: &mut DaemonClient) -> usize {
    let mut ends = 0;
    loop {
        match client.event(PATIENCE).expect("it goes on").expect("in time").event {
            DaemonEvent::WorkChanged(changed) => ends += usize::from(changed.work["ended"] == true),
            DaemonEvent::BoardClosed(_) => return ends,
            other => panic!("{other:?}"),
        }
    }
}

/// A board with a run in which every slot begins and ends.
#[cfg(target_os = "linux")]
fn fill(path: &std::path::Path) {
    let board = Board::create(path, "crowd", SLOTS as u32).expect("a board");
    let slots: Vec<Slot> =
        (0..SLOTS).map(|number| Slot::join(path, &format!("slot {number}"), "", Kind::Task).expect("a slot")).collect();
    slots.into_iter().for_each(|slot| slot.end(Ending::new(SlotState::Done)).expect("an end"));
    board.close(BoardState::Done);
}
