//! A test runner: each argument is a command, four run at a time, and a failure shows its last lines:
//! `cargo run -p vx-shm --example test_runner -- /dev/shm/tests.board 'true' 'ls /nowhere' 'sleep 1; echo fine'`
//!
//! The runner's threads are the writers; the commands know nothing about the board.

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, thread};

use vx_shm::{Board, BoardState, Ending, Kind, Pool, Slot, SlotState, Step};

const THREADS: u32 = 4;

/// A step of the vocabulary of tasks.
const RUNNING: Step = Step::new(3);

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (board, tests) = arguments.split_first().ok_or("usage: test_runner BOARD COMMAND...")?;
    // More lanes than threads, so that readers see the last ends for a while.
    let board = Board::create(Path::new(board), "tests", 4 * THREADS)?;
    let pool = Pool::claim(board.path(), board.capacity())?;
    let (next, passed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let run_tests = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(test) = tests.get(number) else { return };
            // The number tells equal commands apart. A test for which no lane is free still runs, but isn't shown.
            let slot = pool.begin(&format!("{} {test}", number + 1), "", Kind::Task).ok();
            match run(test, slot) {
                Ok(status) if status.success() => _ = passed.fetch_add(1, Ordering::Relaxed),
                Ok(status) => eprintln!("failed: {test:?}: {status}"),
                Err(error) => eprintln!("failed: {test:?}: {error}"),
            }
        }
    };
    thread::scope(|scope| (0..THREADS).for_each(|_| _ = scope.spawn(run_tests)));
    let passed = passed.into_inner();
    let all = passed == tests.len();
    board.close(if all { BoardState::Done } else { BoardState::Failed });
    println!("{passed} of {} passed", tests.len());
    Ok(ExitCode::from(u8::from(!all)))
}

/// Run a test, and show each line of its output as it comes.
fn run(test: &str, mut slot: Option<Slot>) -> io::Result<ExitStatus> {
    slot.iter_mut().for_each(|slot| slot.enter(RUNNING, None));
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec 2>&1; {test}")]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = shell.spawn()?;
    let (mut lines, mut last) = (0, String::new());
    for line in child.stdout.take().into_iter().flat_map(|output| BufReader::new(output).split(b'\n')) {
        let line = line?;
        lines += 1;
        last = String::from_utf8_lossy(&line).into_owned();
        if let Some(slot) = &mut slot {
            slot.log_line(&line);
            slot.message(&last);
            slot.publish(lines);
        }
    }
    let status = child.wait()?;
    let ending = match status.success() {
        true => Ending::new(SlotState::Done),
        false => Ending { exit_code: status.code(), ..Ending::failed(format!("{status}: {last}")) },
    };
    slot.map_or(Ok(()), |slot| slot.end(ending)).map_err(io::Error::other)?;
    Ok(status)
}
