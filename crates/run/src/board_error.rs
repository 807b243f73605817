//! Kinds for the errors of a board: `vx_shm` supplies the hints, but knows no [`TroubleKind`].

use std::fmt;
use std::io;

use vx_base::system::process_limit::ProcessLimit;
use vx_base::trouble::{Explain, TroubleKind};
use vx_shm::layout::LayoutFault;
use vx_shm::recording::{RecordingError, RecordingFault};
use vx_shm::{AttachError, AttachErrorKind, ClaimError, CreateError, DumpError, EndError, ReadError, ReserveError};

/// An error of a board, with a kind and a hint.
pub trait ExplainBoard {
    /// Classify the error; programs decide by this.
    fn kind(&self) -> TroubleKind;

    /// Say what to do next, in one imperative sentence; `None` if there is no useful advice.
    fn hint(&self) -> Option<String>;
}

/// Adapts an error of a board to [`Explain`].
pub struct BoardTrouble<'a, E>(pub &'a E);

impl<E: fmt::Display> fmt::Display for BoardTrouble<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: ExplainBoard> Explain for BoardTrouble<'_, E> {
    fn kind(&self) -> TroubleKind {
        self.0.kind()
    }

    fn hint(&self) -> Option<String> {
        self.0.hint()
    }
}

/// `Disk` if the system had no room or refused permission, else `Board`.
fn kind_of(error: &io::Error) -> TroubleKind {
    match error.kind() {
        io::ErrorKind::StorageFull
        | io::ErrorKind::QuotaExceeded
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::ReadOnlyFilesystem => TroubleKind::Disk,
        _ => TroubleKind::Board,
    }
}

impl ExplainBoard for CreateError {
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

impl ExplainBoard for AttachError {
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

impl ExplainBoard for ReadError {
    fn kind(&self) -> TroubleKind {
        TroubleKind::Board
    }

    fn hint(&self) -> Option<String> {
        ReadError::hint(self)
    }
}

impl ExplainBoard for DumpError {
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

impl ExplainBoard for RecordingError {
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

impl ExplainBoard for ReserveError {
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

impl ExplainBoard for ClaimError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Attach(error) => ExplainBoard::kind(error),
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

impl ExplainBoard for EndError {
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
