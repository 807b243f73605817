//! The child's way in: from a channel's name to the slot that was reserved for it.

use std::path::{Path, PathBuf};

use vx_shm::{ClaimError, Creator, Reader, Slot, SlotState, Snapshot};

use super::name::{BadName, ChannelName};
use crate::hint::Hint;

/// Why a child could not take its slot.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The name is none.
    #[error(transparent)]
    Name(#[from] BadName),
    /// The board cannot be read.
    #[error("cannot read the board of this channel: {0}")]
    Attach(#[from] vx_shm::AttachError),
    /// The board was attached, but not readable.
    #[error("cannot read the board `{}`: {error}", path.display())]
    Read {
        /// The board.
        path: PathBuf,
        /// Why.
        error: vx_shm::ReadError,
    },
    /// Nothing is reserved for the tool.
    #[error("the board `{}` has no slot waiting for `{tool}`", path.display())]
    NotReserved {
        /// The board.
        path: PathBuf,
        /// The tool.
        tool: String,
    },
    /// The slot was not to be had.
    #[error("cannot claim the slot: {0}")]
    Claim(#[from] ClaimError),
}

impl Hint for ConnectError {
    fn hint(&self) -> Option<String> {
        Some("`--ipc-channel` is for `vx sync`; to install one tool by hand leave it out".into())
    }
}

/// Claim the slot reserved for the channel's tool on its board in `runtime_directory`; with it, who made the board.
///
/// The board is found by the name alone, before the configuration arrives: when that never comes, the slot can say so.
pub fn claim_slot(channel: &ChannelName, runtime_directory: &Path) -> Result<(Slot, Creator), ConnectError> {
    let path = channel.board_in(runtime_directory);
    let mut snapshot = Snapshot::default();
    Reader::open(&path)?.refresh(&mut snapshot).map_err(|error| ConnectError::Read { path: path.clone(), error })?;
    let reserved = snapshot
        .slots
        .iter()
        .find(|slot| slot.key == channel.tool() && slot.state == SlotState::Reserved)
        .ok_or_else(|| ConnectError::NotReserved { path: path.clone(), tool: channel.tool().to_owned() })?;
    Ok((Slot::claim(&path, reserved.index, reserved.generation)?, snapshot.board.creator))
}
