//! The steps of a build, mostly one for a service.

use vx_shm::{Kind, Step, Unit};

use super::{EndWords, Hue, Phase, StepMeaning, Vocabulary};

pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "build",
    ends: EndWords { done: "built", ..EndWords::USUAL },
    steps: &[
        StepMeaning { letter: "q", work: false, rests: true, ..StepMeaning::with_word("queued") },
        StepMeaning { letter: "w", work: false, rests: true, ..StepMeaning::with_word("waiting") },
        StepMeaning {
            letter: "C",
            hue: Hue::Orange,
            weight: 900,
            counts: true,
            main: true,
            ..StepMeaning::with_word("compiling")
        },
        StepMeaning {
            letter: "T",
            hue: Hue::Blue,
            unit: Unit::Bytes,
            weight: 80,
            counts: true,
            ..StepMeaning::with_word("transferring")
        },
        StepMeaning { letter: "L", hue: Hue::Teal, weight: 20, ..StepMeaning::with_word("reloading") },
    ],
};

/// The compiler, or whatever makes the result, is at work.
pub const COMPILING: Step = Phase::new(Kind::Build, 2).step();
/// The result is copied to where it is needed.
pub const TRANSFERRING: Step = Phase::new(Kind::Build, 3).step();
/// The running program picks up the result.
pub const RELOADING: Step = Phase::new(Kind::Build, 4).step();
