//! Models of numbers and texts: a publication is read whole or not at all.

use loom::sync::Arc;
use loom::thread;
use vx_shm::atomics::Mutant;
use vx_shm::layout::Latch;

use crate::run::Model;

pub(crate) const MODELS: &[Model] = &[Model {
    name: "readers never see half a publication, nor go back",
    mutants: &[
        Mutant::NoWriterFence,
        Mutant::RelaxedPublish,
        Mutant::StampFirst,
        Mutant::OneCopy,
        Mutant::NoReaderFence,
        Mutant::NoFirstFence,
        Mutant::NoSecondStamp,
    ],
    preemptions: 3,
    run: readers_never_see_half_a_publication,
    variants: 1,
}];

fn readers_never_see_half_a_publication() {
    let latch = Arc::new(Latch::<2>::default());
    let written = latch.clone();
    let writer = thread::spawn(move || (1..=2).for_each(|value| written.write(&[value; 2])));
    let reader = thread::spawn(move || {
        let mut last = 0;
        for _ in 0..2 {
            if let Some((stamp, words)) = latch.read() {
                assert_eq!(words, [stamp; 2], "words of another publication");
                assert!(stamp >= last, "went back");
                last = stamp;
            }
        }
    });
    writer.join().unwrap();
    reader.join().unwrap();
}
