//! iceoryx2's blackboard: a table of entries that one process writes and others read.

use std::fmt::Debug;
use std::hint::black_box;
use std::time::Duration;

use iceoryx2::config::Config;
use iceoryx2::port::reader::{BlackboardValue, EntryHandle, Reader};
use iceoryx2::port::writer::{EntryHandleMut, Writer};
use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::blackboard::PortFactory;

use super::{timed, unique};
use crate::child;
use crate::shared::RECORD_WORDS;

/// A node of this run: its files are in the run's directory and its shared memory has the run's prefix, so that it
/// finds nothing of other programs and leaves nothing behind.
pub(crate) fn node() -> Node<ipc::Service> {
    set_log_level(LogLevel::Fatal);
    let home = child::home();
    let mut config = Config::default();
    let path = Path::new(home.join("iceoryx2").display().to_string().as_bytes()).expect("a path");
    config.global.set_root_path(&path);
    config.global.prefix = FileName::new(format!("{}-", unique(&home)).as_bytes()).expect("a name");
    NodeBuilder::new().config(&config).create::<ipc::Service>().expect("a node")
}

/// The value of an entry.
pub(crate) trait Value: Copy + Debug + ZeroCopySend + 'static {
    fn of(done: u64) -> Self;
    fn set(&mut self, done: u64);
    fn done(&self) -> u64;
}

/// A value as large as a board's numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug, ZeroCopySend)]
pub(crate) struct Numbers([u64; 3]);

/// The whole record.
#[repr(C)]
#[derive(Clone, Copy, Debug, ZeroCopySend)]
pub(crate) struct Record([u64; RECORD_WORDS]);

macro_rules! value {
    ($type:ident, $words:expr) => {
        impl Value for $type {
            fn of(done: u64) -> Self {
                let mut words = [7; $words];
                words[0] = done;
                Self(words)
            }

            #[inline(always)]
            fn set(&mut self, done: u64) {
                self.0[0] = done;
            }

            #[inline(always)]
            fn done(&self) -> u64 {
                self.0[0]
            }
        }
    };
}
value!(Numbers, 3);
value!(Record, RECORD_WORDS);

type Factory = PortFactory<ipc::Service, u64>;

fn service_name(place: &std::path::Path) -> ServiceName {
    unique(place).as_str().try_into().expect("a name")
}

/// The table, and the handle of each entry.
pub(crate) struct Entries<V: Value> {
    entries: Vec<EntryHandleMut<ipc::Service, u64, V>>,
    _writer: Writer<ipc::Service, u64>,
    _factory: Factory,
    _node: Node<ipc::Service>,
}

impl<V: Value> Entries<V> {
    pub(crate) fn create(place: &std::path::Path, slots: usize) -> Self {
        let node = node();
        let name = service_name(place);
        let mut builder = node.service_builder(&name).blackboard_creator::<u64>();
        for key in 0..slots as u64 {
            builder = builder.add::<V>(key, V::of(0));
        }
        let factory = builder.create().expect("a blackboard");
        let writer = factory.writer_builder().create().expect("a writer");
        let entries = (0..slots as u64).map(|key| writer.entry::<V>(&key).expect("an entry")).collect();
        Self { entries, _writer: writer, _factory: factory, _node: node }
    }
}

impl<V: Value> super::Writer for Entries<V> {
    fn publish(&mut self, slot: usize, done: u64) {
        self.entries[slot].update_with_copy(V::of(done));
    }

    fn time(&mut self, count: u64) -> Duration {
        let (entry, mut value) = (&self.entries[0], V::of(0));
        timed(count, |done| {
            value.set(done);
            entry.update_with_copy(*black_box(&value));
        })
    }
}

/// A reader of all entries.
pub(crate) struct Looks<V: Value> {
    entries: Vec<EntryHandle<ipc::Service, u64, V>>,
    values: Vec<Option<BlackboardValue<V>>>,
    _reader: Reader<ipc::Service, u64>,
    _factory: Factory,
    _node: Node<ipc::Service>,
}

impl<V: Value> Looks<V> {
    pub(crate) fn open(place: &std::path::Path, slots: usize) -> Self {
        let node = node();
        let factory =
            node.service_builder(&service_name(place)).blackboard_opener::<u64>().open().expect("a blackboard");
        let reader = factory.reader_builder().create().expect("a reader");
        let entries = (0..slots as u64).map(|key| reader.entry::<V>(&key).expect("an entry")).collect();
        let values = (0..slots).map(|_| None).collect();
        Self { entries, values, _reader: reader, _factory: factory, _node: node }
    }
}

impl<V: Value> super::Reader for Looks<V> {
    fn look(&mut self) -> u64 {
        self.entries[0].get().done()
    }

    fn look_at_all(&mut self) {
        for (entry, value) in self.entries.iter().zip(&mut self.values) {
            *value = Some(entry.get());
        }
        black_box(&self.values);
    }
}

/// A reader that leaves out entries that have not changed.
pub(crate) struct LooksIfChanged<V: Value>(Looks<V>);

impl<V: Value> LooksIfChanged<V> {
    pub(crate) fn open(place: &std::path::Path, slots: usize) -> Self {
        Self(Looks::open(place, slots))
    }
}

impl<V: Value> super::Reader for LooksIfChanged<V> {
    fn look(&mut self) -> u64 {
        self.0.entries[0].get().done()
    }

    fn look_at_all(&mut self) {
        for (entry, value) in self.0.entries.iter().zip(&mut self.0.values) {
            if !value.as_ref().is_some_and(|value| entry.is_up_to_date(value)) {
                *value = Some(entry.get());
            }
        }
        black_box(&self.0.values);
    }
}
