//! The child's entry: from a channel's name to the slot reserved for it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use vx_base::trouble::{Explain, TroubleKind};
use vx_shm::{ClaimError, Creator, Reader, Slot, SlotState};

use super::key::slot_key;
use super::name::{ChannelName, InvalidChannelName};
use crate::board_error::ExplainBoard;

/// Why a child could not claim its slot.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The text is not a channel's name.
    #[error(transparent)]
    Name(#[from] InvalidChannelName),
    /// The board cannot be read.
    #[error("cannot read the board of this channel: {0}")]
    Attach(#[from] vx_shm::AttachError),
    /// The board was attached, and reading it failed.
    #[error("cannot read the board `{}`: {error}", path.display())]
    Read {
        /// The board.
        path: PathBuf,
        /// The reason.
        error: vx_shm::ReadError,
    },
    /// No slot is reserved for the tool.
    #[error("the board `{}` has no slot waiting for `{tool}`", path.display())]
    NotReserved {
        /// The board.
        path: PathBuf,
        /// The tool.
        tool: String,
    },
    /// The slot could not be claimed.
    #[error("cannot claim the slot: {0}")]
    Claim(#[from] ClaimError),
}

impl Explain for ConnectError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Name(_) | Self::NotReserved { .. } => TroubleKind::Usage,
            Self::Attach(error) => error.kind(),
            Self::Read { error, .. } => error.kind(),
            Self::Claim(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        if let Self::Claim(error) = self
            && error.kind() == TroubleKind::Limit
        {
            return ExplainBoard::hint(error);
        }
        Some("`--ipc-channel` is for `vx sync`; to install one tool by hand, leave it out".into())
    }
}

/// Claim the slot reserved for the channel's tool on its board in `runtime_directory`; it beats every `beat_every`, or
/// at the usual interval. Returns the slot and the board's creator.
///
/// The name is enough to find the board. So the slot is claimed before the configuration arrives, and can record that
/// it never arrived.
pub(super) fn claim_slot(
    channel: &ChannelName,
    runtime_directory: &Path,
    beat_every: Option<Duration>,
) -> Result<(Slot, Creator), ConnectError> {
    let path = channel.board_in(runtime_directory);
    let snapshot = Reader::open(&path)?.snapshot().map_err(|error| ConnectError::Read { path: path.clone(), error })?;
    let key = slot_key(channel.tool());
    let reserved = snapshot
        .slots
        .iter()
        .find(|slot| slot.key == key && slot.state == SlotState::Reserved)
        .ok_or_else(|| ConnectError::NotReserved { path: path.clone(), tool: channel.tool().to_owned() })?;
    let slot = match beat_every {
        Some(every) => Slot::claim_beating(&path, reserved.index, reserved.generation, every)?,
        None => Slot::claim(&path, reserved.index, reserved.generation)?,
    };
    Ok((slot, snapshot.board.creator))
}
