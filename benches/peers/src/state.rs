//! Mechanisms that keep the newest state of some writers for a reader in another process.

mod blackboard;
mod board;
mod hornet;
mod ipckit;
mod publish;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

pub(crate) use blackboard::node;

/// The writers' end.
pub(crate) trait Writer {
    /// Publish once.
    fn publish(&mut self, slot: usize, done: u64);
    /// The time that `count` publications of the first slot take.
    fn time(&mut self, count: u64) -> Duration;
}

/// A reader's end, in any process.
pub(crate) trait Reader {
    /// Read the first slot. Returns its newest `done`.
    fn look(&mut self) -> u64;
    /// Read all slots.
    fn look_at_all(&mut self);
}

/// A mechanism to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mechanism {
    /// Numbers of a slot, read by poll.
    BoardNumbers,
    /// Numbers of a slot, read by updating a snapshot.
    BoardSnapshot,
    /// A record of 192 bytes under the board's latch.
    BoardRecord,
    BlackboardNumbers,
    BlackboardRecord,
    /// Reading first asks whether the value is still the newest.
    BlackboardIfChanged,
    PublishSubscribe,
    IpckitMemory,
    /// One value of hornet; no reader here reads it.
    Hornet,
}

impl Mechanism {
    pub(crate) const ALL: [Self; 9] = [
        Self::BoardNumbers,
        Self::BoardSnapshot,
        Self::BoardRecord,
        Self::BlackboardNumbers,
        Self::BlackboardRecord,
        Self::BlackboardIfChanged,
        Self::PublishSubscribe,
        Self::IpckitMemory,
        Self::Hornet,
    ];

    /// The mechanism with this name, which is the output of `{:?}`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| format!("{mechanism:?}") == name)
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::BoardNumbers => "board, numbers of a slot",
            Self::BoardSnapshot => "board, whole snapshot brought up to date",
            Self::BoardRecord => "board, record of 192 bytes",
            Self::BlackboardNumbers => "iceoryx2 blackboard, 24 bytes",
            Self::BlackboardRecord => "iceoryx2 blackboard, 192 bytes",
            Self::BlackboardIfChanged => "iceoryx2 blackboard, 192 bytes, asked first whether changed",
            Self::PublishSubscribe => "iceoryx2 publish/subscribe, 192 bytes",
            Self::IpckitMemory => "ipckit shared memory, 192 bytes (torn)",
            Self::Hornet => "hornet, one value (no consistency across values)",
        }
    }

    /// Make it, in this directory, with `slots` slots.
    pub(crate) fn writer(self, place: &Path, slots: usize) -> Box<dyn Writer> {
        match self {
            Self::BoardNumbers | Self::BoardSnapshot => Box::new(board::Slots::create(place, slots)),
            Self::BoardRecord => Box::new(board::Record::create(place)),
            Self::BlackboardNumbers => Box::new(blackboard::Entries::<blackboard::Numbers>::create(place, slots)),
            Self::BlackboardRecord | Self::BlackboardIfChanged => {
                Box::new(blackboard::Entries::<blackboard::Record>::create(place, slots))
            }
            Self::PublishSubscribe => Box::new(publish::Publisher::create(place)),
            Self::IpckitMemory => Box::new(ipckit::Memory::create(place, slots)),
            Self::Hornet => Box::new(hornet::Value::create()),
        }
    }

    /// Attach to a writer's memory; `None` if nothing here reads it.
    pub(crate) fn reader(self, place: &Path, slots: usize) -> Option<Box<dyn Reader>> {
        Some(match self {
            Self::BoardNumbers => Box::new(board::Poll::open(place)),
            Self::BoardSnapshot => Box::new(board::Refresh::open(place)),
            Self::BoardRecord => Box::new(board::RecordReader::open(place)),
            Self::BlackboardNumbers => Box::new(blackboard::Looks::<blackboard::Numbers>::open(place, slots)),
            Self::BlackboardRecord => Box::new(blackboard::Looks::<blackboard::Record>::open(place, slots)),
            Self::BlackboardIfChanged => Box::new(blackboard::LooksIfChanged::<blackboard::Record>::open(place, slots)),
            Self::PublishSubscribe => Box::new(publish::Subscriber::open(place)),
            Self::IpckitMemory => Box::new(ipckit::Memory::open(place, slots)),
            Self::Hornet => return None,
        })
    }
}

/// The time of `count` calls, each with its number.
#[inline(always)]
fn timed(count: u64, mut once: impl FnMut(u64)) -> Duration {
    let began = Instant::now();
    for number in 0..count {
        once(black_box(number));
    }
    began.elapsed()
}

/// A unique name, made from the mechanism's own directory.
pub(crate) fn unique(place: &Path) -> String {
    let plain = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    format!("vx-peers{}", place.display().to_string().chars().map(plain).collect::<String>())
}
