//! Boards that are well formed and wrong: in their header, with a correct checksum; in one bit of a dump; in the words
//! that a writer depends on.

use vx_shm::layout::Region;
use vx_shm::{Ending, Kind, Reader, Slot, SlotState, Step, dump};

use crate::bytes::mutate;
use crate::support::children::rounds;
use crate::support::{Form, Random, with_facts, write_private};

#[test]
fn a_header_that_lies_under_a_right_checksum_is_refused_or_read_within_bounds() {
    let form = Form::file();
    let (_, good) = crate::filled(&form);
    let mut random = Random(0x1e5);
    for _ in 0..rounds(600) {
        let mut bytes = good.clone();
        with_facts(&mut bytes, |facts| {
            let number =
                |random: &mut Random| [0, 8, 4096, 8192, u32::MAX, random.number() as u32][random.below(6) as usize];
            let region = |random: &mut Random| Region { offset: number(random), stride: number(random) };
            match random.below(8) {
                0 => facts.slot_count = number(&mut random),
                1 => facts.length = u64::from(number(&mut random)),
                2 => facts.hot = region(&mut random),
                3 => facts.cold = region(&mut random),
                4 => facts.beats = region(&mut random),
                5 => facts.log = region(&mut random),
                6 => facts.bell = region(&mut random),
                _ => (facts.created_at_ns, facts.created_unix_ns) = (random.number(), random.number() as i64),
            }
        });
        crate::checks::dump(&bytes);
    }
}

#[test]
fn a_dump_with_any_bit_flipped_is_refused_or_reads_the_same() {
    let form = Form::file();
    let (path, _) = crate::filled(&form);
    let (good, victim) = (path.with_extension("vxb"), path.with_extension("victim"));
    dump::write(&mut Reader::open(&path).unwrap(), &good).unwrap();
    let bytes = std::fs::read(&good).unwrap();
    let before = Reader::open(&good).unwrap().snapshot().unwrap();
    let mut random = Random(0xd0_0d);
    for _ in 0..rounds(800) {
        let mut flipped = bytes.clone();
        flipped[random.below(bytes.len() as u64) as usize] ^= 1 << random.below(8);
        write_private(&victim, &flipped);
        if let Ok(mut reader) = Reader::open(&victim) {
            assert_eq!(reader.snapshot().unwrap(), before, "a flipped bit passed the checksum");
        }
    }
}

#[test]
fn a_writer_on_forged_words_neither_panics_nor_writes_elsewhere() {
    let form = Form::file();
    let (path, good) = crate::filled(&form);
    let victim = path.with_extension("victim");
    let mut random = Random(0xf0_9e);
    for _ in 0..rounds(300) {
        let mut bytes = good[8192..].to_vec();
        mutate(&mut bytes, &mut random);
        bytes.resize(good.len() - 8192, 0);
        bytes.splice(..0, good[..8192].iter().copied());
        write_private(&victim, &bytes);
        if let Ok(mut slot) = Slot::join(&victim, "new", "", Kind::Task) {
            slot.enter(Step::new(5), Some(u64::MAX));
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
