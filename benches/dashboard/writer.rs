//! A process that fills a board with rows: some move a hundred times a second, and the others only send heartbeats.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use vx_shm::{Board, BoardState, Ending, Kind, Slot, SlotState};
use vx_status::vocabulary::Phase;

/// Variable that makes this program a writer: `BOARD ROWS MOVING OVER TOTAL`.
pub(crate) const ROLE: &str = "VX_BENCH_ROLE";

const BETWEEN_REPORTS: Duration = Duration::from_millis(10);
/// No download of the bench ever ends.
const TOTAL: u64 = 1 << 40;

/// The rows of the board and their movement.
#[derive(Clone, Copy)]
pub(crate) struct Workload {
    pub(crate) rows: u32,
    pub(crate) moving: u32,
    /// All rows have ended, and the board is closed.
    pub(crate) over: bool,
    /// The total of each row is known.
    pub(crate) total: bool,
}

/// The process, ended when dropped.
pub(crate) struct Writer {
    child: Child,
    board: PathBuf,
    _directory: tempfile::TempDir,
}

impl Writer {
    /// Start it and wait until the board is as it should be.
    pub(crate) fn start(workload: Workload) -> Self {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let directory = tempfile::tempdir_in(place).expect("a directory");
        let board = directory.path().join("bench.board");
        let Workload { rows, moving, over, total } = workload;
        let role = format!("{} {rows} {moving} {over} {total}", board.display());
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a writer");
        let mut ready = [0];
        child.stdout.as_mut().expect("a pipe").read_exact(&mut ready).expect("it says that it is ready");
        Self { child, board, _directory: directory }
    }

    pub(crate) fn board(&self) -> &Path {
        &self.board
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Play the writer's part.
pub(crate) fn play(role: &str) {
    let mut words = role.split(' ');
    let mut word = || words.next().expect("five words");
    let (path, rows, moving) = (PathBuf::from(word()), number(word()), number(word()));
    let (over, total) = (word() == "true", (word() == "true").then_some(TOTAL));
    let board = Board::create(&path, "bench", rows).expect("a board");
    let mut slots: Vec<Slot> = (0..rows).map(|row| slot(&path, row, total)).collect();
    if over {
        for slot in slots.drain(..) {
            slot.end(Ending::new(SlotState::Done)).expect("it ends");
        }
        board.close(BoardState::Done);
    }
    let mut ready = std::io::stdout();
    ready.write_all(b"!").and_then(|()| ready.flush()).expect("somebody waits");
    for report in 1.. {
        for slot in slots.iter_mut().take(moving as usize) {
            slot.publish(report * (1 << 16) * (1 + u64::from(slot.index()) % 7));
        }
        std::thread::sleep(BETWEEN_REPORTS);
    }
}

fn number(word: &str) -> u32 {
    word.parse().expect("a number")
}

fn slot(board: &Path, row: u32, total: Option<u64>) -> Slot {
    let mut slot = Slot::join(board, &format!("tool-{row:02}"), "1.22.333", Kind::Install).expect("a slot");
    slot.enter(Phase::DOWNLOADING, total);
    slot
}
