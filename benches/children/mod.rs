//! A parent that follows 64 child processes: the cost of each transport to it. Shared by the benches that need it.
#![allow(dead_code, reason = "each bench uses its own part of this")]

use std::io::Read;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::epoll;
use vx_shm::{Board, Kind, Slot, Snapshot, Step};

use crate::record::{DOWNLOADING, Record, TOTAL, Wire, median};

pub(crate) const CHILDREN: u32 = 64;
pub(crate) const FRAME: Duration = Duration::from_micros(16_667);
/// Variable that holds a child's role.
pub(crate) const ROLE: &str = "VX_BENCH_ROLE";
/// Variable that holds a child's pause between two reports, in microseconds.
const GAP: &str = "VX_BENCH_GAP_US";

/// The pace of each child's reports, and the time for which the parent is watched.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// Pause between two reports; zero for none.
    pub(crate) gap: Duration,
    pub(crate) run: Duration,
}

#[derive(Clone, Copy)]
pub(crate) enum Transport {
    Board(Look),
    Pipes(Wire, bool),
}

/// How the parent reads the board.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Look {
    Numbers,
    Snapshot,
}

/// The cost of one run to the parent.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    pub(crate) reports: u64,
}

/// Percent of a core, nanoseconds a report, reports a second.
pub(crate) fn middle(runs: &[Run]) -> (f64, f64, f64) {
    let of = |figure: fn(&Run) -> f64| median(runs.iter().map(figure).collect());
    (
        of(|run| 100.0 * run.cpu.as_secs_f64() / run.wall.as_secs_f64()),
        of(|run| run.cpu.as_nanos() as f64 / run.reports as f64),
        of(|run| run.reports as f64 / run.wall.as_secs_f64()),
    )
}

impl Transport {
    /// Start the children, follow them for `pace.run`, end them.
    pub(crate) fn run(self, pace: Pace) -> Run {
        match self {
            Self::Board(look) => run_board(look, pace),
            Self::Pipes(wire, at_frames) => run_pipes(wire, at_frames, pace),
        }
    }
}

fn run_board(look: Look, pace: Pace) -> Run {
    let directory = tempfile::tempdir_in(memory()).expect("a directory");
    let board = Board::create(&directory.path().join("bench.board"), "bench", CHILDREN).expect("a board");
    let started: Vec<Started> = (0..CHILDREN)
        .map(|number| {
            let slot = board.reserve(&format!("tool-{number}"), "1.2.3", Kind::Install).expect("a slot");
            let role = format!("board {} {} {}", board.path().display(), slot.slot, slot.generation);
            Started::child(&role, pace.gap)
        })
        .collect();
    let mut reader = board.reader().expect("a reader");
    let mut snapshot = Snapshot::default();
    let reports = |snapshot: &Snapshot| snapshot.slots.iter().map(|slot| slot.done / 1024).sum::<u64>();
    while reader.refresh(&mut snapshot).is_ok() && snapshot.slots.iter().any(|slot| slot.done == 0) {
        std::thread::sleep(FRAME);
    }
    let (before, cpu, began) = (reports(&snapshot), cpu(), Instant::now());
    while began.elapsed() < pace.run {
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

fn run_pipes(wire: Wire, at_frames: bool, pace: Pace) -> Run {
    let role = format!("pipe {wire:?}");
    let mut started: Vec<Started> = (0..CHILDREN).map(|_| Started::child(&role, pace.gap)).collect();
    let mut pipes: Vec<Pipe> = started.iter_mut().map(Pipe::of).collect();
    let waits = epoll::create(epoll::CreateFlags::CLOEXEC).expect("an epoll");
    for (number, pipe) in pipes.iter().enumerate() {
        let event = epoll::EventData::new_u64(number as u64);
        epoll::add(&waits, &pipe.from, event, epoll::EventFlags::IN).expect("a pipe that can be waited for");
    }
    pipes.iter_mut().for_each(|pipe| while pipe.read(wire) == 0 {});
    let (cpu, began, mut reports) = (cpu(), Instant::now(), 0);
    let mut events: Vec<epoll::Event> = Vec::with_capacity(CHILDREN as usize);
    while began.elapsed() < pace.run {
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

/// The parent's end of one pipe, the bytes of an unfinished record, and the newest whole record.
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

    /// Read once and decode the whole records among the bytes so far.
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
pub(crate) struct Started(Child);

impl Started {
    pub(crate) fn child(role: &str, gap: Duration) -> Self {
        let program = std::env::current_exe().expect("this bench");
        let mut command = Command::new(program);
        command.env(ROLE, role).env(GAP, gap.as_micros().to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        Self(command.spawn().expect("a child"))
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// In a child: report until it is killed, or until the parent is gone. Does nothing for a role that isn't handled here.
pub(crate) fn child(role: &str) {
    let words: Vec<&str> = role.split(' ').collect();
    match words[..] {
        ["board", path, slot, generation] => {
            let number = |word: &str| word.parse().expect("a number");
            let mut slot = Slot::claim(Path::new(path), number(slot), number(generation)).expect("a claim");
            slot.enter(Step::new(DOWNLOADING), Some(TOTAL));
            report(|done| slot.publish(done));
        }
        ["pipe", wire] => {
            let wire = if wire == "Postcard" { Wire::Postcard } else { Wire::JsonLine };
            let (mut buffer, mut out) = (Vec::with_capacity(512), std::fs::File::from(stdout()));
            report(|done| {
                wire.send(&Record::new(0, done), &mut buffer, &mut out).expect("a parent that reads");
            });
        }
        _ => {}
    }
}

/// Report again and again, at this child's pace.
pub(crate) fn report(mut once: impl FnMut(u64)) -> ! {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0); // The parent is gone.
    });
    let gap = std::env::var(GAP).ok().and_then(|gap| gap.parse().ok()).map_or(Duration::ZERO, Duration::from_micros);
    for number in 1.. {
        once(1024 * number);
        if !gap.is_zero() {
            std::thread::sleep(gap);
        }
    }
    unreachable!("nobody counts that far")
}

/// Standard output without the library's buffer.
fn stdout() -> std::os::fd::OwnedFd {
    std::io::stdout().as_fd().try_clone_to_owned().expect("a standard output")
}

/// The processor time that this process has used so far.
pub(crate) fn cpu() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(used.tv_sec as u64, used.tv_nsec as u32)
}

/// The place for boards: a memory file system, if there is one.
pub(crate) fn memory() -> PathBuf {
    let shared = PathBuf::from("/dev/shm");
    if shared.is_dir() { shared } else { std::env::temp_dir() }
}
