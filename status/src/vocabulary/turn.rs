//! The steps of a turn of an agent.

use vx_shm::{Kind, Step};

use super::{Ends, Hue, Meaning, Phase, Vocabulary};

/// An agent changes between its steps as often as it likes, so none is a share of the whole, and each may take its time.
pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "turn",
    ends: Ends::USUAL,
    steps: &[
        Meaning { letter: "q", work: false, rests: true, ..Meaning::of("queued") },
        Meaning { letter: "w", work: false, rests: true, ..Meaning::of("waiting") },
        Meaning { letter: "S", hue: Hue::Gold, rests: true, ..Meaning::of("starting") },
        Meaning { letter: "T", hue: Hue::Violet, rests: true, ..Meaning::of("thinking") },
        Meaning { letter: "A", hue: Hue::Teal, rests: true, ..Meaning::of("answering") },
        Meaning { letter: "U", hue: Hue::Blue, rests: true, ..Meaning::of("using a tool") },
        Meaning { letter: "D", rests: true, ..Meaning::of("draining") },
    ],
};

/// The agent's program is being started.
pub const STARTING: Step = Phase::of(Kind::Turn, 2).step();
/// It works, and prints nothing that is meant for people.
pub const THINKING: Step = Phase::of(Kind::Turn, 3).step();
/// It prints its answer.
pub const ANSWERING: Step = Phase::of(Kind::Turn, 4).step();
/// A tool that it has called is at work.
pub const USING_A_TOOL: Step = Phase::of(Kind::Turn, 5).step();
/// It is over, and the rest of its output is read.
pub const DRAINING: Step = Phase::of(Kind::Turn, 6).step();
