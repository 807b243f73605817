//! The steps of a task: a script, a build step, any command.

use vx_shm::{Kind, Step};

use super::{Ends, Hue, Meaning, Phase, Vocabulary};

pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "task",
    ends: Ends::USUAL,
    steps: &[
        Meaning { letter: "q", work: false, rests: true, ..Meaning::of("queued") },
        Meaning { letter: "w", work: false, rests: true, ..Meaning::of("waiting") },
        Meaning { letter: "P", hue: Hue::Gold, ..Meaning::of("preparing") },
        Meaning { letter: "R", hue: Hue::Blue, weight: 1000, counts: true, main: true, ..Meaning::of("running") },
        Meaning { letter: "F", hue: Hue::Teal, ..Meaning::of("finishing") },
    ],
};

/// The work itself.
pub const RUNNING: Step = Step::new(3);

/// The step of a task with this word; `None` for a word of the writer's own.
pub fn step_named(word: &str) -> Option<Step> {
    let place = VOCABULARY.steps.iter().position(|meaning| meaning.word == word)?;
    u8::try_from(place).ok().map(|number| Phase::of(Kind::Task, number).step())
}
