//! A channel's errors.

use std::io;

use vx_base::trouble::{Explain, TroubleKind};
use vx_shm::{AttachError, CreateError, ReadError, ReserveError};

use super::connect::ConnectError;
use super::name::NotABoard;
use super::pipe::ConfigError;
use crate::board_error::ExplainBoard;

/// Why a channel does not work.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// Its board could not be made.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// Its slot could not be reserved.
    #[error(transparent)]
    Reserve(#[from] ReserveError),
    /// Its board could not be opened.
    #[error(transparent)]
    Attach(#[from] AttachError),
    /// Its board can no longer be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The child could not take its slot.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The configuration could not be sent or received.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The child did not take the configuration.
    #[error("cannot send the child its configuration: {0}")]
    Send(io::Error),
    /// The board's file is not named like a board.
    #[error(transparent)]
    Name(#[from] NotABoard),
}

impl Explain for ChannelError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Create(error) => error.kind(),
            Self::Reserve(error) => error.kind(),
            Self::Attach(error) => ExplainBoard::kind(error),
            Self::Read(error) => error.kind(),
            Self::Connect(error) => error.kind(),
            Self::Config(error) => error.kind(),
            Self::Send(_) | Self::Name(_) => TroubleKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Create(error) => error.hint(),
            Self::Reserve(error) => error.hint(),
            Self::Attach(error) => error.hint(),
            Self::Read(error) => error.hint(),
            Self::Connect(error) => error.hint(),
            Self::Config(error) => error.hint(),
            Self::Send(_) | Self::Name(_) => None,
        }
    }
}
