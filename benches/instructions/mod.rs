//! Instructions of the board's hot paths, counted under callgrind: shared by the benches that need them.

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};

use vx_shm::layout::HotLine;
use vx_shm::{Board, Kind, Reader, Slot, Step, stamp};

use crate::record::{DOWNLOADING, MESSAGE, TOTAL};

const CALLS: u64 = 1_000;
const ROLE: &str = "VX_BENCH_MEASURED";

/// Name of each count, its role, and the most instructions it may take.
const MEASURED: [(&str, Role, Option<f64>); 6] = [
    ("publish", Role::Publish, Some(14.0)),
    ("read of one hot line", Role::Read, Some(16.0)),
    ("poll of 64 slots, none changed", Role::PollQuiet, Some(720.0)),
    ("poll of 64 slots, all changed", Role::PollChanged, Some(3_350.0)),
    ("message of 59 bytes, encoded and published", Role::Message, Some(91.0)),
    // A single allocation would exceed it.
    ("log line of 80 bytes", Role::LogLine, Some(280.0)),
];

/// The work of one run of this program under callgrind.
#[derive(Clone, Copy, Debug)]
enum Role {
    Publish,
    Read,
    PollQuiet,
    PollChanged,
    Message,
    LogLine,
}

impl Role {
    const ALL: [Self; 6] =
        [Self::Publish, Self::Read, Self::PollQuiet, Self::PollChanged, Self::Message, Self::LogLine];

    /// The function whose instructions are counted.
    fn function(self) -> &'static str {
        match self {
            Self::Publish => "publish_once",
            Self::Read => "read_once",
            Self::PollQuiet | Self::PollChanged => "poll_once",
            Self::Message => "message_once",
            Self::LogLine => "log_line_once",
        }
    }
}

/// Do the work that this process was started for, if it was started under callgrind.
pub(crate) fn ran_as_measured() -> bool {
    let Ok(text) = std::env::var(ROLE) else { return false };
    let (role, path) = text.split_once(' ').expect("a role and a path");
    let role = Role::ALL.into_iter().find(|known| format!("{known:?}") == role).expect("a role");
    call(role, Path::new(path));
    true
}

/// The name of each count, instructions a call, and the most there may be; `None` without valgrind.
pub(crate) fn counts() -> Option<Vec<(&'static str, f64, Option<f64>)>> {
    Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().ok()?;
    let each = |role| count(role) as f64 / CALLS as f64;
    Some(MEASURED.iter().map(|(what, role, most)| (*what, each(*role), *most)).collect())
}

/// Count the instructions of all calls of the role's function, callees included.
fn count(role: Role) -> u64 {
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().join("callgrind.out");
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .arg(format!("--toggle-collect=*{}*", role.function()))
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().expect("this bench"))
        .env(ROLE, format!("{role:?} {}", directory.path().join("bench.board").display()))
        .stderr(Stdio::null())
        .status();
    assert!(ran.is_ok_and(|status| status.success()), "callgrind did not run {role:?}");
    let text = std::fs::read_to_string(&out).expect("callgrind's answer");
    let totals = text.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    let total = totals.and_then(|totals| totals.trim().parse().ok()).expect("a total");
    assert!(total > 0, "callgrind knows no function `{}`: nothing was counted", role.function());
    total
}

/// Run the role's function under callgrind, `CALLS` times.
fn call(role: Role, path: &Path) {
    let board = Board::create(path, "bench", 64).expect("a board");
    let mut slots: Vec<Slot> = (0..64).map(|number| slot(&board, number)).collect();
    let mut reader = board.reader().expect("a reader");
    let line = HotLine::default();
    line.numbers.write(&[1, 2, 3]);
    reader.poll();
    for done in 0..CALLS {
        match role {
            Role::Publish => publish_once(&mut slots[0], done),
            Role::Read => _ = black_box(read_once(black_box(&line))),
            Role::PollQuiet => assert_eq!(poll_once(&mut reader), 0),
            Role::PollChanged => {
                slots.iter_mut().for_each(|slot| slot.publish(done));
                assert_eq!(poll_once(&mut reader), 64);
            }
            Role::Message => message_once(&mut slots[0]),
            Role::LogLine => log_line_once(&mut slots[0], &[b'x'; 80]),
        }
    }
}

fn slot(board: &Board, number: usize) -> Slot {
    let mut slot = Slot::join(board.path(), &format!("tool-{number}"), "1.2.3", Kind::Install).expect("a slot");
    slot.enter(Step::new(DOWNLOADING), Some(TOTAL));
    slot
}

#[inline(never)]
fn publish_once(slot: &mut Slot, done: u64) {
    slot.publish(done);
}

#[inline(never)]
fn read_once(line: &HotLine) -> u64 {
    stamp::read_hot(line).map_or(0, |reading| reading.numbers[0])
}

#[inline(never)]
fn poll_once(reader: &mut Reader) -> usize {
    reader.poll()
}

#[inline(never)]
fn message_once(slot: &mut Slot) {
    slot.message(black_box(MESSAGE));
}

#[inline(never)]
fn log_line_once(slot: &mut Slot, line: &[u8]) {
    slot.log_line(black_box(line));
}
