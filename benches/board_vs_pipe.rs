//! The cost of one report of progress to the process that makes it: on the board, and as a message on a pipe.
//!
//! Budget: at most 3 ns on the board, 12 for a whole record of 192 bytes, and a pipe message at least 150 times as
//! expensive as the numbers, the only thing that changes from one report to the next. The pipe is given its best case:
//! it is emptied outside of the measured time, so that its writer never waits and no reader is woken.
//!
//! `cargo bench --bench board_vs_pipe`

mod record;

use std::hint::black_box;
use std::io::{PipeReader, PipeWriter, Read};
use std::time::{Duration, Instant};

use criterion::Criterion;
use record::{MESSAGE, Record, TOTAL, Wire, median};
use vx_shm::layout::{Latch, TEXT_WORDS};
use vx_shm::{Board, Kind, Slot};
use vx_status::vocabulary::Phase;

/// Messages between two emptyings of the pipe: they fit its 64 KiB.
const BATCH: u64 = 256;

fn main() {
    let directory = tempfile::tempdir_in(memory()).expect("a directory in memory");
    let board = Board::create(&directory.path().join("bench.board"), "bench", 64).expect("a board");
    let mut slot = Slot::join(board.path(), "ripgrep", "14.1.1", Kind::Install).expect("a slot");
    slot.enter(Phase::DOWNLOADING, Some(TOTAL));
    slot.message(MESSAGE);
    let mut pipe = Pipe::new();

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("one report");
    group.bench_function("board, numbers", |bencher| bencher.iter_custom(|count| publish(&mut slot, count)));
    let latch = Latch::<TEXT_WORDS>::default();
    group.bench_function("board, 192 bytes", |bencher| bencher.iter_custom(|count| publish_record(&latch, count)));
    group.bench_function("board, numbers and message", |bencher| {
        bencher.iter_custom(|count| publish_text(&mut slot, count));
    });
    for wire in [Wire::Postcard, Wire::JsonLine] {
        let name = format!("pipe, {wire:?}");
        group.bench_function(name, |bencher| bencher.iter_custom(|count| pipe.send(wire, count)));
    }
    group.finish();
    criterion.final_summary();
    print_ratios(&mut slot, &mut pipe);
}

/// Print the ratios of the costs, measured in turns so that a disturbance of the machine affects all of them.
fn print_ratios(slot: &mut Slot, pipe: &mut Pipe) {
    let latch = Latch::<TEXT_WORDS>::default();
    let mut figures: [Vec<f64>; 5] = Default::default();
    for _ in 0..101 {
        let each = |time: Duration, count: u64| time.as_nanos() as f64 / count as f64;
        figures[0].push(each(publish(slot, 100_000), 100_000));
        figures[1].push(each(publish_text(slot, 20_000), 20_000));
        figures[2].push(each(pipe.send(Wire::Postcard, 4 * BATCH), 4 * BATCH));
        figures[3].push(each(pipe.send(Wire::JsonLine, 4 * BATCH), 4 * BATCH));
        figures[4].push(each(publish_record(&latch, 50_000), 50_000));
    }
    let [numbers, text, postcard, json, record] = figures.map(median);
    println!("\none report, medians of 101 turns, ns:");
    println!("  board, numbers              {numbers:9.2}");
    println!("  board, 192 bytes as words   {record:9.2}");
    println!("  board, numbers and message  {text:9.2}  (the message encoded each time)");
    println!("  pipe, length and postcard   {postcard:9.2}  {:6.0} times the board's numbers", postcard / numbers);
    println!("  pipe, JSON line             {json:9.2}  {:6.0} times the board's numbers", json / numbers);
    let kept = numbers <= 3.0 && record <= 12.0 && postcard / numbers >= 150.0;
    let verdict = if kept { "kept" } else { "BROKEN" };
    println!("budget (at most 3 ns, a record at most 12 ns, pipe at least 150 times dearer): {verdict}");
}

fn publish(slot: &mut Slot, count: u64) -> Duration {
    let began = Instant::now();
    for done in 0..count {
        slot.publish(black_box(done));
    }
    began.elapsed()
}

/// A whole record of 192 bytes, all of whose words change.
fn publish_record(latch: &Latch<TEXT_WORDS>, count: u64) -> Duration {
    let mut words = [1; TEXT_WORDS];
    let began = Instant::now();
    for done in 0..count {
        words[0] = done;
        latch.write(black_box(&words));
    }
    began.elapsed()
}

fn publish_text(slot: &mut Slot, count: u64) -> Duration {
    let began = Instant::now();
    for done in 0..count {
        slot.message(black_box(MESSAGE));
        slot.publish(black_box(done));
    }
    began.elapsed()
}

/// A pipe with both ends in this process.
struct Pipe {
    reader: PipeReader,
    writer: PipeWriter,
    buffer: Vec<u8>,
    drained: Vec<u8>,
}

impl Pipe {
    fn new() -> Self {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        Self { reader, writer, buffer: Vec::with_capacity(512), drained: vec![0; 64 * 1024] }
    }

    /// The time that `count` messages take to encode and write.
    fn send(&mut self, wire: Wire, count: u64) -> Duration {
        let (mut spent, mut sent) = (Duration::ZERO, 0);
        while sent < count {
            let batch = BATCH.min(count - sent);
            let (began, mut bytes) = (Instant::now(), 0);
            for done in 0..batch {
                let record = Record::new(7, black_box(done));
                wire.send(&record, &mut self.buffer, &mut self.writer).expect("room in the pipe");
                bytes += self.buffer.len();
            }
            spent += began.elapsed();
            sent += batch;
            while bytes > 0 {
                bytes -= self.reader.read(&mut self.drained).expect("what was sent");
            }
        }
        spent
    }
}

/// The place for boards: a memory file system, if there is one.
fn memory() -> std::path::PathBuf {
    let shared = std::path::PathBuf::from("/dev/shm");
    if shared.is_dir() { shared } else { std::env::temp_dir() }
}
