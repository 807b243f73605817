//! Any bytes at all give an answer or a typed error, in bounded time: never a panic, a signal, or an endless loop.
//!
//! The same seeds give the same bytes in every run. `VX_TORTURE=1000000` tries that many.

#[cfg(unix)]
mod bytes;
#[cfg(unix)]
#[path = "../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "a crate of its own for the fuzz targets")]
mod checks;
#[cfg(unix)]
mod cut;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use support::children::rounds;
use support::{Dice, Form, with_facts, write_private};
use vx_shm::layout::{LayoutFault, Region};
use vx_shm::{AttachError, AttachErrorKind, Ending, Kind, Phase, ReadError, Reader, Slot, SlotState, Snapshot, dump};

/// Not a test of its own: the other side of those that need a second process.
#[test]
#[ignore = "a role for the other tests"]
fn child() {
    match support::children::role() {
        None => {}
        Some((role, board, seed)) => match role.as_str() {
            "cut-reader" => cut::play_reader(&board, seed),
            "cut-writer" => cut::play_writer(&board),
            "bus-error" => cut::play_bus_error(&board),
            other => panic!("no such role: {other}"),
        },
    }
}

/// A board of four slots with something in each field, and its bytes.
fn filled(form: &Form) -> (std::path::PathBuf, Vec<u8>) {
    let board = form.board("title", 4);
    let mut live = Slot::join(board.path(), "live", "1.0", Kind::Task).unwrap();
    live.enter(Phase::Downloading, Some(10));
    live.message("message");
    live.details("details");
    live.log_line(b"a line");
    let ended = Slot::join(board.path(), "ended", "2.0", Kind::Task).unwrap();
    ended.end(Ending { exit_code: Some(3), ..Ending::failed("an error") }).unwrap();
    board.reserve("reserved", "3.0", Kind::Install).unwrap();
    drop(live);
    let bytes = std::fs::read(board.path()).unwrap();
    (board.path().to_path_buf(), bytes)
}

/// Everything that a reader can be asked.
fn exercise(path: &Path, out: &Path) {
    let Ok(mut reader) = Reader::open(path) else { return };
    let mut snapshot = Snapshot::default();
    for _ in 0..2 {
        let Ok(_) = reader.refresh(&mut snapshot) else { return };
    }
    reader.poll();
    let totals = reader.numbers().iter().filter(|numbers| numbers.total().is_some() && numbers.phase().is_some());
    assert!(totals.count() <= reader.numbers().len());
    assert!(snapshot.slots.len() <= snapshot.board.capacity as usize);
    for slot in 0..5 {
        assert!(reader.log_tail(slot, 10).len() <= 10);
    }
    reader.wait_change(Duration::ZERO);
    dump::to_json(&snapshot).to_string();
    dump::to_csv(&snapshot);
    let text = dump::to_text(&snapshot);
    assert!(text.chars().all(|character| character == '\n' || !character.is_control()), "{text:?}");
    dump::write(&mut reader, out).unwrap();
    let again = Reader::open(out).unwrap().snapshot().unwrap();
    assert!(again.slots.len() <= snapshot.slots.len());
}

/// Change a few bytes, words or ranges.
fn mutate(bytes: &mut [u8], dice: &mut Dice) {
    for _ in 0..1 + dice.below(8) {
        let at = dice.below(bytes.len() as u64) as usize;
        match dice.below(4) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => bytes[at] = dice.roll() as u8,
            2 => {
                let word = [0, u64::MAX, 1 << 63, dice.roll()][dice.below(4) as usize];
                let at = at & !7;
                bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
            }
            _ => {
                let end = (at + dice.below(300) as usize).min(bytes.len());
                bytes[at..end].iter_mut().for_each(|byte| *byte = dice.roll() as u8);
            }
        }
    }
}

#[test]
fn a_board_with_any_bytes_changed_gives_an_answer_or_an_error() {
    let form = Form::file();
    let (path, good) = filled(&form);
    let (victim, out) = (path.with_extension("victim"), path.with_extension("out"));
    let mut dice = Dice(0xb0a2d);
    let began = Instant::now();
    let count = rounds(1_500);
    for round in 0..count {
        let mut bytes = good.clone();
        // Mostly where the records are: page 2 (hot lines), page 3 (beats), page 4 (cold records), and the rings.
        match round % 3 {
            0 => mutate(&mut bytes, &mut dice),
            1 => mutate(&mut bytes[8192..8192 + 256], &mut dice),
            _ => mutate(&mut bytes[16_384..16_384 + 4096], &mut dice),
        }
        // Half of the headers that were hit are made to look right.
        if dice.below(2) == 0 {
            with_facts(&mut bytes, |_| {});
        }
        write_private(&victim, &bytes);
        exercise(&victim, &out);
    }
    assert!(began.elapsed() < Duration::from_millis(20 * count), "{:?} for {count}", began.elapsed());
}

#[test]
fn a_header_that_lies_under_a_right_checksum_is_refused_or_read_within_bounds() {
    let form = Form::file();
    let (path, good) = filled(&form);
    let (victim, out) = (path.with_extension("victim"), path.with_extension("out"));
    let mut dice = Dice(0x1e5);
    for _ in 0..rounds(600) {
        let mut bytes = good.clone();
        with_facts(&mut bytes, |facts| {
            let number = |dice: &mut Dice| [0, 8, 4096, 8192, u32::MAX, dice.roll() as u32][dice.below(6) as usize];
            let region = |dice: &mut Dice| Region { offset: number(dice), stride: number(dice) };
            match dice.below(8) {
                0 => facts.slot_count = number(&mut dice),
                1 => facts.length = u64::from(number(&mut dice)),
                2 => facts.hot = region(&mut dice),
                3 => facts.cold = region(&mut dice),
                4 => facts.beats = region(&mut dice),
                5 => facts.log = region(&mut dice),
                6 => facts.bell = region(&mut dice),
                _ => (facts.created_at_ns, facts.created_unix_ns) = (dice.roll(), dice.roll() as i64),
            }
        });
        write_private(&victim, &bytes);
        exercise(&victim, &out);
    }
}

#[test]
fn a_dump_with_any_bit_flipped_is_refused_or_reads_the_same() {
    let form = Form::file();
    let (path, _) = filled(&form);
    let (good, victim) = (path.with_extension("vxb"), path.with_extension("victim"));
    dump::write(&mut Reader::open(&path).unwrap(), &good).unwrap();
    let bytes = std::fs::read(&good).unwrap();
    let before = Reader::open(&good).unwrap().snapshot().unwrap();
    let mut dice = Dice(0xd0_0d);
    for _ in 0..rounds(800) {
        let mut flipped = bytes.clone();
        flipped[dice.below(bytes.len() as u64) as usize] ^= 1 << dice.below(8);
        write_private(&victim, &flipped);
        if let Ok(mut reader) = Reader::open(&victim) {
            assert_eq!(reader.snapshot().unwrap(), before, "a flipped bit passed the checksum");
        }
    }
}

#[test]
fn a_board_cut_at_any_length_is_refused() {
    let form = Form::file();
    let (path, good) = filled(&form);
    let victim = path.with_extension("victim");
    for length in [0, 1, 7, 8, 191, 192, 4095, 4096, 8191, 8192, 16_384, good.len() - 4096, good.len() - 1] {
        write_private(&victim, &good[..length]);
        let kind = Reader::open(&victim).map_err(|error| error.kind);
        assert!(
            matches!(kind, Err(AttachErrorKind::Layout(LayoutFault::NotABoard | LayoutFault::Length { .. }))),
            "{length} bytes: {kind:?}"
        );
    }
}

#[test]
fn bytes_that_change_while_they_are_read_never_stop_a_reader() {
    use std::os::unix::fs::FileExt;
    let form = Form::file();
    let (path, good) = filled(&form);
    let out = path.with_extension("out");
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut dice = Dice(0x5c21bb1e);
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let at = 256 + (dice.below(good.len() as u64 - 264) & !7);
                file.write_all_at(&dice.roll().to_le_bytes(), at).unwrap();
            }
        });
        let mut reader = Reader::open(&path).unwrap();
        let mut snapshot = Snapshot::default();
        let began = Instant::now();
        for _ in 0..rounds(300) {
            reader.refresh(&mut snapshot).unwrap();
            reader.poll();
            reader.log_tail(0, 10);
            dump::to_json(&snapshot);
            dump::write(&mut reader, &out).unwrap();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(began.elapsed() < Duration::from_secs(60));
    });
}

#[test]
fn a_board_cut_short_under_a_reader_is_an_error_and_not_a_signal() {
    let form = Form::file();
    let (path, good) = filled(&form);
    let mut reader = Reader::open(&path).unwrap();
    let mut snapshot = reader.snapshot().unwrap();
    let before = snapshot.clone();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(4096).unwrap();
    let error = reader.refresh(&mut snapshot).unwrap_err();
    assert!(matches!(error, ReadError::Truncated { found: 4096, expected, .. } if expected == good.len() as u64));
    assert_eq!(snapshot, before, "the last good reading is kept");
}

#[test]
#[cfg(unix)]
fn a_file_that_others_may_write_to_is_copied_and_reads_the_same() {
    use std::os::unix::fs::PermissionsExt;
    let form = Form::file();
    let (path, _) = filled(&form);
    let mapped = Reader::open(&path).unwrap().snapshot().unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    let mut copied = reader.snapshot().unwrap();
    assert_eq!(copied.slots, mapped.slots);
    assert_eq!(reader.log_tail(0, 9), ["a line"]);

    let mut slot = Slot::join(&path, "later", "", Kind::Task).unwrap();
    slot.publish(7);
    assert!(reader.refresh(&mut copied).unwrap());
    assert!(copied.slots.iter().any(|view| view.key == "later" && view.done == 7), "{copied:?}");
    slot.end(Ending::new(SlotState::Done)).unwrap();
    std::thread::sleep(Duration::from_millis(300)); // Until nothing of this process beats on the file any more.

    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(8192).unwrap();
    assert!(matches!(reader.refresh(&mut copied), Err(ReadError::Truncated { .. })));
}

#[test]
#[cfg(unix)]
fn what_is_not_a_plain_file_is_refused_without_waiting() {
    let form = Form::file();
    let (path, _) = filled(&form);
    let directory = form.directory();
    let link = directory.join("link.board");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let pipe = directory.join("pipe.board");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    for odd in [directory, &link, &pipe, Path::new("/dev/zero")] {
        let error: AttachError = Reader::open(odd).unwrap_err();
        assert!(matches!(error.kind, AttachErrorKind::NotAFile), "{}: {error}", odd.display());
    }
    for missing in ["shm:no-such-segment-here", "shm:../escape", "shm:", "no/such/file"] {
        let error = Reader::open(Path::new(missing)).unwrap_err();
        assert!(matches!(error.kind, AttachErrorKind::Missing), "{missing}: {error}");
        assert!(error.hint().is_some() && error.to_string().contains(missing));
    }
}

#[test]
fn a_writer_on_forged_words_neither_panics_nor_writes_elsewhere() {
    let form = Form::file();
    let (path, good) = filled(&form);
    let victim = path.with_extension("victim");
    let mut dice = Dice(0xf0_9e);
    for _ in 0..rounds(300) {
        let mut bytes = good.clone();
        mutate(&mut bytes[8192..], &mut dice);
        write_private(&victim, &bytes);
        if let Ok(mut slot) = Slot::join(&victim, "new", "", Kind::Task) {
            slot.enter(Phase::Extracting, Some(u64::MAX));
            slot.message("text");
            slot.log_line(&[b'x'; 3000]);
            let index = slot.index();
            slot.end(Ending::new(SlotState::Done)).unwrap();
            let snapshot = Reader::open(&victim).unwrap().snapshot().unwrap();
            let view = snapshot.slots.iter().find(|view| view.index == index).unwrap();
            assert_eq!((view.key.as_str(), view.message.as_str(), view.state), ("new", "text", SlotState::Done));
        }
    }
}
