//! The two ends of each kind of stream: sending a message here, and receiving it in the reader's process.

use std::io::Read;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use interprocess::local_socket::prelude::*;
use interprocess::local_socket::{GenericFilePath, ListenerOptions};
use ipc_channel::ipc::{IpcOneShotServer, IpcSender};
use serde::{Deserialize, Serialize};

use crate::child::{self, Child};
use crate::record::{Record, Wire};

/// A kind of stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamKind {
    PipePostcard,
    PipeJson,
    SocketPostcard,
    DatagramPostcard,
    Interprocess,
    IpcChannel,
    IpckitChannel,
}

impl StreamKind {
    pub(crate) const ALL: [Self; 7] = [
        Self::PipePostcard,
        Self::PipeJson,
        Self::SocketPostcard,
        Self::DatagramPostcard,
        Self::Interprocess,
        Self::IpcChannel,
        Self::IpckitChannel,
    ];

    /// The kind with this name, which is the output of `{:?}`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| format!("{kind:?}") == name)
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::PipePostcard => "pipe, length and postcard",
            Self::PipeJson => "pipe, JSON line",
            Self::SocketPostcard => "Unix stream socket, length and postcard",
            Self::DatagramPostcard => "Unix datagram socket, postcard",
            Self::Interprocess => "interprocess local socket, length and postcard",
            Self::IpcChannel => "ipc-channel",
            Self::IpckitChannel => "ipckit channel",
        }
    }

    fn wire(self) -> Wire {
        if self == Self::PipeJson { Wire::JsonLine } else { Wire::Postcard }
    }
}

/// The record with owned texts, for streams that can't carry borrowed ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Owned {
    pub(crate) slot: u32,
    pid: u32,
    phase: u8,
    attempt: u8,
    pub(crate) done: u64,
    total: Option<u64>,
    key: String,
    version: String,
    message: String,
}

impl Owned {
    pub(crate) fn new(slot: u32, done: u64) -> Self {
        let Record { slot, pid, phase, attempt, done, total, key, version, message } = Record::new(slot, done);
        let [key, version, message] = [key, version, message].map(str::to_owned);
        Self { slot, pid, phase, attempt, done, total, key, version, message }
    }
}

/// The writer's end. The mark travels as the record's slot number.
pub(crate) trait Sender {
    fn send(&mut self, done: u64, mark: u32);
}

/// Anything that bytes are written to, with the wire they are encoded for.
struct Bytes<W: std::io::Write> {
    to: W,
    wire: Wire,
    buffer: Vec<u8>,
}

impl<W: std::io::Write> Sender for Bytes<W> {
    fn send(&mut self, done: u64, mark: u32) {
        self.wire.send(&Record::new(mark, done), &mut self.buffer, &mut self.to).expect("a reader that reads");
    }
}

struct Datagrams(UnixDatagram);

impl Sender for Datagrams {
    fn send(&mut self, done: u64, mark: u32) {
        let mut room = [0; 512];
        let bytes = postcard::to_slice(&Record::new(mark, done), &mut room).expect("room for a record");
        self.0.send(bytes).expect("a reader that reads");
    }
}

impl Sender for IpcSender<Owned> {
    fn send(&mut self, done: u64, mark: u32) {
        IpcSender::send(self, Owned::new(mark, done)).expect("a reader that reads");
    }
}

/// Reuses one record and changes its numbers, since the channel takes it by reference.
struct Ipckit(ipckit::IpcChannel<Owned>, Owned);

impl Sender for Ipckit {
    fn send(&mut self, done: u64, mark: u32) {
        (self.1.slot, self.1.done) = (mark, done);
        self.0.send(&self.1).expect("a reader that reads");
    }
}

/// Start the reader's process and connect to it.
pub(crate) fn connect(kind: StreamKind, place: &Path) -> (Box<dyn Sender>, Child) {
    let path = place.join("s");
    let start = |address: &str| Child::start(&format!("stream {kind:?} {address}"));
    let file = path.display().to_string();
    let bytes = |to| Box::new(Bytes { to, wire: kind.wire(), buffer: Vec::with_capacity(512) });
    match kind {
        StreamKind::PipePostcard | StreamKind::PipeJson => {
            let mut child = start("-");
            let to = child.process.stdin.take().expect("a pipe");
            (bytes(to), child)
        }
        StreamKind::SocketPostcard => {
            let listener = UnixListener::bind(&path).expect("a socket");
            let child = start(&file);
            let (to, _) = listener.accept().expect("a connection");
            (Box::new(Bytes { to, wire: kind.wire(), buffer: Vec::new() }), child)
        }
        StreamKind::DatagramPostcard => {
            let child = start(&file);
            let to = UnixDatagram::unbound().expect("a socket");
            to.connect(&path).expect("a connection");
            (Box::new(Datagrams(to)), child)
        }
        StreamKind::Interprocess => {
            let name = path.as_path().to_fs_name::<GenericFilePath>().expect("a name");
            let listener = ListenerOptions::new().name(name).create_sync().expect("a socket");
            let child = start(&file);
            let to = listener.accept().expect("a connection");
            (Box::new(Bytes { to, wire: kind.wire(), buffer: Vec::new() }), child)
        }
        StreamKind::IpcChannel => {
            let (server, name) = IpcOneShotServer::<IpcSender<Owned>>::new().expect("a server");
            let child = start(&name);
            let (_, to) = server.accept().expect("a connection");
            (Box::new(to), child)
        }
        StreamKind::IpckitChannel => {
            let name = ipckit_name(place);
            let child = start(&name);
            (Box::new(Ipckit(connect_ipckit(&name), Owned::new(0, 0))), child)
        }
    }
}

/// The channel's name. ipckit puts its file into its own directory.
fn ipckit_name(place: &Path) -> String {
    crate::state::unique(place)
}

fn connect_ipckit(name: &str) -> ipckit::IpcChannel<Owned> {
    let began = Instant::now();
    loop {
        match ipckit::IpcChannel::connect(name) {
            Ok(channel) => return channel,
            Err(error) if began.elapsed() > Duration::from_secs(5) => panic!("no ipckit channel: {error}"),
            Err(_) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

type Receiver = Box<dyn FnMut() -> Option<(u64, u32)>>;

/// The reader's end. `ready` is called once messages may arrive.
pub(crate) fn receive(kind: StreamKind, address: &str, ready: impl FnOnce()) -> Receiver {
    match kind {
        StreamKind::PipePostcard | StreamKind::PipeJson => {
            ready();
            decoded(std::io::stdin(), kind.wire())
        }
        StreamKind::SocketPostcard => {
            child::end_with_parent();
            let from = UnixStream::connect(address).expect("a connection");
            ready();
            decoded(from, kind.wire())
        }
        StreamKind::Interprocess => {
            child::end_with_parent();
            let name = Path::new(address).to_fs_name::<GenericFilePath>().expect("a name");
            let from = interprocess::local_socket::Stream::connect(name).expect("a connection");
            ready();
            decoded(from, kind.wire())
        }
        StreamKind::DatagramPostcard => {
            child::end_with_parent();
            let from = UnixDatagram::bind(address).expect("a socket");
            ready();
            let mut room = [0; 512];
            Box::new(move || {
                let length = from.recv(&mut room).ok()?;
                let record = std::hint::black_box(postcard::from_bytes::<Record<'_>>(&room[..length]).ok()?);
                Some((record.done, record.slot))
            })
        }
        StreamKind::IpcChannel => {
            child::end_with_parent();
            let (to, from) = ipc_channel::ipc::channel::<Owned>().expect("a channel");
            let hand_over = IpcSender::<IpcSender<Owned>>::connect(address.to_owned()).expect("a connection");
            hand_over.send(to).expect("a parent that listens");
            ready();
            Box::new(move || from.recv().ok().map(|record| (record.done, record.slot)))
        }
        StreamKind::IpckitChannel => {
            child::end_with_parent();
            let mut from = ipckit::IpcChannel::<Owned>::create(address).expect("a channel");
            ready();
            from.wait_for_client().expect("a client");
            Box::new(move || from.recv().ok().map(|record| (record.done, record.slot)))
        }
    }
}

/// Reads records as they arrive, all that are there with one call.
fn decoded(mut from: impl Read + 'static, wire: Wire) -> Receiver {
    let (mut bytes, mut at, mut filled) = (vec![0; 64 * 1024], 0, 0);
    Box::new(move || {
        loop {
            if let Some((record, length)) = wire.decode(&bytes[at..filled]) {
                at += length;
                let record = std::hint::black_box(record);
                return Some((record.done, record.slot));
            }
            bytes.copy_within(at..filled, 0);
            (at, filled) = (0, filled - at);
            match from.read(&mut bytes[filled..]) {
                Ok(0) | Err(_) => return None,
                Ok(more) => filled += more,
            }
        }
    })
}
