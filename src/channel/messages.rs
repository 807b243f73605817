//! The channel between a parent and one installing child, for programs that think in messages.
//!
//! The messages are made from the board, so nothing can block and nothing piles up: every change of state is delivered
//! once and in order, byte counts are conflated to the newest, and an empty poll is not the end.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use vx_shm::{
    AttachError, Board, BoardState, CreateError, Creator, Ending, Kind, Phase, ReadError, Reader, Reservation,
    ReserveError, Slot, SlotState, Snapshot,
};
use vx_tui::events::{Event, Told};

use super::connect::{ConnectError, claim_slot};
use super::name::{ChannelName, free_board_path};
use super::pipe::{ConfigError, encode, receive};
use crate::config::{BoardSlot, InstallConfig};
use crate::hint::Hint;

/// A percentage on the board, where a phase counts nothing else.
const PERMILLE: u64 = 1000;

/// What a child says about its install.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// It is at work.
    Started,
    /// Bytes arrive.
    Downloading {
        /// 0 to 100; `None` while the total is unknown.
        percent: Option<f64>,
        /// Bytes received so far.
        bytes_downloaded: u64,
        /// Bytes there are.
        total_bytes: Option<u64>,
    },
    /// The archive is unpacked.
    Extracting {
        /// 0 to 100; `None` while the total is unknown.
        percent: Option<f64>,
    },
    /// The tool's own command runs.
    PostInstall {
        /// What it is doing.
        message: String,
    },
    /// It is there. The last message.
    Completed {
        /// The version that is there.
        version: String,
        /// Where it is.
        install_path: String,
    },
    /// It is not there. The last message.
    Failed {
        /// Why.
        error: String,
    },
}

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
    #[error("the child does not read its configuration: {0}")]
    Send(io::Error),
    /// The board's directory has no usable name.
    #[error("`{0}` cannot name a channel's board")]
    Name(String),
}

impl Hint for ChannelError {
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

/// The parent's end: a board of one slot, the configuration going in, progress coming back.
pub struct InstallChannelParent {
    board: Board,
    reader: Reader,
    snapshot: Snapshot,
    reservation: Reservation,
    name: ChannelName,
    told: Told,
    untold: VecDeque<Progress>,
    over: bool,
}

impl InstallChannelParent {
    /// A channel for one install, with its board in `runtime_directory`.
    pub fn new(runtime_directory: &Path, tool: &str, version: &str) -> Result<Self, ChannelError> {
        let path = free_board_path(runtime_directory, std::process::id());
        let name = ChannelName::on(&path, tool).ok_or_else(|| ChannelError::Name(path.display().to_string()))?;
        let board = Board::create(&path, tool, 1)?;
        let reservation = board.reserve(tool, version, Kind::Install)?;
        let reader = Reader::open(&path)?;
        let (snapshot, told, untold) = (Snapshot::default(), Told::default(), VecDeque::new());
        Ok(Self { board, reader, snapshot, reservation, name, told, untold, over: false })
    }

    /// What to give the child as `--ipc-channel`.
    pub fn name(&self) -> String {
        self.name.to_string()
    }

    /// The file of the board, which stays for others to read.
    pub fn board(&self) -> &Path {
        self.board.path()
    }

    /// Send the child its configuration, with this channel's slot in it. Close `stdin` after this.
    pub fn send_config(&self, config: &InstallConfig, stdin: &mut impl Write) -> Result<(), ChannelError> {
        let slot = BoardSlot {
            path: self.board.path().to_owned(),
            slot: self.reservation.slot,
            generation: self.reservation.generation,
        };
        let document = encode(&InstallConfig { board: Some(slot), ..config.clone() })?;
        stdin.write_all(&document).map_err(ChannelError::Send)
    }

    /// The next message, if there is one now. `None` is not the end: [`over`](Self::over) says when that was told.
    pub fn try_progress(&mut self) -> Result<Option<Progress>, ChannelError> {
        if self.untold.is_empty() && !self.over {
            self.reader.refresh(&mut self.snapshot)?;
            if let Some(slot) = self.snapshot.slots.iter().find(|slot| slot.index == self.reservation.slot) {
                let news = self.told.news(slot, self.snapshot.taken_at_ns, 0);
                self.untold.extend(news.into_iter().filter_map(message));
            }
        }
        let next = self.untold.pop_front();
        self.over |= matches!(next, Some(Progress::Completed { .. } | Progress::Failed { .. }));
        Ok(next)
    }

    /// Whether the last message was delivered.
    pub fn over(&self) -> bool {
        self.over
    }

    /// Say how the child's process ended, once it was waited for: what it did not say itself becomes a message.
    pub fn child_ended(&mut self, exit_code: Option<i32>, signal: Option<i32>) {
        let state = if signal.is_some() { SlotState::Died } else { SlotState::Failed };
        let ending = Ending { exit_code, signal, ..Ending::new(state) };
        // A slot that has ended already keeps its state, and a board that cannot be written is read as it is.
        let _ = self.board.end(self.reservation, &ending);
        let outcome = self.outcome();
        self.board.close(outcome);
    }

    /// What came of the channel's one install.
    fn outcome(&mut self) -> BoardState {
        let _ = self.reader.refresh(&mut self.snapshot);
        let own = self.snapshot.slots.iter().find(|slot| slot.index == self.reservation.slot);
        match own.map(|slot| slot.state) {
            Some(SlotState::Done | SlotState::Skipped) => BoardState::Done,
            Some(SlotState::Cancelled) => BoardState::Cancelled,
            _ => BoardState::Failed,
        }
    }
}

fn message(event: Event) -> Option<Progress> {
    Some(match event {
        Event::Started { .. } => Progress::Started,
        Event::Downloading { percent, bytes_downloaded, total_bytes } => {
            Progress::Downloading { percent, bytes_downloaded, total_bytes }
        }
        Event::Extracting { percent } => Progress::Extracting { percent },
        Event::PostInstall { message } => Progress::PostInstall { message: message.to_owned() },
        Event::Completed { version, install_path, .. } => {
            Progress::Completed { version: version.to_owned(), install_path: install_path.unwrap_or("").to_owned() }
        }
        Event::Failed { error, .. } => Progress::Failed { error },
        _ => return None,
    })
}

/// The child's end: its slot, found by the channel's name.
pub struct InstallChannelChild {
    name: ChannelName,
    slot: Slot,
    creator: Creator,
    phase: Option<Phase>,
}

impl InstallChannelChild {
    /// Take the slot that this channel leads to, on its board in `runtime_directory`.
    pub fn connect(name: &str, runtime_directory: &Path) -> Result<Self, ChannelError> {
        let name: ChannelName = name.parse().map_err(ConnectError::from)?;
        let (slot, creator) = claim_slot(&name, runtime_directory)?;
        Ok(Self { name, slot, creator, phase: None })
    }

    /// Whether the process that made the channel was known to be gone when its slot was taken: nobody waits for the
    /// install. A parent that dies later is for its child to notice.
    pub fn abandoned(&self) -> bool {
        self.creator.alive == Some(false)
    }

    /// Receive the configuration, waiting at most `patience` for it.
    pub fn recv_config(
        &self,
        input: impl Read + Send + 'static,
        patience: Duration,
    ) -> Result<InstallConfig, ChannelError> {
        Ok(receive(input, self.name.tool(), patience)?)
    }

    /// Say how far it is. After `Completed` or `Failed` nothing more can be said, so the channel is used up.
    pub fn report(mut self, progress: Progress) -> Option<Self> {
        match progress {
            Progress::Started => self.enter(Phase::Resolving, None),
            Progress::Downloading { bytes_downloaded, total_bytes, .. } => {
                self.enter(Phase::Downloading, total_bytes);
                self.slot.set_total(total_bytes);
                self.slot.publish(bytes_downloaded);
            }
            Progress::Extracting { percent } => {
                self.enter(Phase::Extracting, percent.map(|_| PERMILLE));
                self.slot.publish(percent.map_or(0, |percent| (percent.clamp(0.0, 100.0) * 10.0).round() as u64));
            }
            Progress::PostInstall { message } => {
                self.slot.message(&message);
                self.enter(Phase::PostInstall, None);
            }
            // A slot that cannot be ended reads as one whose writer is gone, which is what follows.
            Progress::Completed { install_path, .. } => {
                let _ = self.slot.end(Ending::done_at(install_path));
                return None;
            }
            Progress::Failed { error } => {
                let _ = self.slot.end(Ending::failed(error));
                return None;
            }
        }
        Some(self)
    }

    fn enter(&mut self, phase: Phase, total: Option<u64>) {
        if self.phase != Some(phase) {
            self.phase = Some(phase);
            self.slot.enter(phase, total);
        }
    }

    /// The slot, for who reports to it directly.
    pub fn into_slot(self) -> Slot {
        self.slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(received, [Progress::Started, whole], "counts are conflated to the newest");
        child = child.report(Progress::Extracting { percent: Some(50.0) }).expect("more may be said");
        child = child.report(Progress::PostInstall { message: "compiling".into() }).expect("more may be said");
        let last = Progress::Completed { version: "22.1.0".into(), install_path: "/store/node".into() };
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
        assert!(matches!(&received[..], [Progress::Started, Progress::Failed { .. }]), "{received:?}");
        assert!(parent.over());
    }

    /// How the board was closed after a child that said this last and ended with this exit code.
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
        let config: InstallConfig = serde_json::from_value(serde_json::json!({
            "tool_name": "node", "version": "22.1.0", "source": "npm", "parts": [], "programs": [], "home": "/h"
        }))
        .expect("a configuration");
        let mut pipe = Vec::new();
        parent.send_config(&config, &mut pipe).expect("it is sent");
        let child = InstallChannelChild::connect(&parent.name(), directory.path()).expect("it connects");
        let received = child.recv_config(io::Cursor::new(pipe), Duration::from_secs(5)).expect("it arrives");
        assert_eq!(received.board.expect("a slot").path, parent.board());
    }

    #[test]
    fn a_name_that_leads_nowhere_is_refused() {
        let directory = directory();
        for name in ["", "nonsense", "vx-install-1-node"] {
            assert!(InstallChannelChild::connect(name, directory.path()).is_err(), "{name}");
        }
    }
}
