//! The kinds of what can go wrong with a board; its crate knows the hints.

use std::borrow::Cow;
use std::io;

use vx_shm::layout::LayoutFault;
use vx_shm::recording::{RecordingError, RecordingFault};
use vx_shm::{AttachError, AttachErrorKind, ClaimError, CreateError, DumpError, EndError, ReadError, ReserveError};
use vx_status::error_cell::ErrorCell;

use super::{Explain, Trouble, TroubleKind};
use crate::process_limit::ProcessLimit;

impl Trouble {
    /// The parts of a slot's error cell.
    pub fn parts(&self) -> ErrorCell<'_> {
        ErrorCell {
            text: self.text.as_str().into(),
            details: self.details.iter().map(|detail| detail.as_str().into()).collect(),
            kind: Some(self.kind.name().into()),
            hint: self.hint.as_deref().map(Into::into),
        }
    }

    /// The text for a slot's error cell.
    pub fn to_cell(&self) -> String {
        self.parts().to_text()
    }

    /// The error that a slot's cell holds. If its kind is missing, or is one of a newer version, the exit of the process is
    /// all that is known.
    pub fn of_cell(cell: ErrorCell<'_>) -> Self {
        let kind = cell.kind.as_deref().and_then(|kind| kind.parse().ok());
        Self {
            kind: kind.unwrap_or(TroubleKind::Exit),
            text: cell.text.into_owned(),
            details: cell.details.into_iter().map(Cow::into_owned).collect(),
            hint: cell.hint.map(Cow::into_owned),
        }
    }
}

/// Disk, where the system had no room or no permission.
fn kind_of(error: &io::Error) -> TroubleKind {
    match error.kind() {
        io::ErrorKind::StorageFull
        | io::ErrorKind::QuotaExceeded
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::ReadOnlyFilesystem => TroubleKind::Disk,
        _ => TroubleKind::Board,
    }
}

impl Explain for CreateError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Io { source, .. } => kind_of(source),
            _ => TroubleKind::Board,
        }
    }

    fn hint(&self) -> Option<String> {
        CreateError::hint(self)
    }
}

impl Explain for AttachError {
    fn kind(&self) -> TroubleKind {
        match &self.kind {
            AttachErrorKind::Missing => TroubleKind::NotFound,
            AttachErrorKind::Io(error) => kind_of(error),
            AttachErrorKind::Layout(LayoutFault::NotReady) => TroubleKind::Busy,
            _ => TroubleKind::Board,
        }
    }

    fn hint(&self) -> Option<String> {
        AttachError::hint(self)
    }
}

impl Explain for ReadError {
    fn kind(&self) -> TroubleKind {
        TroubleKind::Board
    }

    fn hint(&self) -> Option<String> {
        ReadError::hint(self)
    }
}

impl Explain for DumpError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Write { .. } => TroubleKind::Disk,
            _ => TroubleKind::Board,
        }
    }

    fn hint(&self) -> Option<String> {
        DumpError::hint(self)
    }
}

impl Explain for RecordingError {
    fn kind(&self) -> TroubleKind {
        match &self.fault {
            RecordingFault::Io(error) if error.kind() == io::ErrorKind::NotFound => TroubleKind::NotFound,
            RecordingFault::Io(error) => kind_of(error),
            _ => TroubleKind::Board,
        }
    }

    fn hint(&self) -> Option<String> {
        None
    }
}

impl Explain for ReserveError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Busy { .. } => TroubleKind::Busy,
            _ => TroubleKind::Board,
        }
    }

    fn hint(&self) -> Option<String> {
        ReserveError::hint(self)
    }
}

impl Explain for ClaimError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Attach(error) => Explain::kind(error),
            Self::Place(error) => error.kind(),
            Self::Beats(error) if ProcessLimit::reached(error).is_some() => TroubleKind::Limit,
            _ => TroubleKind::Board,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Beats(error) => ProcessLimit::reached(error).map(|limit| limit.hint()),
            _ => ClaimError::hint(self),
        }
    }
}

impl Explain for EndError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Table(error) => error.kind(),
            _ => TroubleKind::Board,
        }
    }

    fn hint(&self) -> Option<String> {
        EndError::hint(self)
    }
}

#[cfg(test)]
mod tests {
    use vx_shm::{Liveness, SlotState, SlotView};

    use super::*;

    #[test]
    fn every_kind_that_the_end_of_a_slot_implies_is_one_of_the_known() {
        let states = [SlotState::Live, SlotState::Cancelled, SlotState::Died, SlotState::Failed, SlotState::Done];
        let mut implied = Vec::new();
        for state in states {
            for (liveness, exit_code) in [(Liveness::Lost, None), (Liveness::Alive, Some(1)), (Liveness::Alive, None)] {
                let slot = SlotView { state, liveness, exit_code, ..SlotView::default() };
                implied.extend(ErrorCell::kind_of_slot(&slot).map(Cow::into_owned));
            }
        }
        let kind = |code: &String| TroubleKind::ALL.into_iter().find(|kind| kind.name() == code);
        let mut kinds: Vec<TroubleKind> = implied.iter().map(|code| kind(code).expect("a known kind")).collect();
        kinds.dedup();
        assert_eq!(
            kinds,
            [TroubleKind::Killed, TroubleKind::Cancelled, TroubleKind::Killed, TroubleKind::Exit, TroubleKind::Killed]
        );
    }
}
