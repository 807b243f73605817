//! One archive as a stream of bytes: what the cache has of it first, the rest from the network.
//!
//! Bytes are handed on before anybody knows whether they are the right ones; they are digested on the way and kept in
//! the cache, and [`Download::finish`] compares. An attempt that breaks off is followed by one for the rest. When the
//! rest does not belong to what was handed on already, everything begins again: [`DownloadErrorKind::Again`].

mod address;
mod cache;
mod connect;
mod error;
mod retry;
mod transfer;

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use ureq::Agent;

use crate::config::Part;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::paths::Home;
use crate::report::Phase;

use super::cancel::Watch;
use super::disk::At;
use super::lock::Wait;
use super::progress::Meter;
use super::unpack::is_web_page;

pub use address::shown_address;
pub use error::{DownloadError, DownloadErrorKind};
pub use retry::Patience;

use cache::{PartFile, remove_file, whole_path};
use retry::Attempts;
use transfer::{Content, Request};

pub(super) use transfer::agent;

type Result<T> = std::result::Result<T, DownloadErrorKind>;

/// No archive is larger; the largest known is below 1 GB.
const ARCHIVE_BYTES: u64 = 8 << 30;

/// How much is there when anybody looks at the beginning of an archive, unless that is all: enough to know it by.
const HEAD_BYTES: usize = 512;

/// How much is read at once, at most. With a quarter of it, a whole install takes 5 % longer.
const CHUNK_BYTES: usize = 512 * 1024;

/// What all downloads of one install share.
pub(super) struct Session<'a> {
    pub(super) home: &'a Home,
    pub(super) agent: Agent,
    pub(super) patience: &'a Patience,
    pub(super) watch: &'a Watch,
    pub(super) meter: &'a Meter<'a>,
    /// How to wait for another process that receives the same archive.
    pub(super) wait: &'a Wait<'a>,
    pub(super) offline: bool,
}

/// An archive on its way.
pub(super) struct Download<'a> {
    session: &'a Session<'a>,
    archive: &'a str,
    digest: Option<&'a Digest>,
    size: Option<u64>,
    request: Request,
    address: String,
    source: Source,
    part_file: Option<PartFile>,
    /// Room for what is read, how much of it was read last, and how much of that was taken.
    chunk: Vec<u8>,
    filled: usize,
    taken: usize,
    hasher: Hasher,
    received: u64,
    attempts: Attempts,
    /// What the current answer announces as the size of the whole archive.
    announced: Option<u64>,
    html: bool,
    /// Whether the bytes come from several answers, or from an earlier run.
    pieced: bool,
    failure: Option<DownloadErrorKind>,
}

/// Where the next bytes come from.
enum Source {
    /// The whole archive in the cache.
    Cached(File, PathBuf),
    /// Its beginning in the cache; the rest, if there is one, from the network.
    Replay {
        file: File,
        left: u64,
        rest: Option<Content>,
    },
    Network(Content),
    Ended,
}

/// An archive that is there and is the right one.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) digest: Digest,
    pub(super) size_bytes: u64,
    /// Its file in the cache.
    pub(super) path: PathBuf,
}

impl<'a> Download<'a> {
    /// Begin, up to the head of the server's answer; `private` is a file for bytes that cannot be shared.
    pub(super) fn begin(session: &'a Session<'a>, part: &'a Part, url: &str, private: &Path) -> Result<Self> {
        let algorithm = part.digest.as_ref().map_or(Algorithm::Sha256, Digest::algorithm);
        let address = shown_address(url);
        let mut download = Self {
            session,
            archive: &part.file_name,
            digest: part.digest.as_ref(),
            // A size found out by asking ahead may be that of a sign-in page: where there is a digest, it decides.
            size: part.size.filter(|_| part.digest.is_none()),
            request: Request {
                url: url.to_owned(),
                authorization: address::authorization(part, url),
                from: 0,
                etag: None,
            },
            address,
            source: Source::Ended,
            part_file: None,
            chunk: vec![0; CHUNK_BYTES],
            filled: 0,
            taken: 0,
            hasher: algorithm.hasher(),
            received: 0,
            attempts: Attempts::first(),
            announced: None,
            html: false,
            pieced: false,
            failure: None,
        };
        if download.open_cached()? {
            return Ok(download);
        }
        if session.offline {
            return Err(DownloadErrorKind::Offline);
        }
        address::check(url)?;
        download.part_file = Some(PartFile::open(session, part, private)?);
        // Whoever held the part before may have finished it.
        if download.open_cached()? {
            download.part_file.take().map_or(Ok(()), PartFile::discard)?;
            return Ok(download);
        }
        session.meter.enter(Phase::Downloading);
        download.connect()?;
        Ok(download)
    }

    /// Why reading failed, when it was not the fault of who read.
    pub(super) fn take_failure(&mut self) -> Option<DownloadErrorKind> {
        self.failure.take()
    }

    /// Read what is left, compare size and digest, and put the archive into the cache.
    pub(super) fn finish(mut self) -> Result<Fetched> {
        self.drain()?;
        self.session.meter.advanced(self.received);
        let (digest, size_bytes) = self.compare()?;
        let path = match (self.part_file, self.source) {
            (_, Source::Cached(_, path)) => path,
            (Some(part), _) => part.finish(self.session.home, &digest)?,
            (None, _) => whole_path(self.session.home, &digest),
        };
        Ok(Fetched { digest, size_bytes, path })
    }

    /// The bytes could not be used: find out whether they are the right ones, and remove them in any case.
    pub(super) fn condemn(mut self) -> Result<()> {
        self.drain()?;
        self.compare()?;
        self.discard()
    }

    /// The disk is full: what was received is no use on it, and others need the room.
    pub(super) fn make_room(&mut self) {
        if let Some(part) = self.part_file.take() {
            // Whatever cannot be removed is continued by the next run.
            let _ = part.discard();
        }
    }

    fn open_cached(&mut self) -> Result<bool> {
        let Some(digest) = self.digest else { return Ok(false) };
        let path = whole_path(self.session.home, digest);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error).at("read", &path).map_err(Into::into),
        };
        let length = file.metadata().at("read", &path)?.len();
        self.session.meter.part_size(Some(length));
        self.session.meter.enter(Phase::Extracting);
        self.source = Source::Cached(file, path);
        self.pieced = true;
        Ok(true)
    }

    /// Read the first chunk, which is not as small as a connection may have cut it.
    fn first_chunk(&mut self) -> Result<()> {
        self.next_chunk()?;
        let mut before = 0;
        while (before + 1..HEAD_BYTES).contains(&self.filled) {
            before = self.filled;
            self.read_on()?;
        }
        Ok(())
    }

    /// Read the next chunk; an empty one is the end.
    fn next_chunk(&mut self) -> Result<()> {
        self.filled = 0;
        self.read_on()
    }

    /// Read on into what is free of the chunk; nothing is added at the end.
    fn read_on(&mut self) -> Result<()> {
        self.session.watch.check()?;
        self.session.meter.advanced(self.received);
        loop {
            match std::mem::replace(&mut self.source, Source::Ended) {
                Source::Ended => return Ok(()),
                Source::Cached(mut file, path) => {
                    self.read_file(&mut file, u64::MAX).at("read", &path)?;
                    self.source = Source::Cached(file, path);
                    return Ok(());
                }
                Source::Replay { file, left: 0, rest } => {
                    drop(file);
                    self.source = rest.map_or(Source::Ended, Source::Network);
                }
                Source::Replay { mut file, left, rest } => {
                    let path = Path::new(self.archive);
                    let count = self.read_file(&mut file, left).at("read the cached part of", path)?;
                    self.source = Source::Replay { file, left: left - count, rest };
                    return Ok(());
                }
                Source::Network(content) => {
                    if self.receive(content)? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Read from a file of the cache.
    fn read_file(&mut self, file: &mut File, at_most: u64) -> io::Result<u64> {
        let room = &mut self.chunk[self.filled..];
        let wanted = usize::try_from(at_most).unwrap_or(usize::MAX).min(room.len());
        let count = file.read(&mut room[..wanted])?;
        if count == 0 && at_most != u64::MAX {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.hasher.update(&room[..count]);
        self.filled += count;
        self.received += count as u64;
        Ok(count as u64)
    }

    /// Receive what is there; false when the source has changed instead.
    fn receive(&mut self, mut content: Content) -> Result<bool> {
        let result = content.read(&mut self.chunk[self.filled..]);
        // The connection may have been shut because of it.
        self.session.watch.check()?;
        let reason = match result {
            Ok(0) if self.announced.is_none_or(|size| self.received >= size) => return Ok(false),
            Ok(0) => "connection closed before the end".to_owned(),
            Ok(count) => {
                self.source = Source::Network(content);
                return self.keep(count).map(|()| true);
            }
            Err(failure) => self.failed(failure)?,
        };
        drop(content);
        self.wait(reason, None)?;
        self.connect()?;
        Ok(false)
    }

    /// Check, keep and digest what was received.
    fn keep(&mut self, count: usize) -> Result<()> {
        let piece = &self.chunk[self.filled..self.filled + count];
        let tag_first = self.html && piece.trim_ascii_start().starts_with(b"<");
        if self.received == 0 && (tag_first || is_web_page(piece)) {
            return self.condemned(DownloadErrorKind::WebPage { address: self.address.clone() });
        }
        let received = self.received + count as u64;
        match self.size {
            Some(expected) if received > expected => {
                return self.condemned(DownloadErrorKind::Size { expected, got: received, more: true });
            }
            None if received > ARCHIVE_BYTES => {
                return self.condemned(DownloadErrorKind::TooLarge { limit: ARCHIVE_BYTES });
            }
            _ => {}
        }
        let need_bytes = self.size.or(self.announced).map(|size| size.saturating_sub(self.received));
        if let Some(part) = &mut self.part_file
            && let Err(error) = part.append(piece, need_bytes)
        {
            if error.full() {
                self.make_room();
            }
            return Err(error.into());
        }
        self.hasher.update(piece);
        self.filled += count;
        self.received = received;
        Ok(())
    }

    fn drain(&mut self) -> Result<()> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        loop {
            self.next_chunk()?;
            if self.filled == 0 {
                return Ok(());
            }
        }
    }

    /// Compare what was received with what was promised; what differs is removed.
    fn compare(&mut self) -> Result<(Digest, u64)> {
        let algorithm = self.digest.map_or(Algorithm::Sha256, Digest::algorithm);
        let got = std::mem::replace(&mut self.hasher, algorithm.hasher()).finish();
        let (size, expected) = (self.size.filter(|size| *size != self.received), self.digest);
        let wrong = match (size, expected) {
            (Some(expected), _) => DownloadErrorKind::Size { expected, got: self.received, more: false },
            (None, Some(expected)) if *expected != got => DownloadErrorKind::Digest { expected: expected.clone(), got },
            _ => return Ok((got, self.received)),
        };
        let again = self.pieced && !self.session.offline;
        self.discard()?;
        // Bytes that came together from several places may only not belong together.
        Err(if again { DownloadErrorKind::Again(Box::new(wrong)) } else { wrong })
    }

    fn condemned<T>(&mut self, kind: DownloadErrorKind) -> Result<T> {
        self.discard()?;
        Err(kind)
    }

    fn discard(&mut self) -> Result<()> {
        if let Source::Cached(_, path) = &self.source {
            remove_file(path)?;
        }
        self.part_file.take().map_or(Ok(()), PartFile::discard)?;
        Ok(())
    }
}

impl BufRead for Download<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken == self.filled {
            self.taken = 0;
            let result = if self.failure.is_some() { Err(io::Error::other("the download failed")) } else { Ok(()) };
            let result = result.and_then(|()| {
                let read = if self.received == 0 { self.first_chunk() } else { self.next_chunk() };
                read.map_err(|failure| {
                    self.failure = Some(failure);
                    io::Error::other("the download failed")
                })
            });
            if result.is_err() {
                self.filled = 0;
            }
            result?;
        }
        Ok(&self.chunk[self.taken..self.filled])
    }

    fn consume(&mut self, amount: usize) {
        self.taken += amount;
    }
}

impl Read for Download<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}
