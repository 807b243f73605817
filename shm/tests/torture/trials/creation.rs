//! Creators killed between any two system calls while they make a board.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::errno::Errno;
use vx_shm::{AttachErrorKind, Board, CreateError, Reader, gc};

use super::grouped;
use crate::support::Form;
use crate::support::children::{self, Role, rounds};
use crate::support::stepper::{At, OneProcessor, Stepped, be_stepped, mark};

const TITLE: &str = "made by somebody who may be killed";
const CAPACITY: u32 = 3;

/// Play a process that makes one board. Returns true if this was such a role.
pub(super) fn play(role: &Role) -> bool {
    if role.name != "creates" {
        return false;
    }
    be_stepped();
    let _board = create(&role.board).unwrap();
    mark();
    children::until_let_go();
    true
}

fn create(path: &Path) -> Result<Board, CreateError> {
    match path.to_str().and_then(|path| path.strip_prefix("shm:")) {
        Some(name) => Board::create_named(name, TITLE, CAPACITY),
        None => Board::create(path, TITLE, CAPACITY),
    }
}

/// Start a creator of a board and kill it after `stops` entries and exits of system calls. Returns false if it finished
/// before that.
fn kill_after(path: &Path, stops: u64, nameless: bool) -> bool {
    let mut creator = Stepped::start("creates", path, 0);
    let mut fails_next = false;
    for _ in 0..stops {
        match creator.system_call() {
            At::Entry(libc::SYS_openat, [_, _, flags]) => {
                fails_next = !nameless && flags as i32 & libc::O_TMPFILE == libc::O_TMPFILE;
            }
            At::Exit if std::mem::take(&mut fails_next) => creator.fail_call(Errno::EOPNOTSUPP),
            At::Entry(..) | At::Exit => {}
            At::Mark => return false,
            other => panic!("unexpected: {other:?}"),
        }
    }
    creator.kill();
    true
}

/// Assert that `path` is either a complete board of a dead creator or does not exist. Returns true for a board.
fn is_complete_or_none(path: &Path, stops: u64) -> bool {
    match Reader::open(path) {
        Ok(mut reader) => {
            let snapshot = reader.snapshot().unwrap();
            assert_eq!((snapshot.board.title.as_str(), snapshot.board.capacity), (TITLE, CAPACITY), "{stops}");
            assert_eq!(snapshot.board.creator.alive, Some(false), "{stops}");
            true
        }
        Err(error) => {
            assert!(matches!(error.kind, AttachErrorKind::Missing), "after {stops} stops, half a board: {error}");
            assert!(!path.exists());
            false
        }
    }
}

/// Board files, on file systems with unnamed files and on those without.
pub(super) fn files() -> String {
    let _one = OneProcessor::stay();
    let (mut kills, mut complete, mut makeshift) = (0, 0, 0);
    for _ in 0..rounds(1) {
        for nameless in [true, false] {
            for stops in 0.. {
                let form = Form::in_memory();
                let path = form.fresh();
                if !kill_after(&path, stops, nameless) {
                    break;
                }
                kills += 1;
                let made = is_complete_or_none(&path, stops);
                complete += u64::from(made);
                makeshift += u64::from(clear_makeshift(form.directory(), nameless));
                if made {
                    assert!(matches!(create(&path), Err(CreateError::Exists { .. })));
                    assert_eq!(gc(form.directory(), Duration::ZERO, 0).unwrap(), std::slice::from_ref(&path));
                }
                drop(create(&path).unwrap_or_else(|error| panic!("after {stops} stops: {error}")));
                is_alone(form.directory(), &path);
            }
        }
    }
    assert!(complete > 0 && makeshift > 0, "not killed both before and after the board had its name");
    let [kills, complete, makeshift] = [kills, complete, makeshift].map(grouped);
    format!(
        "{kills} kills before and after each system call: {complete} complete boards, 0 half-made, {makeshift} temporary files cleared; the name is free"
    )
}

/// Check that a temporary file left by a kill is removed once it is old, and not before. Returns true if there was one.
fn clear_makeshift(directory: &Path, nameless: bool) -> bool {
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let left: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "making")).collect();
    assert!(left.len() <= usize::from(!nameless), "{left:?}");
    let hour = Duration::from_secs(3600);
    assert_eq!(gc(directory, hour, 32).unwrap(), [] as [PathBuf; 0], "a creator may still be at work on a new file");
    for path in &left {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - hour).unwrap();
    }
    assert_eq!(gc(directory, hour, 32).unwrap(), left);
    !left.is_empty()
}

fn is_alone(directory: &Path, path: &Path) {
    let left: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [path]);
}

/// Named segments have a name before they are complete: a reader that attaches too early gets an error, and the name
/// can be removed.
#[cfg(feature = "named")]
pub(super) fn named() -> String {
    let _one = OneProcessor::stay();
    let (mut kills, mut half) = (0, 0);
    for _ in 0..rounds(1) {
        for stops in 0.. {
            let form = Form::named();
            let path = form.fresh();
            if !kill_after(&path, stops, true) {
                break;
            }
            kills += 1;
            half += u64::from(clear_name(&path, stops));
            drop(create(&path).unwrap_or_else(|error| panic!("after {stops} stops: {error}")));
        }
    }
    assert!(half > 0, "no kill between the naming and the end");
    let [kills, half] = [kills, half].map(grouped);
    format!(
        "{kills} kills before and after each system call: {half} half-made and refused as such; each name cleared and free"
    )
}

/// Remove the name that a dead creator has left. Returns true if its board was not complete.
#[cfg(feature = "named")]
fn clear_name(path: &Path, stops: u64) -> bool {
    let name = path.to_str().unwrap().strip_prefix("shm:").unwrap();
    match Reader::open(path) {
        Ok(mut reader) => {
            assert_eq!(reader.snapshot().unwrap().board.title, TITLE, "{stops}");
            vx_shm::remove_named(name).unwrap();
            false
        }
        Err(error) if matches!(error.kind, AttachErrorKind::Missing) => false,
        Err(error) => {
            assert!(matches!(error.kind, AttachErrorKind::Layout(_)), "after {stops} stops: {error}");
            let refused = create(path).unwrap_err();
            assert!(matches!(refused, CreateError::Exists { .. }), "{refused}");
            assert!(vx_shm::remove_named(name).is_err(), "a creator may still be at work on a new segment");
            let file = std::fs::File::options().write(true).open(Path::new("/dev/shm").join(name)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
            vx_shm::remove_named(name).unwrap_or_else(|error| panic!("after {stops} stops: {error}"));
            true
        }
    }
}
