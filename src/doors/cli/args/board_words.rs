//! Names from the board as values of options.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use vx_shm::{BoardState, SlotState, Unit};

/// A value of the board, with its name there.
macro_rules! board_word {
    ($(#[$meta:meta])* $name:ident($word:ident): $($value:ident),*) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in crate::doors::cli) struct $name(pub $word);

        impl ValueEnum for $name {
            fn value_variants<'a>() -> &'a [Self] {
                &[$(Self($word::$value)),*]
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(PossibleValue::new(self.0.name()))
            }
        }
    };
}

board_word! {
    /// The end of a script's slot.
    EndState(SlotState): Done, Failed, Cancelled, Skipped
}
board_word! {
    /// The end of a script's board.
    ClosedState(BoardState): Done, Failed, Cancelled
}
board_word! {
    /// The unit of a script's numbers.
    UnitWord(Unit): Count, Bytes, Files, Permille
}
