//! A board without a name, as other processes of its user find it: by its path, while its creator has it open.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::Command;

use vx_shm::{AttachErrorKind, Board, Ending, Kind, Reader, Slot, SlotState, Unnamed};

fn open_file_of_this_process(file: &File) -> PathBuf {
    Unnamed { process: std::process::id(), descriptor: u32::try_from(file.as_raw_fd()).unwrap() }.path()
}

#[test]
fn a_board_without_a_name_is_claimed_and_read_by_its_path_and_gone_with_its_creator() {
    let board = Board::create_unnamed("a run", 4).unwrap();
    let path = board.path().to_owned();
    assert_eq!(Unnamed::from_path(&path).map(|place| place.process), Some(std::process::id()));
    let reservation = board.reserve("node", "22.1.0", Kind::Install).unwrap();
    let mut slot = Slot::claim(&path, reservation.slot, reservation.generation).unwrap();
    slot.set_total(Some(10));
    slot.publish(4);
    let mut reader = Reader::open(&path).unwrap();
    let seen = reader.snapshot().unwrap();
    assert_eq!((seen.board.title.as_str(), seen.board.creator.alive), ("a run", Some(true)));
    assert_eq!((seen.slots[0].key.as_str(), seen.slots[0].done, seen.slots[0].total), ("node", 4, Some(10)));
    assert!(Slot::claim(&path, reservation.slot, reservation.generation).is_err(), "slots are locked here, too");
    slot.end(Ending::done_at("/store/node")).unwrap();
    drop(board);
    assert_eq!(reader.snapshot().unwrap().slots[0].state, SlotState::Done, "a reader that has it open keeps it");
    assert!(matches!(Reader::open(&path).unwrap_err().kind, AttachErrorKind::Missing));
}

#[test]
fn another_process_of_the_same_user_opens_it_and_cannot_make_it_shorter() {
    let board = Board::create_unnamed("a run", 4).unwrap();
    let _reserved = board.reserve("node", "22.1.0", Kind::Install).unwrap();
    let path = board.path().display().to_string();
    let whole = Command::new("wc").args(["-c", &path]).output().unwrap();
    let length: u64 = String::from_utf8_lossy(&whole.stdout).split(' ').next().unwrap().parse().unwrap();
    assert!(length > 4096, "{whole:?}");
    assert!(!Command::new("truncate").args(["-s", "0", &path]).output().unwrap().status.success());
    let shortened = File::options().write(true).open(&path).unwrap().set_len(0).unwrap_err();
    assert_eq!(shortened.kind(), std::io::ErrorKind::PermissionDenied);
    assert_eq!(Reader::open(board.path()).unwrap().snapshot().unwrap().slots.len(), 1);
}

#[test]
fn no_other_open_file_of_a_process_is_taken_for_a_board() {
    let directory = tempfile::tempdir().unwrap();
    let board = Board::create(&directory.path().join("a.board"), "a", 4).unwrap();
    let opened = File::open(board.path()).unwrap();
    let mut text = tempfile::tempfile().unwrap();
    text.write_all(&[0; 8192]).unwrap();
    for file in [&opened, &text] {
        let error = Reader::open(&open_file_of_this_process(file)).unwrap_err();
        assert!(matches!(error.kind, AttachErrorKind::NotAFile), "{error}");
    }
}
