//! Any bytes at all give an answer or a typed error, in bounded time: never a panic, a signal, or an endless loop.
//!
//! `bytes` mutates the content of a board, a dump or a snapshot; `forged` makes it well formed and wrong; `scribble`
//! writes over it while it is read; `cut` cuts it short while processes use it; `files` puts something else in its
//! place. `VX_TORTURE=10` runs ten times as many of each.
#![cfg(unix)]

mod bytes;
#[path = "../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "a separate crate for the fuzz targets")]
mod checks;
mod copied;
mod cut;
mod files;
mod forged;
#[cfg(target_os = "linux")]
mod python;
mod scribble;
#[path = "../support/mod.rs"]
mod support;

use support::Form;
use vx_shm::{Ending, Kind, Slot, Step};

/// Not a test: the second process of the tests that need one.
#[test]
#[ignore = "a role for the other tests"]
fn child() {
    match support::children::role() {
        None => {}
        Some(support::children::Role { name, board, seed }) => match name.as_str() {
            "cut-reader" => cut::play_reader(&board, seed),
            "cut-writer" => cut::play_writer(&board),
            "scribbler" => scribble::play_scribbler(&board, seed),
            "bus-error" => cut::play_bus_error(&board),
            other => panic!("no such role: {other}"),
        },
    }
}

/// A board with four slots and something in each field, and its bytes.
fn filled(form: &Form) -> (std::path::PathBuf, Vec<u8>) {
    let board = form.board("title", 4);
    let mut live = Slot::join(board.path(), "live", "1.0", Kind::Task).unwrap();
    live.enter(Step::new(3), Some(10));
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
