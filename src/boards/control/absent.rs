//! A hand on work, in a vx that was built without: its work has no socket, and is read-only for other processes.

mod hand;
mod report;
mod run;

use std::path::Path;

use vx_base::trouble::{Explain, TroubleKind};
use vx_shm::SlotView;

pub use hand::{Hand, Verb, impossible};
pub use report::ReportDocument;
pub use run::RunHand;

/// Why a request was not carried out: this vx asks no other process.
#[derive(Debug, thiserror::Error)]
#[error("`{key}` cannot be asked: this vx was built without its feature `control`")]
pub struct ControlError {
    /// The key.
    pub key: String,
}

impl Explain for ControlError {
    fn kind(&self) -> TroubleKind {
        TroubleKind::Usage
    }

    fn hint(&self) -> Option<String> {
        None
    }
}

/// Report to the process that writes this slot.
///
/// # Errors
/// It is not asked.
pub fn report(_: &Path, slot: &SlotView, _: &ReportDocument) -> Result<String, ControlError> {
    Err(ControlError { key: slot.key.clone() })
}

/// The socket of this process, which there is none of.
#[derive(Debug)]
pub struct ControlSocket(());

impl ControlSocket {
    /// No request is taken.
    pub fn serve(_: &Path, _: impl Hand) -> Self {
        Self(())
    }

    /// The work has ended.
    pub fn finish(self) {}
}
