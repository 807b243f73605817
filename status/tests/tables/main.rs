//! Tests of the tables and the JSON: of a dump kept in the repository, and of 200,000 snapshots made from random bytes.
//!
//! `VX_TORTURE=10` tries ten times as many.

mod any_snapshot;
mod check;
mod json;

use std::path::Path;

use any_snapshot::snapshot_from;
use vx_shm::Reader;
use vx_status::table::{to_csv, to_text};

#[test]
fn the_tables_of_a_dump_are_those_that_were_kept() {
    let dump = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shm/tests/golden/layout-2.vxb");
    let snapshot = Reader::open(&dump).unwrap().snapshot().unwrap();
    insta::assert_snapshot!("csv", to_csv(&snapshot).replace("\r\n", "\n"));
    insta::assert_snapshot!("text", to_text(&snapshot));
}

/// Characters that break fields and lines, or that a terminal obeys. The texts of the snapshots are made of them.
const HARD: [&str; 12] =
    ["\u{1b}[2J", "\u{9b}", "\u{202e}", "\u{200d}", "\u{e0041}", "\u{2028}", "\"", ",", "\r\n", "=1", "é", "x"];

/// A random generator: the same seed gives the same bytes in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < 400 && self.below(64) != 0 {
            match self.below(3) {
                0 => bytes.push(self.below(256) as u8),
                1 => bytes.push(self.below(8) as u8),
                _ => bytes.extend(HARD[self.below(HARD.len())].bytes()),
            }
        }
        bytes
    }
}

fn export(bytes: &[u8]) {
    let snapshot = snapshot_from(bytes);
    check::tables(&snapshot);
    json::check(&snapshot);
}

#[test]
fn every_export_of_any_snapshot_is_well_formed_and_moves_no_cursor() {
    let times = std::env::var("VX_TORTURE").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shm/fuzz/corpus/json");
    for kept in std::fs::read_dir(corpus).unwrap() {
        export(&std::fs::read(kept.unwrap().path()).unwrap());
    }
    let mut dice = Dice(0x5eed);
    for _ in 0..200_000u64 * times {
        export(&dice.bytes());
    }
}
