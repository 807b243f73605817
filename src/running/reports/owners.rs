//! The processes that a report belongs to, and the error of a board that refuses them.

use std::path::Path;

use vx_process::callers;
use vx_shm::{ClaimError, Reader, ReserveError, Snapshot};

use super::error::ReportError;

/// The error for a refused slot or board. If the key is in use, the error names its owner.
pub(crate) fn refused(board: &Path, error: ClaimError) -> ReportError {
    if let ClaimError::Place(ReserveError::KeyInUse { slot, .. }) = error {
        let snapshot = read(board).unwrap_or_default();
        let owner = snapshot.slots.iter().find(|view| view.index == slot).and_then(|view| view.pid);
        return ReportError::KeyInUse { error, owner };
    }
    if let ClaimError::AlreadyClaimed { slot } = error {
        let snapshot = read(board).unwrap_or_default();
        return ReportError::Written { writer: snapshot.slots.get(slot as usize).and_then(|view| view.pid) };
    }
    ReportError::Refused(error)
}

/// The processes that may own the work, the nearest caller first; never empty.
pub(super) fn owners(named: Option<u32>) -> Result<Vec<u32>, ReportError> {
    let owners = named.map_or_else(callers, |owner| vec![owner]);
    if owners.is_empty() { Err(ReportError::NoCaller) } else { Ok(owners) }
}

/// The processes whose board is meant if none is named: these owners, and then the callers.
pub(super) fn with_callers(owners: &[u32]) -> Vec<u32> {
    owners.iter().copied().chain(callers()).collect()
}

/// Read this board once.
pub(super) fn read(board: &Path) -> Result<Snapshot, ReportError> {
    Ok(Reader::open(board)?.snapshot()?)
}
