//! The C header against the Rust crate, in both directions, compiled with every warning as an error.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use vx_shm::layout::HeaderImage;
use vx_shm::{ClaimError, Kind, Liveness, ReserveError, Slot, SlotState, Snapshot, Step};

use crate::crate_file;
use crate::support::children::rounds;
use crate::support::{Form, both_forms};

/// The total for this `done`, computed as in `flat_out.c`.
fn total_for(done: u64, generation: u32) -> u64 {
    (done ^ u64::from(generation) << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The directory of the C programs, compiled once for all tests of this file; `None`, reported once, if there is no C
/// compiler.
fn programs() -> Option<&'static Path> {
    static PROGRAMS: OnceLock<Option<tempfile::TempDir>> = OnceLock::new();
    let compiled = || {
        if Command::new("cc").arg("--version").output().is_err() {
            eprintln!("skipped: there is no C compiler `cc`");
            return None;
        }
        let directory = tempfile::tempdir().expect("a directory");
        for source in ["examples/board.c", "tests/format/flat_out.c"] {
            let source = crate_file(source);
            let program = directory.path().join(source.file_stem().expect("a name"));
            compile("cc", &["-std=c11"], &source, &program);
        }
        Some(directory)
    };
    PROGRAMS.get_or_init(compiled).as_ref().map(tempfile::TempDir::path)
}

/// Compile a program with the header, with every warning as an error.
fn compile(compiler: &str, language: &[&str], source: &Path, program: &Path) {
    let warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"];
    let mut command = Command::new(compiler);
    command.args(language).arg("-O2").args(warnings).arg("-I").arg(crate_file("include"));
    let compiled = command.arg(source).arg("-o").arg(program).output().expect("the compiler starts");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
}

/// The file behind a board, even if the board is a named segment.
fn file_of(path: &Path) -> PathBuf {
    match path.to_str().and_then(|path| path.strip_prefix("shm:")) {
        Some(name) => Path::new("/dev/shm").join(name),
        None => path.to_path_buf(),
    }
}

fn run(program: &str, role: &str, board: &Path, argument: &str) -> Option<Output> {
    let mut command = Command::new(programs()?.join(program));
    command.args([role.as_ref(), file_of(board).as_os_str()]);
    command.args((!argument.is_empty()).then_some(argument));
    Some(command.output().expect("the program starts"))
}

/// A C program that runs until this is dropped.
struct Started(Child);

impl Started {
    fn flat_out(board: &Path, key: &str) -> Option<Self> {
        let mut command = Command::new(programs()?.join("flat_out"));
        command.args(["write".as_ref(), file_of(board).as_os_str(), key.as_ref()]).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says that it begins");
        assert_eq!(line, "begins\n");
        Some(Self(child))
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_c_publishes_rust_reads_and_what_rust_publishes_c_shows() {
    both_forms(|form| {
        let board = form.board("both", 4);
        let mut slot = Slot::join(board.path(), "rust", "2.0", Kind::Task).unwrap();
        slot.enter(Step::new(6), Some(5));
        slot.message("said in Rust");
        slot.publish(3);
        let Some(published) = run("board", "publish", board.path(), "c") else { return };
        assert!(published.status.success(), "{published:?}");
        let seen = board.reader().unwrap().snapshot().unwrap();
        let c = &seen.slots[1];
        assert_eq!((c.key.as_str(), c.version.as_str(), c.kind), ("c", "1.0", Kind::Task));
        assert_eq!((c.state, c.step, c.done, c.total), (SlotState::Done, Step::new(3), 1000, Some(1000)));
        assert_eq!((c.message.as_str(), c.details.as_str()), ("reported from C", "line one\nline two"));
        assert_eq!((c.error.as_deref(), c.attempt, c.transitions.len()), (None, 1, 2));
        assert!(c.ended_at_ns >= Some(c.transitions[1].entered_at_ns));
        let shown = String::from_utf8(run("board", "show", board.path(), "").unwrap().stdout).unwrap();
        assert!(shown.contains("rust 2.0 state 3 step 6: 3 of 5, said in Rust\n"), "{shown}");
        assert!(shown.contains("c 1.0 state 4 step 3: 1000 of 1000, reported from C\n"), "{shown}");
    });
}

#[test]
fn the_header_is_cpp_too_and_such_a_program_writes_to_a_board() {
    if Command::new("c++").arg("--version").output().is_err() {
        eprintln!("skipped: there is no C++ compiler `c++`");
        return;
    }
    let form = Form::file();
    let board = form.board("cpp", 2);
    for standard in ["-std=c++11", "-std=c++20"] {
        let program = form.directory().join(standard);
        compile("c++", &[standard, "-x", "c++"], &crate_file("examples/board.c"), &program);
        let published =
            Command::new(&program).arg("publish").args([board.path(), Path::new(standard)]).output().unwrap();
        assert!(published.status.success(), "{published:?}");
        let seen = board.reader().unwrap().snapshot().unwrap();
        let slot = seen.slots.iter().find(|slot| slot.key == standard).expect("its slot");
        assert_eq!((slot.state, slot.done, slot.total), (SlotState::Done, 1000, Some(1000)));
        assert_eq!(slot.message, "reported from C");
    }
}

#[test]
fn c_reads_no_torn_slot_while_rust_writes_flat_out() {
    let form = Form::file();
    let board = form.board("flat out", 1);
    let Some(programs) = programs() else { return };
    let mut slot = Slot::join(board.path(), "rust", "", Kind::Task).unwrap();
    let generation = slot.generation();
    let count = rounds(20) * 1000;
    let mut reader = Command::new(programs.join("flat_out"));
    reader.args(["read".as_ref(), board.path().as_os_str(), count.to_string().as_ref()]).stdout(Stdio::piped());
    let mut reader = reader.spawn().unwrap();
    let mut done = 0;
    while reader.try_wait().unwrap().is_none() {
        for _ in 0..1024 {
            done += 1;
            if done % 64 == 0 {
                slot.message(&format!("{:06}", done % 1_000_000).repeat(12));
            }
            slot.publish_of(done, Some(total_for(done, generation)));
        }
    }
    let mut said = String::new();
    reader.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    println!("C reads Rust: {}", said.trim());
    assert!(reader.wait().unwrap().success(), "{said}");
    let moved = said.split(' ').nth(2).and_then(|moved| moved.parse::<u64>().ok()).unwrap();
    assert!(moved > 100, "the reader saw too few publications: {said}");
}

#[test]
fn rust_reads_no_torn_slot_while_c_writes_flat_out() {
    let form = Form::file();
    let board = form.board("flat out", 1);
    let Some(writer) = Started::flat_out(board.path(), "c") else { return };
    let mut reader = board.reader().unwrap();
    let mut snapshot = Snapshot::default();
    let (mut moved, mut last) = (0, 0);
    let (wanted, began) = (rounds(20) * 1000, Instant::now());
    let usual = Duration::from_millis(rounds(3000));
    // On a busy machine the two rarely run at the same time, so the test goes on longer to see a few publications.
    while moved < wanted && began.elapsed() < if moved > 100 { usual } else { 20 * usual } {
        reader.refresh(&mut snapshot).unwrap();
        let slot = &snapshot.slots[0];
        assert_eq!(slot.total, Some(total_for(slot.done, slot.generation)), "at {}", slot.done);
        let number = slot.message.get(..6).unwrap_or_default();
        assert_eq!(slot.message, number.repeat(12));
        assert!(slot.done >= last);
        moved += u64::from(slot.done > last);
        last = slot.done;
    }
    println!("Rust reads C: {moved} publications seen, 0 torn");
    assert!(moved > 100, "the reader saw too few publications");
    assert_eq!(snapshot.slots[0].liveness, Liveness::Alive, "it beats");
    drop(writer);
    let left = board.reader().unwrap().snapshot().unwrap().slots[0].clone();
    assert_eq!((left.liveness, left.state), (Liveness::Lost, SlotState::Live), "the kill freed its byte");
    assert_eq!(left.total, Some(total_for(left.done, left.generation)));
}

#[test]
fn keys_and_places_are_kept_apart_between_c_and_rust() {
    both_forms(|form| {
        let board = form.board("p", 2);
        let Some(writer) = Started::flat_out(board.path(), "c") else { return };
        let joined = Slot::join(board.path(), "c", "", Kind::Task);
        assert!(matches!(joined, Err(ClaimError::Place(ReserveError::KeyInUse { slot: 0, .. }))), "{joined:?}");
        let own = Slot::join(board.path(), "rust", "", Kind::Task).unwrap();
        const KEY_IN_USE: i32 = 10 + 6;
        const FULL: i32 = 10 + 7;
        let code = |key| run("flat_out", "die", board.path(), key).unwrap().status.code();
        assert_eq!((code("rust"), code("c"), code("other")), (Some(KEY_IN_USE), Some(KEY_IN_USE), Some(FULL)));
        drop(writer);
        assert_eq!(code("c"), Some(0), "its slot is free again, and taken over");
        let seen = board.reader().unwrap().snapshot().unwrap();
        assert_eq!((seen.slots[0].generation, seen.slots[0].done, seen.slots[0].total), (2, 7, Some(9)));
        assert_eq!(seen.slots[0].attempt, 2);
        assert_eq!(seen.slots[0].liveness, Liveness::Lost);
        drop(own);
        let closed = vx_shm::BoardState::Done;
        board.close(closed);
        const CLOSED: i32 = 10 + 5;
        assert_eq!(code("late"), Some(CLOSED));
    });
}

#[test]
fn a_key_that_c_ends_again_and_again_is_one_row_that_counts_its_attempts() {
    both_forms(|form| {
        let board = form.board("p", 4);
        for attempt in 1..=3 {
            Slot::join(board.path(), "other", "", Kind::Task)
                .unwrap()
                .end(vx_shm::Ending::new(SlotState::Done))
                .unwrap();
            let Some(published) = run("board", "publish", board.path(), "same") else { return };
            assert!(published.status.success(), "{published:?}");
            let seen = board.reader().unwrap().snapshot().unwrap().slots;
            let found: Vec<_> = seen.iter().map(|slot| (slot.key.as_str(), slot.attempt)).collect();
            assert_eq!(found, [("other", attempt), ("same", attempt)]);
        }
        // A pool keeps all slots for its own tasks, so the key gets none.
        let _pool = vx_shm::Pool::claim(board.path(), 4).unwrap();
        assert_eq!(run("flat_out", "die", board.path(), "same").unwrap().status.code(), Some(10 + 7));
    });
}

#[test]
fn a_second_join_of_one_process_in_c_leaves_its_own_slot_alone() {
    both_forms(|form| {
        let board = form.board("p", 1);
        let Some(joined) = run("flat_out", "twice", board.path(), "c") else { return };
        assert!(joined.status.success(), "{joined:?}");
        // VX_KEY_IN_USE for the same key, VX_FULL for another one.
        assert_eq!(String::from_utf8_lossy(&joined.stdout), "6 7\n");
        let seen = board.reader().unwrap().snapshot().unwrap();
        assert_eq!((seen.slots.len(), seen.slots[0].key.as_str(), seen.slots[0].generation), (1, "c", 1));
    });
}

#[test]
fn a_change_of_state_by_c_wakes_a_waiting_reader() {
    let form = Form::file();
    let board = form.board("p", 2);
    if programs().is_none() {
        return;
    }
    let mut reader = board.reader().unwrap();
    reader.snapshot().unwrap();
    let waits = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            waits.store(true, Ordering::SeqCst);
            let began = Instant::now();
            (reader.wait_change(Duration::from_secs(30)), began.elapsed())
        });
        while !waits.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_millis(30));
        assert!(run("board", "publish", board.path(), "c").unwrap().status.success());
        let (changed, waited) = waiting.join().unwrap();
        assert!(changed && waited < Duration::from_secs(10), "{waited:?}");
    });
}

#[test]
fn c_refuses_what_is_no_board_or_not_to_be_trusted() {
    let form = Form::file();
    let board = form.board("p", 1);
    const NOT_A_BOARD: i32 = 10 + 2;
    let code = |path: &Path| run("flat_out", "read", path, "1").map(|output| output.status.code());
    let Some(missing) = code(&form.directory().join("none")) else { return };
    assert_eq!(missing, Some(11));
    let good = std::fs::read(board.path()).unwrap();
    let damaged = form.directory().join("damaged.board");
    let refused = |bytes: &[u8], wanted: i32| {
        crate::support::write_private(&damaged, bytes);
        assert_eq!(code(&damaged).unwrap(), Some(wanted));
    };
    refused(b"nothing", NOT_A_BOARD);
    refused(&good[..good.len() - 4096], NOT_A_BOARD);
    for offset in [0, 40, 60, 100, 192] {
        let mut bytes = good.clone();
        bytes[offset] ^= 1;
        refused(&bytes, NOT_A_BOARD);
    }
    let mut other = good.clone();
    crate::support::with_facts(&mut other, |facts| facts.major = 1);
    refused(&other, 10 + 3);
    let mut feature = good.clone();
    crate::support::with_facts(&mut feature, |facts| facts.incompatible = 4);
    refused(&feature, 10 + 4);
    let mut outside = good.clone();
    crate::support::with_facts(&mut outside, |facts| facts.cold.offset = u32::MAX - 7);
    refused(&outside, NOT_A_BOARD);
    let changes: [fn(&mut HeaderImage); 2] = [|facts| facts.hot = facts.cold, |facts| facts.bell = facts.log];
    for change in changes {
        let mut overlap = good.clone();
        crate::support::with_facts(&mut overlap, change);
        refused(&overlap, NOT_A_BOARD);
    }
    let link = form.directory().join("link");
    std::os::unix::fs::symlink(board.path(), &link).unwrap();
    assert_eq!(code(&link).unwrap(), Some(11));
    std::fs::set_permissions(board.path(), std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    assert_eq!(code(board.path()).unwrap(), Some(NOT_A_BOARD));
}
