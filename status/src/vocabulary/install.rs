//! The steps of an install.

use vx_shm::{Kind, Unit};

use super::{Ends, Hue, Meaning, Phase, Vocabulary};

pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "install",
    ends: Ends { done: "installed", ..Ends::USUAL },
    steps: &[
        Meaning { letter: "q", work: false, rests: true, ..Meaning::of("queued") },
        Meaning { letter: "w", work: false, rests: true, ..Meaning::of("waiting") },
        Meaning { letter: "R", hue: Hue::Gold, ..Meaning::of("resolving") },
        Meaning {
            letter: "D",
            hue: Hue::Blue,
            unit: Unit::Bytes,
            weight: 650,
            counts: true,
            main: true,
            ..Meaning::of("downloading")
        },
        Meaning { letter: "V", hue: Hue::Violet, unit: Unit::Bytes, ..Meaning::of("verifying") },
        Meaning {
            letter: "E",
            hue: Hue::Orange,
            unit: Unit::Bytes,
            weight: 100,
            counts: true,
            ..Meaning::of("extracting")
        },
        Meaning { letter: "L", hue: Hue::Teal, unit: Unit::Files, rests: true, ..Meaning::of("linking") },
        // It may take any time: a download alone is never nearly all.
        Meaning { letter: "P", hue: Hue::Pink, weight: 250, rests: true, ..Meaning::of("post-install") },
    ],
};

impl Phase {
    /// Planned, not started.
    pub const QUEUED: Self = Self::of(Kind::Install, 0);
    /// Waiting for another process's install of the same release.
    pub const WAITING: Self = Self::of(Kind::Install, 1);
    /// Finding out which release to install and where it is.
    pub const RESOLVING: Self = Self::of(Kind::Install, 2);
    /// Receiving bytes: `done` of `total` bytes.
    pub const DOWNLOADING: Self = Self::of(Kind::Install, 3);
    /// Comparing digests.
    pub const VERIFYING: Self = Self::of(Kind::Install, 4);
    /// Unpacking: `done` of `total` bytes of archive.
    pub const EXTRACTING: Self = Self::of(Kind::Install, 5);
    /// Placing the finished directory and its links: all of `total` files, which is unknown while a post-install command
    /// is to follow.
    pub const LINKING: Self = Self::of(Kind::Install, 6);
    /// Running the tool's own post-install command.
    pub const POST_INSTALL: Self = Self::of(Kind::Install, 7);

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
