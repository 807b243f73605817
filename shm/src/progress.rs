//! The words of the board: phases, states and kinds, with their numbers in the layout and their names in exports.
//!
//! Numbers are part of the layout and never change meaning; a number this version does not know decodes to `None`
//! and the reader shows the slot's other fields.

use serde::Serialize;

macro_rules! wire_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $number:literal, $text:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* #[serde(rename = $text)] $variant = $number,)*
        }

        impl $name {
            /// Every value, in the order of the layout's numbers.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The value with this number in the layout; `None` for a number this version does not know.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The number in the layout.
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// The name in JSON, CSV and on screen.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

wire_enum! {
    /// The work that a slot's writer is doing. `done` and `total` count bytes or files of this phase.
    Phase {
        /// Planned, not started.
        Queued = 0, "queued";
        /// Waiting for another process's install of the same release.
        Waiting = 1, "waiting";
        /// Finding out which release to install and where it is.
        Resolving = 2, "resolving";
        /// Receiving bytes: `done` of `total` bytes.
        Downloading = 3, "downloading";
        /// Comparing digests.
        Verifying = 4, "verifying";
        /// Unpacking: `done` of `total` bytes of archive.
        Extracting = 5, "extracting";
        /// Placing the finished directory and its links.
        Linking = 6, "linking";
        /// Running the tool's own post-install command.
        PostInstall = 7, "post-install";
    }
}

impl Phase {
    /// One letter for a bar in a chart; a small one for phases without work.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Queued => "q",
            Self::Waiting => "w",
            Self::Resolving => "R",
            Self::Downloading => "D",
            Self::Verifying => "V",
            Self::Extracting => "E",
            Self::Linking => "L",
            Self::PostInstall => "P",
        }
    }
}

wire_enum! {
    /// A slot's place in its life: `free → reserved → claiming → live → done | failed | cancelled | skipped | died`.
    SlotState {
        /// Never used.
        Free = 0, "free";
        /// Named by the parent, not yet claimed by a writer.
        Reserved = 1, "reserved";
        /// A writer is filling in the first record: readers show the slot as reserved.
        Claiming = 2, "claiming";
        /// Claimed by a writer.
        Live = 3, "live";
        /// Ended: the result is there.
        Done = 4, "done";
        /// Ended: it failed, and the slot's error has the reason.
        Failed = 5, "failed";
        /// Ended: it was stopped on request.
        Cancelled = 6, "cancelled";
        /// Ended: nothing had to be done.
        Skipped = 7, "skipped";
        /// Ended: the writer was killed or crashed; written by the parent from how the process ended.
        Died = 8, "died";
    }
}

impl SlotState {
    /// True if it ended well: the result is there, or nothing had to be done.
    pub const fn good(self) -> bool {
        matches!(self, Self::Done | Self::Skipped)
    }

    /// True once nothing more will follow under this generation.
    pub const fn ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled | Self::Skipped | Self::Died)
    }
}

wire_enum! {
    /// The kind of work in a slot.
    Kind {
        /// One install of one release.
        Install = 0, "install";
        /// Anything else that reports progress: a script, a build step.
        Task = 1, "task";
        /// Reserved: a long-running service.
        Service = 2, "service";
        /// Reserved: a build.
        Build = 3, "build";
        /// Reserved: a one-shot agent turn.
        Turn = 4, "turn";
    }
}

wire_enum! {
    /// A whole board's place in its life.
    BoardState {
        /// Its creator is still at work.
        Running = 0, "running";
        /// Everything asked for succeeded.
        Done = 1, "done";
        /// At least one requested item did not succeed.
        Failed = 2, "failed";
        /// It was stopped on request.
        Cancelled = 3, "cancelled";
    }
}
