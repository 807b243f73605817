//! The child's end of the channel of one install.
//!
//! An installing child of vx takes its slot from it and writes to that; [`InstallChannelChild::report`] serves programs
//! that embed vx and handle progress as messages.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use serde::de::DeserializeOwned;
use vx_shm::{Creator, Ending, Slot, SlotState};
use vx_status::events::ToolEvent as Progress;
use vx_status::vocabulary::Phase;

use super::connect::{ConnectError, claim_slot};
use super::error::ChannelError;
use super::name::ChannelName;
use super::pipe::receive;

/// A phase that only has a percentage counts in tenths of it, to this total.
const PERMILLE: u64 = 1000;

/// A channel's end in the child: its slot, found by the channel's name.
pub struct InstallChannelChild {
    name: ChannelName,
    slot: Slot,
    creator: Creator,
    phase: Option<Phase>,
}

impl InstallChannelChild {
    /// Claim the channel's slot, on its board in `runtime_directory`.
    pub fn connect(name: &str, runtime_directory: &Path) -> Result<Self, ChannelError> {
        let name: ChannelName = name.parse().map_err(ConnectError::from)?;
        let (slot, creator) = claim_slot(&name, runtime_directory, None)?;
        Ok(Self { name, slot, creator, phase: None })
    }

    /// Returns whether the process that made the channel was known to be gone when its slot was claimed, so that no
    /// process waits for the install. The child itself has to notice a parent that dies later.
    pub fn abandoned(&self) -> bool {
        self.creator.alive == Some(false)
    }

    /// Receive the configuration, within at most `patience`. It must be for the channel's tool; `tool_of` names the
    /// tool of a configuration.
    pub fn recv_config<T: DeserializeOwned + Send + 'static>(
        &self,
        input: impl Read + Send + 'static,
        patience: Duration,
        tool_of: fn(&T) -> &str,
    ) -> Result<T, ChannelError> {
        Ok(receive(input, self.name.tool(), patience, tool_of)?)
    }

    /// Publish progress. `Completed` and `Failed` end the slot, so they use up the channel.
    pub fn report(mut self, progress: Progress) -> Option<Self> {
        match progress {
            Progress::Started { .. } => self.enter(Phase::RESOLVING, None),
            Progress::Downloading { bytes_downloaded, total_bytes, .. } => {
                self.enter(Phase::DOWNLOADING, total_bytes);
                self.slot.set_total(total_bytes);
                self.slot.publish(bytes_downloaded);
            }
            Progress::Extracting { percent } => {
                self.enter(Phase::EXTRACTING, percent.map(|_| PERMILLE));
                self.slot.publish(percent.map_or(0, |percent| (percent.clamp(0.0, 100.0) * 10.0).round() as u64));
            }
            Progress::PostInstall { message } => {
                self.slot.message(&message);
                self.enter(Phase::POST_INSTALL, None);
            }
            Progress::Completed { install_path, .. } => {
                self.end(Ending { result: install_path, ..Ending::new(SlotState::Done) });
                return None;
            }
            Progress::Failed { error, .. } => {
                self.end(Ending::failed(error.to_text()));
                return None;
            }
            // The board has no field for any other message.
            _ => {}
        }
        Some(self)
    }

    /// End the slot. If that fails, the slot is dropped, and reads as one whose writer is gone.
    fn end(self, ending: Ending) {
        let _ = self.slot.end(ending);
    }

    fn enter(&mut self, phase: Phase, total: Option<u64>) {
        if self.phase != Some(phase) {
            self.phase = Some(phase);
            self.slot.enter(phase, total);
        }
    }

    /// Take the slot, for a reporter that writes to it directly.
    pub fn into_slot(self) -> Slot {
        self.slot
    }
}
