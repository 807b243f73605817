//! A build tool with 64 threads that makes an index of the words in a directory of sources, and shows each file it
//! works on: `cargo run -p vx-shm --example build_tool -- /dev/shm/index.board shm/src target/index`
//!
//! Each source becomes a list of its words, which is rebuilt only if the source has changed; a last step joins the
//! lists.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::{env, fs, thread};

use vx_shm::{Board, BoardState, Ending, Kind, Pool, Slot, SlotState, Step};

const THREADS: u32 = 64;

/// A step of the vocabulary of tasks.
const RUNNING: Step = Step::new(3);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [board, sources, out] = <[_; 3]>::try_from(env::args_os().skip(1).map(PathBuf::from).collect::<Vec<_>>())
        .map_err(|_| "usage: build_tool BOARD SOURCES OUT")?;
    fs::create_dir_all(&out)?;
    let board = Board::create(&board, &format!("index of {}", sources.display()), THREADS + 1)?;
    let pool = Pool::claim(board.path(), THREADS)?;
    let mut files = Vec::new();
    collect(&sources, &mut files)?;
    let mut index = Slot::join(board.path(), "index", "", Kind::Build)?;
    index.enter(RUNNING, Some(files.len() as u64));
    let (next, built) = (Mutex::new(files.iter()), Mutex::new((index, Vec::new())));
    let work = || -> Result<(), String> {
        loop {
            let Some(source) = next.lock().unwrap().next() else { return Ok(()) };
            let name = source.strip_prefix(&sources).unwrap_or(source).display().to_string();
            let list = out.join(format!("{}.words", name.replace(['/', '\\'], "-")));
            let slot = pool.begin(&name, "", Kind::Build).map_err(|error| error.to_string())?;
            build(source, &list, slot).map_err(|error| format!("{name}: {error}"))?;
            let (index, lists) = &mut *built.lock().unwrap();
            lists.push(list);
            index.publish(lists.len() as u64);
        }
    };
    let ends: Vec<Result<(), String>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no step panics")).collect()
    });
    let (index, lists) = built.into_inner().unwrap();
    if let Some(error) = ends.into_iter().find_map(Result::err) {
        index.end(Ending::failed(error.as_str()))?;
        board.close(BoardState::Failed);
        return Err(error.into());
    }
    let mut words = BTreeSet::new();
    for list in lists {
        words.extend(fs::read_to_string(list)?.lines().map(str::to_owned));
    }
    let joined = out.join("index.words");
    fs::write(&joined, words.into_iter().collect::<Vec<_>>().join("\n"))?;
    index.end(Ending::done_at(joined.display().to_string()))?;
    board.close(BoardState::Done);
    Ok(())
}

/// One step of the build: make the list of a source's words, and end the slot with the outcome.
fn build(source: &Path, list: &Path, mut slot: Slot) -> io::Result<()> {
    let changed = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
    if changed(list) > changed(source) {
        slot.message("up to date");
        slot.end(Ending::new(SlotState::Skipped)).expect("skipped is an end");
        return Ok(());
    }
    let made = fs::read_to_string(source).and_then(|text| {
        slot.enter(RUNNING, Some(text.len() as u64));
        let mut words = BTreeSet::new();
        for line in text.split_inclusive('\n') {
            words.extend(line.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()));
            slot.publish(slot.done() + line.len() as u64);
        }
        fs::write(list, words.into_iter().collect::<Vec<_>>().join("\n"))
    });
    let ending = match &made {
        Ok(()) => Ending::done_at(list.display().to_string()),
        Err(error) => Ending::failed(error.to_string()),
    };
    slot.end(ending).expect("either is an end");
    made
}

fn collect(directory: &Path, into: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, into)? } else { into.push(path) }
    }
    Ok(())
}
