//! The steps of an install.

use vx_shm::{Kind, Unit};

use super::{EndWords, Hue, Phase, StepMeaning, Vocabulary};

pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "install",
    ends: EndWords { done: "installed", ..EndWords::USUAL },
    steps: &[
        StepMeaning { letter: "q", work: false, rests: true, ..StepMeaning::with_word("queued") },
        StepMeaning { letter: "w", work: false, rests: true, ..StepMeaning::with_word("waiting") },
        StepMeaning { letter: "R", hue: Hue::Gold, ..StepMeaning::with_word("resolving") },
        StepMeaning {
            letter: "D",
            hue: Hue::Blue,
            unit: Unit::Bytes,
            weight: 650,
            counts: true,
            main: true,
            ..StepMeaning::with_word("downloading")
        },
        StepMeaning { letter: "V", hue: Hue::Violet, unit: Unit::Bytes, ..StepMeaning::with_word("verifying") },
        StepMeaning {
            letter: "E",
            hue: Hue::Orange,
            unit: Unit::Bytes,
            weight: 100,
            counts: true,
            ..StepMeaning::with_word("extracting")
        },
        StepMeaning {
            letter: "L",
            hue: Hue::Teal,
            unit: Unit::Files,
            rests: true,
            ..StepMeaning::with_word("linking")
        },
        // It may take any time, so a finished download must not count as nearly everything.
        StepMeaning { letter: "P", hue: Hue::Pink, weight: 250, rests: true, ..StepMeaning::with_word("post-install") },
    ],
};

impl Phase {
    /// Planned, not started.
    pub const QUEUED: Self = Self::new(Kind::Install, 0);
    /// Waiting for another process's install of the same release.
    pub const WAITING: Self = Self::new(Kind::Install, 1);
    /// Finding out which release to install and where it is.
    pub const RESOLVING: Self = Self::new(Kind::Install, 2);
    /// Receiving bytes: `done` of `total` bytes.
    pub const DOWNLOADING: Self = Self::new(Kind::Install, 3);
    /// Comparing digests.
    pub const VERIFYING: Self = Self::new(Kind::Install, 4);
    /// Unpacking: `done` of `total` bytes of archive.
    pub const EXTRACTING: Self = Self::new(Kind::Install, 5);
    /// Placing the finished directory and its links: all of `total` files, which is unknown while a post-install
    /// command is to follow.
    pub const LINKING: Self = Self::new(Kind::Install, 6);
    /// Running the tool's own post-install command.
    pub const POST_INSTALL: Self = Self::new(Kind::Install, 7);

    /// All steps of an install, in their order.
    pub const OF_INSTALL: &[Self] = &[
        Self::QUEUED,
        Self::WAITING,
        Self::RESOLVING,
        Self::DOWNLOADING,
        Self::VERIFYING,
        Self::EXTRACTING,
        Self::LINKING,
        Self::POST_INSTALL,
    ];
}
