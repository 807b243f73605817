//! Boards made and removed without pause, while other processes open them to read and to write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use vx_shm::{AttachErrorKind, Board, ClaimError, CreateError, Kind, Reader, Slot, SlotState};

use super::grouped;
use crate::support::Form;
use crate::support::children::{self, Role, Writer, rounds};

const TITLE: &str = "here for a moment, but complete, with a title that fills most of its cell and could be seen half";
const CAPACITY: u32 = 3;
const KEY: &str = "reserved before anybody came";
/// The longest time that each of these trials takes in its usual form, and the fewest boards it must have opened by
/// then.
const LONGEST_SECONDS: u64 = 4;
const FEWEST: u64 = 100;
/// The time that is added on a busy machine, to open that many.
const BUSY: Duration = Duration::from_secs(20);
/// The number of names that boards are made under.
const NAMES: usize = 2;

/// Play a process that makes boards, or one that joins them. Returns true if this was such a role.
pub(super) fn play(role: &Role) -> bool {
    let path = |at: usize| place(&role.board, at);
    match role.name.as_str() {
        "comes-and-goes" => {
            children::report("begins");
            for at in 0.. {
                make_and_remove(&path(at % NAMES));
            }
        }
        "joins-what-is-there" => {
            children::report("begins");
            for at in 0.. {
                match Slot::join(&path(at % NAMES), &format!("joiner-{}-{at}", role.seed), "", Kind::Task) {
                    Ok(mut slot) => slot.publish(1),
                    Err(ClaimError::Attach(error)) if is_expected(&error.kind, &role.board) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
        }
        _ => return false,
    }
    true
}

/// Path number `at` of a trial, derived from the first: `….board` and `…-1.board`, or `shm:…` and `shm:…1`.
fn place(first: &Path, at: usize) -> PathBuf {
    if at == 0 {
        return first.to_path_buf();
    }
    let text = first.to_str().unwrap();
    text.strip_suffix(".board").map_or_else(|| format!("{text}{at}"), |stem| format!("{stem}-{at}.board")).into()
}

fn make_and_remove(path: &Path) {
    let file = match path.to_str().and_then(|path| path.strip_prefix("shm:")) {
        Some(name) => Path::new("/dev/shm").join(name),
        None => path.to_path_buf(),
    };
    let made = if file == path {
        Board::create(path, TITLE, CAPACITY)
    } else {
        Board::create_named(file.file_name().unwrap().to_str().unwrap(), TITLE, CAPACITY)
    };
    match made {
        Ok(board) => {
            let _ = board.reserve(KEY, "1", Kind::Install);
            // Keep the board for a moment: otherwise the others would hardly ever find one to open.
            (0..5_000).for_each(|_| std::hint::spin_loop());
        }
        Err(CreateError::Exists { .. }) => {} // Another process made it.
        // Another process may remove a named segment before this one has opened it.
        Err(other) => assert!(file != path, "{other}"),
    }
    let _ = std::fs::remove_file(file);
}

/// Whether a board may be refused for this reason. A board file exists complete or not at all; a named segment may also
/// be found incomplete.
fn is_expected(kind: &AttachErrorKind, first: &Path) -> bool {
    match kind {
        AttachErrorKind::Missing => true,
        AttachErrorKind::Layout(_) | AttachErrorKind::Io(_) => first.to_str().unwrap().starts_with("shm:"),
        _ => false,
    }
}

pub(super) fn files() -> String {
    come_and_go(Form::in_memory())
}

#[cfg(feature = "named")]
pub(super) fn named() -> String {
    come_and_go(Form::named())
}

fn come_and_go(form: Form) -> String {
    let first = form.fresh();
    let _others: Vec<PathBuf> = (1..NAMES).map(|at| form.adopt(place(&first, at))).collect();
    let mut children: Vec<Writer> =
        ["comes-and-goes", "joins-what-is-there"].into_iter().map(|role| Writer::start(role, &first, 0)).collect();
    children.iter_mut().for_each(|child| assert_eq!(child.line(), "begins"));
    let (mut complete, mut refused) = (0_u64, BTreeMap::<String, u64>::new());
    let (until, wanted) = (Instant::now() + Duration::from_secs(rounds(LONGEST_SECONDS)), rounds(5_000));
    for at in 0.. {
        match Reader::open(&place(&first, at % NAMES)) {
            Ok(reader) => complete += check_complete(reader),
            Err(error) => {
                assert!(is_expected(&error.kind, &first), "{error}");
                let kind = if matches!(error.kind, AttachErrorKind::Missing) { "missing" } else { "not complete" };
                *refused.entry(kind.into()).or_default() += 1;
            }
        }
        // On a busy machine the reader rarely runs while a board is there.
        let most = if complete >= FEWEST { until } else { until + BUSY };
        if complete >= wanted || Instant::now() >= most {
            break;
        }
        assert!(at % 1_000 != 0 || children.iter_mut().all(Writer::runs), "a child got an unexpected error");
    }
    assert!(complete >= FEWEST, "{complete} boards opened, {refused:?}");
    assert!(children.iter_mut().all(Writer::runs), "a child got an unexpected error");
    let refused: Vec<String> = refused.iter().map(|(kind, count)| format!("{kind} {}", grouped(*count))).collect();
    format!(
        "{} boards opened while they came and went, each complete; refused: {}",
        grouped(complete),
        refused.join(", ")
    )
}

/// Check that everything written before the board had its name is there, and that whatever was written later is whole.
fn check_complete(mut reader: Reader) -> u64 {
    let snapshot = reader.snapshot().unwrap();
    assert_eq!((snapshot.board.title.as_str(), snapshot.board.capacity), (TITLE, CAPACITY));
    for slot in &snapshot.slots {
        let whole = match slot.state {
            SlotState::Reserved => (slot.key.as_str(), slot.version.as_str()) == (KEY, "1"),
            _ => slot.key.starts_with("joiner-") && slot.done <= 1,
        };
        assert!(whole, "{slot:?}");
    }
    1
}
