//! The steps of a turn of an agent.

use vx_shm::{Kind, Step};

use super::{EndWords, Hue, Phase, StepMeaning, Vocabulary};

/// An agent changes between its steps as often as it likes, so none is a share of the whole, and each may take its
/// time.
pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "turn",
    ends: EndWords::USUAL,
    steps: &[
        StepMeaning { letter: "q", work: false, rests: true, ..StepMeaning::with_word("queued") },
        StepMeaning { letter: "w", work: false, rests: true, ..StepMeaning::with_word("waiting") },
        StepMeaning { letter: "S", hue: Hue::Gold, rests: true, ..StepMeaning::with_word("starting") },
        StepMeaning { letter: "T", hue: Hue::Violet, rests: true, ..StepMeaning::with_word("thinking") },
        StepMeaning { letter: "A", hue: Hue::Teal, rests: true, ..StepMeaning::with_word("answering") },
        StepMeaning { letter: "U", hue: Hue::Blue, rests: true, ..StepMeaning::with_word("using a tool") },
        StepMeaning { letter: "D", rests: true, ..StepMeaning::with_word("draining") },
    ],
};

/// The agent's program is being started.
pub const STARTING: Step = Phase::new(Kind::Turn, 2).step();
/// It works, and prints nothing that is meant for people.
pub const THINKING: Step = Phase::new(Kind::Turn, 3).step();
/// It prints its answer.
pub const ANSWERING: Step = Phase::new(Kind::Turn, 4).step();
/// A tool that it has called is at work.
pub const USING_A_TOOL: Step = Phase::new(Kind::Turn, 5).step();
/// It is over, and the rest of its output is being read.
pub const DRAINING: Step = Phase::new(Kind::Turn, 6).step();
