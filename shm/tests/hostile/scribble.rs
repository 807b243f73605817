//! Boards that are overwritten with any bytes anywhere while they are read: by a thread of this process, and by another
//! process.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use vx_shm::{DumpError, ReadError, Reader, Snapshot, dump};

use crate::support::children::{Writer, rounds, until_let_go};
use crate::support::{Form, Random, write_private};

/// The first byte that is scribbled on. Before it are the header's facts, of which a reader has its own copy, and the
/// word that marks the board as complete.
const BEHIND_THE_FACTS: u64 = 256;

/// Write words and ranges of any bytes, forged states among them, until `stop` is true.
fn scribble(path: &Path, from: u64, seed: u64, stop: impl Fn() -> bool) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    let mut random = Random(seed | 1);
    while !stop() {
        for _ in 0..64 {
            let at = from + random.below(length - from - 256);
            let hot = 8192 + (random.below(4 * 64) & !7);
            let word =
                [0, u64::MAX, 1 << 32 | 3, random.below(9), random.number()][random.below(5) as usize].to_le_bytes();
            match random.below(4) {
                0 => file.write_all_at(&[random.0 as u8; 256][..random.below(256) as usize], at).unwrap(),
                1 => file.write_all_at(&word, at & !7).unwrap(),
                _ => file.write_all_at(&word, hot).unwrap(),
            }
        }
    }
}

/// The child: scribbles until its parent has ended or closes the child's input.
pub(crate) fn play_scribbler(board: &Path, seed: u64) {
    println!("child: scribbling");
    let told = std::thread::spawn(until_let_go);
    scribble(board, BEHIND_THE_FACTS, seed, || told.is_finished());
}

/// Call every method of a reader `count` times; each call must return soon.
fn read_on(path: &Path, out: &Path, count: u64) {
    let mut reader = Reader::open(path).unwrap();
    let (mut snapshot, mut longest) = (Snapshot::default(), Duration::ZERO);
    for round in 0..count {
        let began = Instant::now();
        reader.refresh(&mut snapshot).unwrap();
        reader.poll();
        assert!((0..5).all(|slot| reader.log_tail(slot, 10).len() <= 10));
        reader.wait_change(Duration::from_micros(round % 3 * 50));
        crate::checks::check(&snapshot);
        if round % 4 == 0 {
            dump::write(&mut reader, out).unwrap();
            crate::checks::check(&Reader::open(out).unwrap().snapshot().unwrap());
            crate::checks::check(&Reader::open(path).unwrap().snapshot().unwrap());
        }
        longest = longest.max(began.elapsed());
    }
    println!("{count} rounds on a board that was scribbled over, the longest of {longest:?}");
    assert!(longest < Duration::from_secs(5), "{longest:?}");
}

fn scribbled_over(mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let form = Form::file();
    let (path, _) = crate::filled(&form);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    let mut child = Writer::start("scribbler", &path, 0x5c21);
    assert_eq!(child.line(), "scribbling");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| scribble(&path, BEHIND_THE_FACTS, 0xbb1e, || stop.load(Ordering::Relaxed)));
        let read = std::panic::catch_unwind(|| read_on(&path, &path.with_extension("out"), rounds(1_000)));
        stop.store(true, Ordering::Relaxed);
        read.unwrap_or_else(|why| std::panic::resume_unwind(why));
    });
    child.kill();
}

#[test]
fn a_thread_and_a_process_that_scribble_over_a_mapped_board_never_stop_its_readers() {
    scribbled_over(0o600);
}

#[test]
fn nor_those_of_a_board_that_is_copied() {
    scribbled_over(0o666);
}

#[test]
fn a_board_whose_header_is_scribbled_over_is_refused_and_its_readers_get_an_error() {
    let form = Form::file();
    let (path, good) = crate::filled(&form);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let mut reader = Reader::open(&path).unwrap();
        let mut snapshot = reader.snapshot().unwrap();
        scope.spawn(|| scribble(&path, 0, 0xfac7, || stop.load(Ordering::Relaxed)));
        let mut told = 0;
        let until = Instant::now() + Duration::from_millis(500);
        while Instant::now() < until {
            match reader.refresh(&mut snapshot) {
                Ok(_) => {}
                Err(ReadError::Overwritten { .. }) => told += 1,
                Err(other) => panic!("{other}"),
            }
            crate::checks::check(&snapshot);
            match dump::write(&mut reader, &path.with_extension("out")) {
                Ok(()) | Err(DumpError::Read(ReadError::Overwritten { .. })) => {}
                Err(other) => panic!("{other}"),
            }
            if let Ok(mut late) = Reader::open(&path) {
                let _ = late.snapshot().map(|snapshot| crate::checks::check(&snapshot));
            }
        }
        stop.store(true, Ordering::Relaxed);
        assert!(told > 0, "no reading reported that the ready word was overwritten");
    });
    write_private(&path, &good);
    assert!(Reader::open(&path).is_ok(), "the same bytes again are a board again");
}
