//! A hand on work, in a vx that was built without: its work has no socket, and is read-only for other processes.

mod hand;
mod run;

use std::path::Path;

pub use hand::{Hand, Verb, impossible};
pub use run::RunHand;

/// The socket of this process, which there is none of.
#[derive(Debug)]
pub struct Control(());

impl Control {
    /// No request is taken.
    pub fn serve(_: &Path, _: impl Hand) -> Self {
        Self(())
    }

    /// The work has ended.
    pub fn finish(self) {}
}
