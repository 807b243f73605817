//! Controlling work, in a vx that was built without it: work has no socket, and is read-only for other processes.

mod hand;
mod report;
mod run;

use std::path::Path;

use vx_base::trouble::{Explain, TroubleKind};
use vx_shm::SlotView;

pub use hand::{Hand, Verb, impossible};
pub use report::ReportDocument;
pub use run::RunHand;

/// Why a request was not carried out: this vx cannot send requests to other processes.
#[derive(Debug, thiserror::Error)]
#[error("cannot send a request for `{key}`: this vx was built without its feature `control`")]
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
/// Always: this vx cannot send reports.
pub fn report(_: &Path, slot: &SlotView, _: &ReportDocument) -> Result<String, ControlError> {
    Err(ControlError { key: slot.key.clone() })
}

/// Stands for the socket of this process, which has none.
#[derive(Debug)]
pub struct ControlSocket(());

impl ControlSocket {
    /// Accepts no requests.
    pub fn serve(_: &Path, _: impl Hand) -> Self {
        Self(())
    }

    /// Does nothing.
    pub fn finish(self) {}
}
