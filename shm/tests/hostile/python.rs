//! The Python package's own reader over hostile boards: for any bytes it gives the same answer as this crate, or the
//! same error.
//!
//! The files and the crate's answers are left in a directory, and one process reads all of them: starting Python takes
//! longer than a thousand readings. Text is compared as hexadecimal digits, since it may hold anything.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use vx_shm::layout::Region;
use vx_shm::{Liveness, Reader, SlotView, dump};

use crate::bytes::{corpus, mutate};
use crate::support::children::rounds;
use crate::support::{Form, Random, with_facts, write_private};

fn hexadecimal(text: &str) -> String {
    text.bytes().fold(String::from("x"), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

fn optional_text(text: Option<&String>) -> String {
    text.map_or_else(|| "-".into(), |text| hexadecimal(text))
}

fn optional<T: ToString>(number: Option<T>) -> String {
    number.map_or_else(|| "-".into(), |number| number.to_string())
}

/// A slot as one line of words, in the form of `tests/answers.py` of the package.
fn line_of(slot: &SlotView) -> String {
    let liveness = match slot.liveness {
        Liveness::Unknown => "unknown",
        Liveness::Alive => "alive",
        Liveness::Stalled(_) => "stalled",
        Liveness::Silent(_) => "silent",
        Liveness::Lost => "lost",
    };
    let entry = |it: &vx_shm::Transition| format!("{}/{}/{}", it.step.number(), it.entered_at_ns, it.done);
    let other = |it: &vx_shm::WaitsFor| format!("{}/{}/{}", it.board_id, it.slot, it.generation);
    let words = [
        slot.index.to_string(),
        slot.generation.to_string(),
        slot.key_hash.to_string(),
        slot.kind.number().to_string(),
        slot.state.number().to_string(),
        slot.step.number().to_string(),
        slot.attempt.to_string(),
        slot.unit.number().to_string(),
        slot.health.number().to_string(),
        slot.done.to_string(),
        optional(slot.total),
        optional(slot.pid),
        optional(slot.parent),
        optional(slot.runner),
        optional(slot.log_writer),
        optional(slot.process_group),
        optional(slot.exit_code),
        optional(slot.signal),
        optional(slot.ended_at_ns),
        optional(slot.port),
        optional(slot.percent().map(|percent| (percent * 10.0).round() as u64)),
        slot.waits_for.as_ref().map_or_else(|| "-".into(), other),
        slot.transitions.iter().map(entry).collect::<Vec<_>>().join(","),
        liveness.into(),
    ];
    let texts = [&slot.key, &slot.version, &slot.message, &slot.details].map(|text| hexadecimal(text));
    let optional_texts = [&slot.error, &slot.result, &slot.step_name, &slot.address, &slot.cause];
    let optional_texts = optional_texts.map(|text| optional_text(text.as_ref()));
    [&words[..], &texts, &optional_texts].concat().join(" ")
}

/// The crate's answer for this file: its error, or the board and every slot, on one line each.
fn answer(path: &Path) -> String {
    let mut reader = match Reader::open(path) {
        Ok(reader) => reader,
        Err(error) => return format!("error {}\n", hexadecimal(&error.to_string())),
    };
    let snapshot = reader.snapshot().expect("a file that holds still");
    let board = &snapshot.board;
    let mut text = format!(
        "board {} {:?} {} {} {} {} {:?} {}\n",
        board.id,
        board.state,
        hexadecimal(&board.title),
        board.created_unix_ns,
        board.epoch,
        board.capacity,
        board.creator.alive,
        optional_text(board.project.as_ref().map(|project| &project.text)),
    );
    for slot in &snapshot.slots {
        let _ = writeln!(text, "slot {}", line_of(slot));
        let log: Vec<String> = reader.log_tail(slot.index, 5).iter().map(|line| hexadecimal(line)).collect();
        let _ = writeln!(text, "log {}", log.join(" "));
    }
    text
}

/// Boards and dumps: those of the corpus, good ones, and damaged or forged ones made from them.
fn victims(form: &Form) -> Vec<Vec<u8>> {
    let (path, board) = crate::filled(form);
    let dumped = path.with_extension("vxb");
    dump::write(&mut Reader::open(&path).unwrap(), &dumped).unwrap();
    let dumped = std::fs::read(&dumped).unwrap();
    let mut all = corpus("dump");
    all.extend([board.clone(), dumped.clone()]);
    let mut random = Random(0x09e7_04e5);
    for round in 0..rounds(1_500) {
        let mut bytes = if round % 8 == 0 { dumped.clone() } else { board.clone() };
        match round % 3 {
            0 => mutate(&mut bytes, &mut random),
            1 => with_facts(&mut bytes, |facts| {
                let number =
                    |random: &mut Random| [0, 8, 4096, 8192, 12_288, random.number() as u32][random.below(6) as usize];
                let region = |random: &mut Random| Region { offset: number(random), stride: number(random) };
                match random.below(8) {
                    0 => facts.slot_count = number(&mut random),
                    1 => facts.length = u64::from(number(&mut random)),
                    2 => facts.hot = region(&mut random),
                    3 => facts.cold = region(&mut random),
                    4 => facts.beats = region(&mut random),
                    5 => facts.log = region(&mut random),
                    6 => facts.bell = region(&mut random),
                    _ => facts.incompatible = random.number(),
                }
            }),
            // Any bits in the hot lines, and in the board's kind and project.
            _ => {
                for _ in 0..4 {
                    let at = [8_192 + random.below(4 * 64), 768 + random.below(32)][random.below(2) as usize];
                    let at = (at & !7) as usize;
                    let low = [random.below(9) | 1 << 32 | 256, random.number()][random.below(2) as usize];
                    bytes[at..at + 8].copy_from_slice(&low.to_le_bytes());
                }
            }
        }
        all.push(bytes);
    }
    all
}

/// Whether there is a Python that the package supports.
fn has_python() -> bool {
    let asked = Command::new("python3").args(["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]).status();
    asked.is_ok_and(|status| status.success())
}

#[test]
fn the_python_reader_gives_the_same_answer_or_the_same_error() {
    if !has_python() {
        eprintln!("skipped: there is no `python3` of version 3.9 or later");
        return;
    }
    let form = Form::file();
    let victims = victims(&form);
    for (number, bytes) in victims.iter().enumerate() {
        let path = form.directory().join(format!("{number}.victim"));
        write_private(&path, bytes);
        std::fs::write(path.with_extension("answer"), answer(&path)).unwrap();
    }
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bindings/python");
    let read = |at: &usize| std::fs::read_to_string(form.directory().join(format!("{at}.answer"))).unwrap();
    let whole = (0..victims.len()).filter(|at| read(at).starts_with("board")).count();
    assert!(whole >= victims.len() / 3, "only {whole} of {} can be read", victims.len());
    let mut command = Command::new("python3");
    command.arg("-B").arg(package.join("tests/answers.py")).arg(form.directory()).arg(victims.len().to_string());
    let output = command.env("PYTHONPATH", package.join("python")).output().expect("python3 starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    print!("{}", String::from_utf8_lossy(&output.stdout));
}
