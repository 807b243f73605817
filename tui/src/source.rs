//! What the views need from outside, as traits: snapshots to show, logs to read, and a hand on the work.
//!
//! The views know boards and these traits; not files, not configuration, not the network.

use vx_shm::Snapshot;

/// Where snapshots come from: a live board, a finished one, or a dump.
pub trait Snapshots: Send {
    /// Bring `into` up to date. Returns whether anything in it changed since the last call with the same `into`.
    ///
    /// Never blocks on a writer and fails only when the board itself can no longer be read (say, truncated); `into`
    /// then keeps the last good reading.
    fn refresh(&mut self, into: &mut Snapshot) -> std::io::Result<bool>;
}

/// Where the whole output of a slot's process is kept.
pub trait Logs: Send {
    /// The newest complete lines of the slot's log, at most `lines` of them, oldest first; empty where there is none.
    fn tail(&mut self, key: &str, lines: usize) -> Vec<String>;

    /// Where the whole log is, for a person to open.
    fn location(&self, key: &str) -> Option<String>;
}

/// A hand on the work behind the board. A viewer that only watches has none.
pub trait Control: Send {
    /// Ask one slot's process to stop; a second call on the same key kills it. Returns at once.
    fn cancel(&mut self, key: &str);

    /// Ask all of them to stop; a second call kills them. Returns at once.
    fn cancel_all(&mut self);
}

#[cfg(test)]
pub(crate) mod fixture;
