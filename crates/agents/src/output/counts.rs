//! Counts of a turn's output, shared with the holder of its handle.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::event::AgentUsage;

/// Counts of an agent's output.
#[derive(Debug, Default)]
pub struct AgentOutputCounts {
    pub(crate) unread_lines: AtomicU64,
    pub(crate) dropped_bytes: AtomicU64,
    pub(crate) dropped_events: AtomicU64,
    usage: Mutex<AgentUsage>,
}

impl AgentOutputCounts {
    /// Lines so far that could not be read.
    pub fn unread_lines(&self) -> u64 {
        self.unread_lines.load(Ordering::Relaxed)
    }

    /// Bytes dropped so far because their lines were too long.
    pub fn dropped_bytes(&self) -> u64 {
        self.dropped_bytes.load(Ordering::Relaxed)
    }

    /// Events dropped so far because their reader was too far behind.
    pub fn dropped_events(&self) -> u64 {
        self.dropped_events.load(Ordering::Relaxed)
    }

    /// The agent's use of a model, as far as it has reported it. It is complete once the terminal event arrives, even
    /// if the turn was cancelled.
    pub fn usage(&self) -> AgentUsage {
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_usage(&self, usage: AgentUsage) {
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner) = usage;
    }
}
