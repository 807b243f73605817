//! Publishing makes no system call: the kernel would kill the writer for one.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

mod support;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use support::Form;
use vx_shm::{Board, Kind, Reader, Slot, Snapshot, Step};

const BOARD: &str = "VX_SHM_TEST_BOARD";
/// The signal that ends a process for a forbidden system call.
const SIGSYS: i32 = 31;
const PUBLICATIONS: u64 = 1_000_000;
const PATIENCE: Duration = Duration::from_secs(60);

/// Make any further system call of this thread kill the process.
fn forbid_system_calls() -> Result<(), seccompiler::Error> {
    let architecture = std::env::consts::ARCH.try_into()?;
    let nothing = SeccompFilter::new(BTreeMap::new(), SeccompAction::KillProcess, SeccompAction::Allow, architecture)?;
    let program: BpfProgram = nothing.try_into()?;
    seccompiler::apply_filter(&program)
}

/// Play the writer. Does nothing when run by hand.
#[test]
#[ignore = "started by the tests of this file"]
fn child() {
    let Ok(board) = std::env::var(BOARD) else { return };
    let board = Board::create(Path::new(&board), "quiet", 2).unwrap();
    let mut slot = Slot::join(board.path(), "writer", "", Kind::Task).unwrap();
    slot.enter(Step::new(3), Some(u64::MAX));
    if let Err(error) = forbid_system_calls() {
        slot.message(&format!("not here: {error}"));
        return;
    }
    for done in 0.. {
        slot.publish(done);
        if done % 64 == 0 {
            slot.publish_of(done, Some(done));
            slot.set_total(None);
            slot.attempt(done as u8);
            slot.message(["one", "another"][done as usize / 64 % 2]);
            slot.details("and more\nof it");
        }
        if done % 4096 == 0 {
            board.set_title(["busy", "still busy"][done as usize / 4096 % 2]); // Rings the bell.
        }
    }
}

struct Writer(Child);

impl Writer {
    fn start(board: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"]);
        Self(command.env(BOARD, board).stdout(Stdio::null()).spawn().unwrap())
    }

    /// `Some` once the writer has ended, with the signal that ended it, if it was a signal.
    fn ended(&mut self) -> Option<Option<i32>> {
        self.0.try_wait().unwrap().map(|status| status.signal())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn publishing_makes_no_system_call_and_a_change_of_state_makes_one_only_when_a_reader_waits() {
    let form = Form::file();
    let path = form.fresh();
    let mut writer = Writer::start(&path);
    let until = Instant::now() + PATIENCE;
    let mut snapshot = Snapshot::default();
    let mut reader = loop {
        match Reader::open(&path) {
            Ok(reader) => break reader,
            Err(error) => assert!(writer.ended().is_none() && Instant::now() < until, "no board: {error}"),
        }
    };
    while snapshot.slots.first().is_none_or(|slot| slot.done < PUBLICATIONS) {
        assert!(Instant::now() < until, "it publishes too slowly");
        std::thread::sleep(Duration::from_millis(5));
        reader.refresh(&mut snapshot).unwrap();
        let refused = snapshot.slots.first().is_some_and(|slot| slot.message.starts_with("not here"));
        if refused {
            eprintln!("skipped: this system has no seccomp filters");
            return;
        }
        assert_eq!(writer.ended(), None, "killed for a system call after {:?}", snapshot.slots);
    }
    let rung = snapshot.board.epoch;
    assert!(rung > 100, "it rang {rung} times meanwhile, and no reader waited");

    // Once a reader sleeps on the bell, ringing it is a system call, which kills this writer.
    while writer.ended().is_none() {
        assert!(Instant::now() < until, "the bell was not rung for a waiting reader");
        reader.refresh(&mut snapshot).unwrap();
        reader.wait_change(Duration::from_millis(20));
    }
    assert_eq!(writer.ended(), Some(Some(SIGSYS)));
}
