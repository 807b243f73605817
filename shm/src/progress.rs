//! The words of the board: states, kinds, units and health, with their numbers in the layout and their names in
//! exports.
//!
//! A step has only a number here, no name. Numbers are part of the layout and never change meaning; a number that this
//! version does not know decodes to `None`, and the reader shows the slot's other fields.

macro_rules! wire_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $number:literal, $text:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* $variant = $number,)*
        }

        impl $name {
            /// Every value, in the order of the layout's numbers.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// Decode a number of the layout; `None` for a number this version does not know.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Its number in the layout.
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// Its name in JSON, CSV and on screen.
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

/// Number of a step of a slot's work. Its meaning is in the vocabulary of the slot's kind, which this crate does
/// not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Step(u8);

impl Step {
    /// Every life of a slot begins in this step.
    pub const FIRST: Self = Self(0);

    /// The step with this number in the layout.
    pub const fn new(number: u8) -> Self {
        Self(number)
    }

    /// Its number in the layout.
    pub const fn number(self) -> u8 {
        self.0
    }
}

wire_enum! {
    /// What a slot's numbers count.
    Unit {
        /// The vocabulary gives the unit for the step.
        Unknown = 0, "unknown";
        /// Things of any kind.
        Count = 1, "count";
        /// Bytes.
        Bytes = 2, "bytes";
        /// Files.
        Files = 3, "files";
        /// Thousandths of the whole.
        Permille = 4, "permille";
    }
}

wire_enum! {
    /// Health of what a slot's process runs, as far as its runner checks it.
    Health {
        /// Nothing checks it.
        Unknown = 0, "unknown";
        /// It runs and is not ready yet.
        Starting = 1, "starting";
        /// It does what it is there for.
        Ready = 2, "ready";
        /// It runs, and a check of it fails.
        Unhealthy = 3, "unhealthy";
        /// It has ended and will be started again.
        WaitingToRestart = 4, "waiting-to-restart";
        /// It goes on once a person has done something.
        WaitingForPerson = 5, "waiting-for-person";
    }
}

wire_enum! {
    /// A slot's place in its life: `free → reserved → claiming → live → done | failed | cancelled | skipped | died`.
    SlotState {
        /// Never used.
        Free = 0, "free";
        /// Reserved by the parent, not yet claimed by a writer.
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
    /// Whether the slot ended well: the result is there, or nothing had to be done.
    pub const fn good(self) -> bool {
        matches!(self, Self::Done | Self::Skipped)
    }

    /// Whether nothing more will follow under this generation.
    pub const fn ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled | Self::Skipped | Self::Died)
    }
}

wire_enum! {
    /// What kind of work a slot shows.
    Kind {
        /// One install of one release.
        Install = 0, "install";
        /// Anything else that reports progress: a script, a build step.
        Task = 1, "task";
        /// A process that runs until it is stopped.
        Service = 2, "service";
        /// One build, often for a service.
        Build = 3, "build";
        /// One turn of an agent.
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
