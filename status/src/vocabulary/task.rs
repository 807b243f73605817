//! The steps of a task: a script, a build step, any command.

use vx_shm::{Kind, Step};

use super::{EndWords, Hue, Phase, StepMeaning, Vocabulary};

pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "task",
    ends: EndWords::USUAL,
    steps: &[
        StepMeaning { letter: "q", work: false, rests: true, ..StepMeaning::with_word("queued") },
        StepMeaning { letter: "w", work: false, rests: true, ..StepMeaning::with_word("waiting") },
        StepMeaning { letter: "P", hue: Hue::Gold, ..StepMeaning::with_word("preparing") },
        StepMeaning {
            letter: "R",
            hue: Hue::Blue,
            weight: 1000,
            counts: true,
            main: true,
            ..StepMeaning::with_word("running")
        },
        StepMeaning { letter: "F", hue: Hue::Teal, ..StepMeaning::with_word("finishing") },
    ],
};

/// The work itself.
pub const RUNNING: Step = Step::new(3);

/// The step of a task with this word; `None` for the writer's own words.
pub fn step_named(word: &str) -> Option<Step> {
    let place = VOCABULARY.steps.iter().position(|meaning| meaning.word == word)?;
    u8::try_from(place).ok().map(|number| Phase::new(Kind::Task, number).step())
}
