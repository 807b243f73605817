//! 800,000 mutations: the functions that the fuzz targets run, over the kept corpus and bytes made from it.
//!
//! The same seeds give the same bytes in every run. `VX_TORTURE=10` runs ten times as many of each kind.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use vx_shm::layout::{HeaderImage, MAX_SLOTS};
use vx_shm::{Reader, dump};

use crate::checks;
use crate::support::children::rounds;
use crate::support::{Form, Random};

/// The longest time that a reader may take for any bytes, on the slowest machine that runs this.
const LONGEST: Duration = Duration::from_secs(2);

/// This target's files in `fuzz/corpus`.
pub(crate) fn corpus(target: &str) -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 3, "the corpus of {target} is gone");
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Change a few bytes, words or ranges; sometimes the length.
pub(crate) fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..1 + random.below(6) {
        let length = bytes.len().max(1);
        let at = random.below(length as u64) as usize;
        let end = (at + 1 + random.below(64) as usize).min(bytes.len());
        match random.below(16) {
            0 => bytes.truncate(at),
            1 => bytes.extend((0..random.below(64)).map(|_| random.0 as u8)),
            _ if bytes.is_empty() => bytes.push(random.number() as u8),
            2..6 => bytes[at] ^= 1 << random.below(8),
            6..9 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF, b'\n', 0x1B, random.number() as u8][random.below(8) as usize],
            9..13 if length > 16 => {
                let word = [0, 1, 8, 4096, u64::from(u32::MAX), i64::MAX as u64, u64::MAX, random.number()];
                let at = at.min(length - 16) & !7;
                bytes[at..at + 8].copy_from_slice(&word[random.below(8) as usize].to_le_bytes());
            }
            13 => bytes[at..end].iter_mut().for_each(|byte| *byte = random.number() as u8),
            14 => bytes[at..end].fill(0),
            _ => {
                let from = random.below(length as u64) as usize;
                let range = from..(from + end - at).min(bytes.len());
                let to = at.min(bytes.len() - range.len());
                bytes.copy_within(range, to);
            }
        }
    }
}

/// Run a target's function over its corpus, these seeds, and `count` mutations of both.
fn over_mutations(target: &str, mut seeds: Vec<Vec<u8>>, count: u64, check: fn(&[u8])) {
    seeds.extend(corpus(target));
    for seed in &seeds {
        look(target, seed, check);
    }
    let (mut random, mut longest) = (Random(0x5eed ^ count), Duration::ZERO);
    for _ in 0..count {
        let mut bytes = seeds[random.below(seeds.len() as u64) as usize].clone();
        mutate(&mut bytes, &mut random);
        longest = longest.max(look(target, &bytes, check));
    }
    println!("{target}: {} kept and {count} mutated inputs, none of which took longer than {longest:?}", seeds.len());
    assert!(longest < LONGEST, "{longest:?}");
}

fn look(target: &str, bytes: &[u8], check: fn(&[u8])) -> Duration {
    let began = Instant::now();
    if catch_unwind(AssertUnwindSafe(|| check(bytes))).is_err() {
        let path = std::env::temp_dir().join(format!("vx-shm-{target}-{}.bytes", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        panic!("`{target}` fails on {}: keep it in fuzz/corpus/{target}", path.display());
    }
    began.elapsed()
}

#[test]
fn a_header_of_any_bytes_is_believed_only_when_every_record_lies_inside() {
    let header = |count| bytemuck::bytes_of(&HeaderImage::for_slots(count).sealed()).to_vec();
    over_mutations("header", [1, 64, MAX_SLOTS].map(header).to_vec(), rounds(600_000), checks::header);
}

#[test]
fn a_slot_of_any_bytes_reads_as_something_that_keeps_every_promise() {
    let form = Form::file();
    let (_, bytes) = crate::filled(&form);
    let facts: HeaderImage = bytemuck::pod_read_unaligned(&bytes[..size_of::<HeaderImage>()]);
    let record = |offset: u32, stride: u32, slot: u32| {
        let at = (offset + slot * stride) as usize;
        &bytes[at..at + stride as usize]
    };
    let one = |slot| {
        let parts = [facts.hot, facts.beats, facts.cold].map(|region| record(region.offset, region.stride, slot));
        let whole = parts.concat();
        assert_eq!(whole.len(), checks::SLOT_BYTES);
        whole
    };
    over_mutations("slot", (0..3).map(one).collect(), rounds(150_000), checks::slot);
}

#[test]
fn a_file_of_any_bytes_is_refused_or_read_and_dumped_within_bounds() {
    let form = Form::file();
    let (path, board) = crate::filled(&form);
    let dumped = path.with_extension("vxb");
    dump::write(&mut Reader::open(&path).unwrap(), &dumped).unwrap();
    over_mutations("dump", vec![board, std::fs::read(dumped).unwrap()], rounds(50_000), checks::dump);
}
