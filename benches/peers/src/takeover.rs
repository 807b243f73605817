//! A writer killed with SIGKILL: the state that can be read afterwards, and how another writer can take its place.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use iceoryx2::prelude::*;
use vx_shm::{Board, Kind, Reader, Slot};

use crate::child::{self, Child, REST};
use crate::shared::Shared;
use crate::state::{self, unique};

const LAST: u64 = 4_242;

pub(crate) fn run() {
    child::stay_on(0);
    println!(
        "\n### A writer is killed with SIGKILL: what then?\n\n| way | its last state reads | its place can be taken |"
    );
    println!("|---|---|---|");
    let facts = [
        ("board, slot", board as fn(&Path) -> (String, String)),
        ("iceoryx2 blackboard, entry", blackboard),
        ("ipckit shared memory, name", ipckit_memory),
    ];
    for (mechanism, observe) in facts {
        let place = tempfile::tempdir_in(child::memory()).expect("a directory");
        let (read, taken) = observe(place.path());
        println!("| {mechanism} | {read} | {taken} |");
    }
}

fn crashed(role: &str, place: &Path) -> Child {
    Child::start(&format!("crash {role} {}", place.display()))
}

fn board(place: &Path) -> (String, String) {
    let path = place.join("peers.board");
    let board = Board::create(&path, "peers", 1).expect("a board");
    let mut child = crashed("board", place);
    child.kill();
    let snapshot = Reader::open(&path).map(|mut reader| reader.snapshot().expect("a snapshot"));
    let done = snapshot.expect("a reader").slots.first().map(|slot| slot.done);
    let began = Instant::now();
    let mut refusals = 0;
    let taken = loop {
        match Slot::join(board.path(), "ripgrep", "14.1.1", Kind::Install) {
            Ok(mut slot) => {
                slot.publish(LAST + 1);
                break format!("yes, by whoever asks: {}", after(began, refusals));
            }
            Err(error) if began.elapsed() > Duration::from_secs(5) => break format!("no: {error}"),
            Err(_) => refusals += 1,
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    (answer(done), taken)
}

fn blackboard(place: &Path) -> (String, String) {
    let mut child = crashed("blackboard", place);
    let node = state::node();
    let name: ServiceName = unique(place).as_str().try_into().expect("a name");
    let factory = node.service_builder(&name).blackboard_opener::<u64>().open().expect("a blackboard");
    let reader = factory.reader_builder().create().expect("a reader");
    child.kill();
    let done = reader.entry::<u64>(&0).ok().map(|entry| *entry.get());
    let began = Instant::now();
    let at_once = factory.writer_builder().create();
    let first = at_once.as_ref().err().map(|error| format!("{error:?}"));
    let cleaned = node.blocking_cleanup_dead_nodes(Duration::from_secs(1));
    let writer = at_once.or_else(|_| factory.writer_builder().create());
    let entry = writer.map_err(|error| format!("{error:?}")).map(|writer| {
        writer.entry::<u64>(&0).map(|entry| entry.update_with_copy(LAST + 1)).map_err(|error| format!("{error:?}"))
    });
    let cleaned = format!("after {} dead node was cleared away in {}", cleaned.cleanups, after(began, 0));
    let taken = match entry {
        Ok(Ok(())) => format!("yes, {cleaned}"),
        Ok(Err(entry)) => {
            let first = first.unwrap_or("given".into());
            format!("no: a writer port at once: {first}; {cleaned}: given, and its entry: {entry}")
        }
        Err(port) => format!("no: {cleaned}: {port}"),
    };
    (answer(done), taken)
}

fn ipckit_memory(place: &Path) -> (String, String) {
    let name = unique(place);
    let mut child = crashed("ipckit", place);
    child.kill();
    let done = ipckit::SharedMemory::open(&name).ok().and_then(|memory| {
        let bytes = memory.read(0, 8).ok()?;
        Some(u64::from_le_bytes(*bytes.first_chunk()?))
    });
    let taken = match ipckit::SharedMemory::create(&name, 4_096) {
        Ok(_) => "yes".to_owned(),
        Err(error) => format!("no, the name stays: {error}"),
    };
    let _ = std::fs::remove_file(Path::new("/dev/shm").join(&name)); // No other process removes it.
    (answer(done), taken)
}

fn answer(done: Option<u64>) -> String {
    match done {
        Some(LAST) => "yes".into(),
        other => format!("no: {other:?}"),
    }
}

fn after(began: Instant, refusals: u32) -> String {
    let took = began.elapsed().as_secs_f64() * 1_000.0;
    if refusals == 0 { format!("{took:.1} ms") } else { format!("{took:.1} ms, refused {refusals} times before") }
}

/// Run the writer's process, which writes once and waits to be killed.
pub(crate) fn write(role: &str, place: &Path, shared: &Shared) {
    child::end_with_parent();
    let ready = || {
        shared.doing.store(REST, Ordering::Release);
        loop {
            std::thread::sleep(Duration::from_secs(1));
        }
    };
    match role {
        "board" => {
            let path = place.join("peers.board");
            let mut slot = Slot::join(&path, "ripgrep", "14.1.1", Kind::Install).expect("a slot");
            slot.publish(LAST);
            ready();
        }
        "blackboard" => {
            let node = state::node();
            let name: ServiceName = unique(place).as_str().try_into().expect("a name");
            let builder = node.service_builder(&name).blackboard_creator::<u64>().add::<u64>(0, 0);
            let factory = builder.create().expect("a blackboard");
            let writer = factory.writer_builder().create().expect("a writer");
            writer.entry::<u64>(&0).expect("an entry").update_with_copy(LAST);
            let _entry = writer.entry::<u64>(&0);
            ready();
        }
        _ => {
            let mut memory = ipckit::SharedMemory::create(&unique(place), 4_096).expect("shared memory");
            memory.write(0, &LAST.to_le_bytes()).expect("room");
            ready();
        }
    }
}
