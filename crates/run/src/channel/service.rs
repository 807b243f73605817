//! The channel of one service: the slot reserved on its supervisor's board, and the name by which the guard finds it.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use vx_shm::Slot;

use super::connect::{ConnectError, claim_slot};
use super::error::ChannelError;
use super::name::{ChannelName, NotABoard};
use super::pipe::{ConfigError, encode, receive_any};

/// One service's channel, as its supervisor sees it.
#[derive(Clone, Debug)]
pub struct ServiceChannel(ChannelName);

impl ServiceChannel {
    /// Make the channel of this service on the board in this file.
    ///
    /// # Errors
    /// The file is not named like a board, so that no guard could find it.
    pub fn on(board: &Path, name: &str) -> Result<Self, NotABoard> {
        ChannelName::of_service(board, name).map(Self)
    }

    /// Its name, for the guard's argument `--ipc-channel`.
    pub fn name(&self) -> String {
        self.0.to_string()
    }

    /// Encode an order as the document for the guard's standard input.
    ///
    /// # Errors
    /// It is too long.
    pub fn document(order: &impl Serialize) -> Result<Vec<u8>, ConfigError> {
        encode(order)
    }
}

/// A channel's end in the guard: its slot, found by the channel's name.
pub struct ServiceChannelChild {
    slot: Slot,
    abandoned: bool,
}

impl ServiceChannelChild {
    /// Claim the channel's slot, on its board in `runtime_directory`. It beats every `beat_every`, if given: a process
    /// that mostly sleeps needs few beats.
    ///
    /// # Errors
    /// The name leads to no slot that waits for a guard.
    pub fn connect(name: &str, runtime_directory: &Path, beat_every: Option<Duration>) -> Result<Self, ChannelError> {
        let name: ChannelName = name.parse().map_err(ConnectError::from)?;
        let (slot, creator) = claim_slot(&name, runtime_directory, beat_every)?;
        Ok(Self { slot, abandoned: creator.alive == Some(false) })
    }

    /// Returns whether the supervisor was known to be gone when the slot was claimed.
    pub fn abandoned(&self) -> bool {
        self.abandoned
    }

    /// Receive the order, within at most `patience`.
    ///
    /// # Errors
    /// No order arrives, or it cannot be understood.
    pub fn receive<T: DeserializeOwned + Send + 'static>(
        input: impl Read + Send + 'static,
        patience: Duration,
    ) -> Result<T, ConfigError> {
        receive_any(input, patience)
    }

    /// Take the slot.
    pub fn into_slot(self) -> Slot {
        self.slot
    }
}
