//! The parent's end of the channel of one install, as messages.
//!
//! The messages are made from the board, so no writer blocks and no queue grows: every change of state is delivered
//! once and in order, of several byte counts only the newest is delivered, and an empty poll does not mean the end.
//!
//! It serves programs that embed vx for one install; a run of vx has a board for all its tools, and no messages.

use std::collections::VecDeque;
use std::io::Write;
use std::path::Path;

use serde::Serialize;
use vx_base::board_slot::BoardSlot;
use vx_shm::{Board, BoardState, Ending, Kind, Reader, SlotState, Snapshot};
use vx_status::events::{EventCursor, ToolEvent as Progress};

use super::error::ChannelError;
use super::install_channel::InstallChannel;
use super::key::slot_key;
use super::name::free_board_path;

/// A channel's end in the parent: a board of one slot, for sending the configuration and reading the progress.
pub struct InstallChannelParent {
    board: Board,
    reader: Reader,
    snapshot: Snapshot,
    channel: InstallChannel,
    cursor: EventCursor,
    pending: VecDeque<Progress>,
    over: bool,
}

impl InstallChannelParent {
    /// A channel for one install, with its board in `runtime_directory`.
    pub fn new(runtime_directory: &Path, tool: &str, version: &str) -> Result<Self, ChannelError> {
        let path = free_board_path(runtime_directory, std::process::id());
        let board = Board::create(&path, tool, 1)?;
        let channel = InstallChannel::on(&path, board.reserve(&slot_key(tool), version, Kind::Install)?, tool)?;
        let reader = Reader::open(&path)?;
        let (snapshot, cursor, pending) = (Snapshot::default(), EventCursor::default(), VecDeque::new());
        Ok(Self { board, reader, snapshot, channel, cursor, pending, over: false })
    }

    /// Its name, for the child's argument `--ipc-channel`.
    pub fn name(&self) -> String {
        self.channel.name()
    }

    /// Its board's file, which stays for other readers.
    pub fn board(&self) -> &Path {
        self.board.path()
    }

    /// This channel's slot, which the configuration has to name.
    pub fn slot(&self) -> BoardSlot {
        self.channel.slot()
    }

    /// Send the child its configuration. Close `stdin` after this.
    pub fn send_config(&self, config: &impl Serialize, stdin: &mut impl Write) -> Result<(), ChannelError> {
        let document = self.channel.document(config)?;
        stdin.write_all(&document).map_err(ChannelError::Send)
    }

    /// Take the next message, if there is one now. `None` is not the end: after the last message [`over`](Self::over)
    /// is true.
    pub fn try_progress(&mut self) -> Result<Option<Progress>, ChannelError> {
        if self.pending.is_empty() && !self.over {
            self.reader.refresh(&mut self.snapshot)?;
            if let Some(slot) = self.channel.slot_of(&self.snapshot) {
                self.pending.extend(self.cursor.new_events(slot, self.snapshot.taken_at_ns, 0));
            }
        }
        let next = self.pending.pop_front();
        self.over |= matches!(next, Some(Progress::Completed { .. } | Progress::Failed { .. }));
        Ok(next)
    }

    /// Returns whether the last message was delivered.
    pub fn over(&self) -> bool {
        self.over
    }

    /// Record the exit of the child's process, once it was waited for. If the child wrote no end itself, this writes
    /// one, and its message follows.
    pub fn child_ended(&mut self, exit_code: Option<i32>, signal: Option<i32>) {
        let state = if signal.is_some() { SlotState::Died } else { SlotState::Failed };
        let ending = Ending { exit_code, signal, ..Ending::new(state) };
        // A slot that has ended already keeps its state. If the board cannot be written, the slot is read as it is.
        let _ = self.board.end(self.channel.reservation(), &ending);
        let outcome = self.outcome();
        self.board.close(outcome);
    }

    /// Read the result of the channel's only install.
    fn outcome(&mut self) -> BoardState {
        let _ = self.reader.refresh(&mut self.snapshot);
        match self.channel.slot_of(&self.snapshot).map(|slot| slot.state) {
            Some(SlotState::Done | SlotState::Skipped) => BoardState::Done,
            Some(SlotState::Cancelled) => BoardState::Cancelled,
            _ => BoardState::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::time::Duration;

    use super::super::child::InstallChannelChild;
    use super::*;
    use crate::trouble_cell::TroubleCell;
    use vx_base::trouble::{Trouble, TroubleKind};

    fn directory() -> tempfile::TempDir {
        tempfile::Builder::new().prefix("vx").tempdir_in("/tmp").expect("a directory")
    }

    fn all(parent: &mut InstallChannelParent) -> Vec<Progress> {
        std::iter::from_fn(|| parent.try_progress().expect("the board reads")).collect()
    }

    #[test]
    fn messages_arrive_in_order_and_an_empty_poll_is_not_the_end() {
        let directory = directory();
        let mut parent = InstallChannelParent::new(directory.path(), "node", "22.1.0").expect("a channel");
        assert_eq!(all(&mut parent), []);
        assert!(!parent.over());
        let mut child = InstallChannelChild::connect(&parent.name(), directory.path()).expect("it connects");
        for done in [0, 400, 1000] {
            let (bytes_downloaded, total_bytes) = (done, Some(1000));
            let progress = Progress::Downloading { percent: None, bytes_downloaded, total_bytes };
            child = child.report(progress).expect("more may be said");
        }
        let received = all(&mut parent);
        let whole = Progress::Downloading { percent: Some(100.0), bytes_downloaded: 1000, total_bytes: Some(1000) };
        let started = Progress::Started { version: "22.1.0".into(), attempt: 1 };
        assert_eq!(received, [started, whole], "counts are conflated to the newest");
        child = child.report(Progress::Extracting { percent: Some(50.0) }).expect("more may be said");
        child = child.report(Progress::PostInstall { message: "compiling".into() }).expect("more may be said");
        let install_path = Some("/store/node".into());
        let last = Progress::Completed { version: "22.1.0".into(), install_path, skipped: false };
        assert!(child.report(last.clone()).is_none());
        let received = all(&mut parent);
        assert!(matches!(received[0], Progress::Extracting { .. }), "{received:?}");
        assert!(matches!(received[1], Progress::PostInstall { .. }), "{received:?}");
        assert_eq!(received[2..], [last]);
        assert!(parent.over());
        assert_eq!(all(&mut parent), []);
    }

    #[test]
    fn a_child_that_says_nothing_has_failed_once_it_was_waited_for() {
        let directory = directory();
        let mut parent = InstallChannelParent::new(directory.path(), "node", "22.1.0").expect("a channel");
        drop(InstallChannelChild::connect(&parent.name(), directory.path()).expect("it connects"));
        parent.child_ended(None, Some(9));
        let received = all(&mut parent);
        assert!(matches!(&received[..], [Progress::Started { .. }, Progress::Failed { .. }]), "{received:?}");
        assert!(parent.over());
    }

    #[test]
    fn a_failure_arrives_as_it_was_sent_with_kind_details_and_hint() {
        let directory = directory();
        let mut parent = InstallChannelParent::new(directory.path(), "node", "22.1.0").expect("a channel");
        let child = InstallChannelChild::connect(&parent.name(), directory.path()).expect("it connects");
        let error = Trouble::new(TroubleKind::PostInstall, "it failed").detailed(["no compiler"]).hinted("install one");
        let parts = error.parts().into_owned();
        let failed = Progress::Failed { error: parts, result: "failed", exit_code: None, signal: None };
        assert!(child.report(failed.clone()).is_none());
        let received = all(&mut parent);
        assert_eq!(received, [Progress::Started { version: "22.1.0".into(), attempt: 1 }, failed]);
        let [_, Progress::Failed { error: parts, .. }] = &received[..] else { panic!("{received:?}") };
        assert_eq!(Trouble::of_cell(parts.clone()), error);
    }

    /// The state of the board after a child that sent this message last and ended with this exit code.
    fn closed_after(last: Option<Ending>, exit_code: i32) -> BoardState {
        let directory = directory();
        let mut parent = InstallChannelParent::new(directory.path(), "node", "22.1.0").expect("a channel");
        let child = InstallChannelChild::connect(&parent.name(), directory.path()).expect("it connects");
        match last {
            Some(ending) => child.into_slot().end(ending).expect("it ends"),
            None => drop(child),
        }
        parent.child_ended(Some(exit_code), None);
        let mut reader = Reader::open(parent.board()).expect("the board stays");
        reader.snapshot().expect("it reads").board.state
    }

    #[test]
    fn the_board_is_closed_as_what_came_of_the_install() {
        assert_eq!(closed_after(Some(Ending::done_at("/store/node")), 0), BoardState::Done);
        assert_eq!(closed_after(Some(Ending::failed("the digest differs")), 1), BoardState::Failed);
        assert_eq!(closed_after(Some(Ending::new(SlotState::Cancelled)), 130), BoardState::Cancelled);
        assert_eq!(closed_after(None, 0), BoardState::Failed, "it never said that it is done");
    }

    #[test]
    fn a_channel_is_not_abandoned_while_its_maker_lives() {
        let directory = directory();
        let parent = InstallChannelParent::new(directory.path(), "node", "22.1.0").expect("a channel");
        let child = InstallChannelChild::connect(&parent.name(), directory.path()).expect("it connects");
        assert!(!child.abandoned());
    }

    #[test]
    fn the_configuration_goes_in_with_the_slot_it_is_for() {
        let directory = directory();
        let parent = InstallChannelParent::new(directory.path(), "node", "22.1.0").expect("a channel");
        let config = ("node".to_owned(), parent.slot());
        let mut pipe = Vec::new();
        parent.send_config(&config, &mut pipe).expect("it is sent");
        let child = InstallChannelChild::connect(&parent.name(), directory.path()).expect("it connects");
        let of_node = |_: &(String, BoardSlot)| "node";
        let received = child.recv_config(Cursor::new(pipe), Duration::from_secs(5), of_node).expect("it arrives");
        assert_eq!(received, config);
        assert_eq!(received.1.path, parent.board());
    }

    #[test]
    fn a_tool_with_a_name_longer_than_a_slots_key_finds_its_slot() {
        let (directory, tool) = (directory(), "x".repeat(100));
        let parent = InstallChannelParent::new(directory.path(), &tool, "22.1.0").expect("a channel");
        assert!(InstallChannelChild::connect(&parent.name(), directory.path()).is_ok());
    }

    #[test]
    fn a_name_that_leads_nowhere_is_refused() {
        let directory = directory();
        for name in ["", "nonsense", "vx-install-1-node"] {
            assert!(InstallChannelChild::connect(name, directory.path()).is_err(), "{name}");
        }
    }
}
