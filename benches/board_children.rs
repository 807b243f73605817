//! What does it cost a parent to follow 64 child processes that each report a thousand times a second?
//!
//! Budget: at most 0.25 % of a core for the numbers on the board, and a report over pipes at least 80 times dearer. The
//! board is looked at 60 times a second, the numbers alone and the whole snapshot; pipes are read as they fill, and each
//! record is decoded. Pipes read 60 times a second only show how much of the difference is waking up.
//!
//! `cargo bench --bench board_children` (three runs of each, 3 seconds a run)

mod record;

use std::io::Read;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use record::{Record, TOTAL, Wire, median};
use rustix::event::epoll;
use vx_shm::{Board, Kind, Phase, Slot, Snapshot};

const CHILDREN: u32 = 64;
const RUN: Duration = Duration::from_secs(3);
const GAP: Duration = Duration::from_millis(1);
const FRAME: Duration = Duration::from_micros(16_667);
/// What tells a child its role: `board PATH SLOT GENERATION`, or the name of a wire.
const ROLE: &str = "VX_BENCH_ROLE";

fn main() {
    if let Ok(role) = std::env::var(ROLE) {
        return child(&role);
    }
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return; // Run as a test, there is nothing to measure.
    }
    let ways = [
        ("board, numbers at 60 Hz", Way::Board(Look::Numbers)),
        ("board, whole snapshot at 60 Hz", Way::Board(Look::Snapshot)),
        ("one pipe per child, postcard", Way::Pipes(Wire::Postcard, false)),
        ("one pipe per child, JSON lines", Way::Pipes(Wire::JsonLine, false)),
        ("one pipe per child, postcard, read at 60 Hz", Way::Pipes(Wire::Postcard, true)),
    ];
    let mut runs: Vec<Vec<Run>> = vec![Vec::new(); ways.len()];
    for _ in 0..3 {
        for ((_, way), runs) in ways.iter().zip(&mut runs) {
            runs.push(way.run()); // In turns: whatever disturbs the machine disturbs all of them.
        }
    }
    let figures: Vec<(f64, f64, f64)> = runs.iter().map(|runs| middle(runs)).collect();
    println!("64 children, medians of 3 runs of {RUN:?}:");
    for ((name, _), (percent, each_ns, rate)) in ways.iter().zip(&figures) {
        println!(
            "  {name:45} {percent:7.3} % of a core  {each_ns:7.1} ns a report  {rate:7.0} reports/s  {:6.1} times the board",
            percent / figures[0].0
        );
    }
    let kept = figures[0].0 <= 0.25 && figures[2].1 / figures[0].1 >= 80.0;
    println!(
        "budget (numbers at most 0.25 %, a report over pipes at least 80 times dearer): {} ({:.0} times)",
        if kept { "kept" } else { "BROKEN" },
        figures[2].1 / figures[0].1
    );
}

#[derive(Clone, Copy)]
enum Way {
    Board(Look),
    Pipes(Wire, bool),
}

/// How the parent looks at the board.
#[derive(Clone, Copy, PartialEq)]
enum Look {
    Numbers,
    Snapshot,
}

/// What one run cost the parent.
#[derive(Clone, Copy)]
struct Run {
    cpu: Duration,
    wall: Duration,
    reports: u64,
}

/// Percent of a core, nanoseconds a report, reports a second.
fn middle(runs: &[Run]) -> (f64, f64, f64) {
    let of = |figure: fn(&Run) -> f64| median(runs.iter().map(figure).collect());
    (
        of(|run| 100.0 * run.cpu.as_secs_f64() / run.wall.as_secs_f64()),
        of(|run| run.cpu.as_nanos() as f64 / run.reports as f64),
        of(|run| run.reports as f64 / run.wall.as_secs_f64()),
    )
}

impl Way {
    fn run(self) -> Run {
        match self {
            Self::Board(look) => run_board(look),
            Self::Pipes(wire, at_frames) => run_pipes(wire, at_frames),
        }
    }
}

fn run_board(look: Look) -> Run {
    let directory = tempfile::tempdir_in(memory()).expect("a directory");
    let board = Board::create(&directory.path().join("bench.board"), "bench", CHILDREN).expect("a board");
    let started: Vec<Started> = (0..CHILDREN)
        .map(|number| {
            let slot = board.reserve(&format!("tool-{number}"), "1.2.3", Kind::Install).expect("a slot");
            Started::child(&format!("board {} {} {}", board.path().display(), slot.slot, slot.generation))
        })
        .collect();
    let mut reader = board.reader().expect("a reader");
    let mut snapshot = Snapshot::default();
    let reports = |snapshot: &Snapshot| snapshot.slots.iter().map(|slot| slot.done / 1024).sum::<u64>();
    while reader.refresh(&mut snapshot).is_ok() && snapshot.slots.iter().any(|slot| slot.done == 0) {
        std::thread::sleep(FRAME);
    }
    let (before, cpu, began) = (reports(&snapshot), cpu(), Instant::now());
    while began.elapsed() < RUN {
        std::thread::sleep(FRAME);
        match look {
            Look::Numbers => _ = reader.poll(),
            Look::Snapshot => _ = reader.refresh(&mut snapshot).expect("a board that reads"),
        }
    }
    let used = self::cpu() - cpu;
    reader.refresh(&mut snapshot).expect("a board that reads");
    let run = Run { cpu: used, wall: began.elapsed(), reports: reports(&snapshot) - before };
    drop(started);
    run
}

fn run_pipes(wire: Wire, at_frames: bool) -> Run {
    let mut started: Vec<Started> = (0..CHILDREN).map(|_| Started::child(&format!("{wire:?}"))).collect();
    let mut pipes: Vec<Pipe> = started.iter_mut().map(Pipe::of).collect();
    let waits = epoll::create(epoll::CreateFlags::CLOEXEC).expect("an epoll");
    for (number, pipe) in pipes.iter().enumerate() {
        let event = epoll::EventData::new_u64(number as u64);
        epoll::add(&waits, &pipe.from, event, epoll::EventFlags::IN).expect("a pipe that can be waited for");
    }
    pipes.iter_mut().for_each(|pipe| while pipe.read(wire) == 0 {});
    let (cpu, began, mut reports) = (cpu(), Instant::now(), 0);
    let mut events: Vec<epoll::Event> = Vec::with_capacity(CHILDREN as usize);
    while began.elapsed() < RUN {
        if at_frames {
            std::thread::sleep(FRAME);
        }
        epoll::wait(&waits, rustix::buffer::spare_capacity(&mut events), None).expect("a wait");
        for event in events.drain(..) {
            reports += pipes[event.data.u64() as usize].read(wire);
        }
    }
    let run = Run { cpu: self::cpu() - cpu, wall: began.elapsed(), reports };
    drop(started);
    run
}

/// The parent's end of one pipe, what has come of a record, and the newest one.
struct Pipe {
    from: std::process::ChildStdout,
    bytes: Vec<u8>,
    filled: usize,
    done: u64,
}

impl Pipe {
    fn of(started: &mut Started) -> Self {
        let from = started.0.stdout.take().expect("a pipe");
        Self { from, bytes: vec![0; 64 * 1024], filled: 0, done: 0 }
    }

    /// Read once and decode what came: as many records as are whole.
    fn read(&mut self, wire: Wire) -> u64 {
        self.filled += self.from.read(&mut self.bytes[self.filled..]).expect("a child that writes");
        let (mut at, mut records) = (0, 0);
        while let Some((record, length)) = wire.decode(&self.bytes[at..self.filled]) {
            self.done = record.done;
            at += length;
            records += 1;
        }
        self.bytes.copy_within(at..self.filled, 0);
        self.filled -= at;
        records
    }
}

/// A child that is killed when this is dropped.
struct Started(Child);

impl Started {
    fn child(role: &str) -> Self {
        let program = std::env::current_exe().expect("this bench");
        let mut command = Command::new(program);
        command.env(ROLE, role).stdin(Stdio::piped()).stdout(Stdio::piped());
        Self(command.spawn().expect("a child"))
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A child: report every millisecond until killed, or until the parent is gone.
fn child(role: &str) {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
    let words: Vec<&str> = role.split(' ').collect();
    if let ["board", path, slot, generation] = words[..] {
        let number = |word: &str| word.parse().expect("a number");
        let mut slot = Slot::claim(Path::new(path), number(slot), number(generation)).expect("a claim");
        slot.enter(Phase::Downloading, Some(TOTAL));
        for report in 1.. {
            slot.publish(1024 * report);
            std::thread::sleep(GAP);
        }
    }
    let wire = if role == "Postcard" { Wire::Postcard } else { Wire::JsonLine };
    let (mut buffer, mut out) = (Vec::with_capacity(512), std::fs::File::from(stdout()));
    for report in 1.. {
        wire.send(&Record::at(0, 1024 * report), &mut buffer, &mut out).expect("a parent that reads");
        std::thread::sleep(GAP);
    }
}

/// Standard output without the library's buffer.
fn stdout() -> std::os::fd::OwnedFd {
    std::io::stdout().as_fd().try_clone_to_owned().expect("a standard output")
}

/// What this process has used of processors so far.
fn cpu() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(used.tv_sec as u64, used.tv_nsec as u32)
}

/// Where boards live: a memory file system, if there is one.
fn memory() -> PathBuf {
    let shared = PathBuf::from("/dev/shm");
    if shared.is_dir() { shared } else { std::env::temp_dir() }
}
