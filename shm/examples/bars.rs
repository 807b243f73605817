//! Progress bars for several processes, drawn by the one that starts them: each process adds up the bytes of its share
//! of some files, two files at a time. `cargo run -p vx-shm --example bars -- /dev/shm/bars.board /usr/bin/*`

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Mutex;
use std::time::Duration;
use std::{env, thread};

use vx_shm::{Board, BoardState, Ending, Kind, Pool, Slot, SlotState, SlotView, Snapshot, Step, Unit};

const PROCESSES: usize = 4;
const THREADS: u32 = 2;
const CELLS: usize = 30;

/// A step of the vocabulary of tasks.
const RUNNING: Step = Step::new(3);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.split_first().ok_or("usage: bars BOARD FILE...")? {
        (first, rest) if first == "--worker" => work(rest),
        (board, files) => draw(Path::new(board), files),
    }
}

/// One worker process: its own pool on the shared board.
fn work(arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let (board, files) = arguments.split_first().ok_or("the parent names the board")?;
    let pool = Pool::claim(Path::new(board), THREADS)?;
    let next = Mutex::new(files.iter());
    thread::scope(|scope| {
        let worker = || {
            loop {
                let Some(file) = next.lock().unwrap().next() else { return };
                if let Ok(slot) = pool.begin(file, "", Kind::Task) {
                    add_up(Path::new(file), slot).expect("either is an end");
                }
            }
        };
        (0..THREADS).for_each(|_| _ = scope.spawn(worker));
    });
    Ok(())
}

/// Publish the sum of a file's bytes as the message of its slot.
fn add_up(file: &Path, mut slot: Slot) -> Result<(), vx_shm::EndError> {
    let added = File::open(file).and_then(|mut file| {
        slot.enter(RUNNING, Some(file.metadata()?.len()));
        slot.set_unit(Unit::Bytes);
        let (mut buffer, mut sum) = (vec![0; 64 * 1024], 0u64);
        loop {
            let length = file.read(&mut buffer)?;
            if length == 0 {
                return Ok(sum);
            }
            sum += buffer[..length].iter().map(|byte| u64::from(*byte)).sum::<u64>();
            slot.publish(slot.done() + length as u64);
        }
    });
    match added {
        Ok(sum) => {
            slot.message(&format!("sum {sum}"));
            slot.end(Ending::new(SlotState::Done))
        }
        Err(error) => slot.end(Ending::failed(error.to_string())),
    }
}

/// The process that starts the others. It draws only what it reads from the board.
fn draw(path: &Path, files: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let board = Board::create(path, "sums", PROCESSES as u32 * THREADS)?;
    let shares = files.chunks(files.len().div_ceil(PROCESSES).max(1));
    let start = |share| Command::new(env::current_exe()?).arg("--worker").arg(path).args(share as &[String]).spawn();
    let mut workers = shares.map(start).collect::<io::Result<Vec<Child>>>()?;
    let (mut reader, mut snapshot, mut drawn) = (board.reader()?, Snapshot::default(), 0);
    loop {
        let mut running = false;
        for worker in &mut workers {
            running |= worker.try_wait()?.is_none();
        }
        reader.refresh(&mut snapshot)?; // After the check above, so that the last round draws the last states.
        if !running || io::stdout().is_terminal() {
            show(&snapshot.slots, &mut drawn)?;
        }
        if !running {
            break;
        }
        reader.wait_change(Duration::from_millis(50));
    }
    board.close(BoardState::Done);
    Ok(())
}

/// Draw a line for each slot, over the lines drawn last time.
fn show(slots: &[SlotView], drawn: &mut usize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if *drawn > 0 {
        write!(out, "\x1b[{drawn}F")?; // Move the cursor up to the first line.
    }
    for slot in slots {
        let total = slot.total.unwrap_or(0).max(1);
        let full = (slot.done.min(total) as f64 / total as f64 * CELLS as f64) as usize;
        let bar = format!("{}{}", "#".repeat(full), ".".repeat(CELLS - full));
        let text = slot.error.as_ref().unwrap_or(&slot.message);
        // Texts from other processes are shown with their control characters escaped: a terminal may obey them.
        writeln!(out, "[{bar}] {:9} {:?} {text:?}{}", slot.state.name(), slot.key, clear(*drawn))?;
    }
    *drawn = slots.len();
    out.flush()
}

/// The sequence that clears the rest of a line drawn over another.
fn clear(drawn: usize) -> &'static str {
    if drawn > 0 { "\x1b[K" } else { "" }
}
