//! One archive as a stream of bytes: first the bytes in the cache, then the rest from the network.
//!
//! Bytes are passed on before they're verified. They are digested on the way and stored in the cache, and
//! [`Download::finish`] compares the digest. If a connection breaks, the next attempt asks for the rest. If the rest
//! doesn't fit the bytes that were passed on already, the archive is read again from its start:
//! [`DownloadErrorKind::Again`].

mod address;
mod cache;
mod connect;
mod error;
mod retry;
mod transfer;

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use vx_base::digest::{Algorithm, Digest, Hasher};
use vx_base::package::Part;
use vx_base::paths::Home;
use vx_base::shown_address::shown_address;
use vx_http::{Client, HttpError};

use crate::report::InstallStep;

use super::cancel::CancelWatch;
use super::disk::DiskErrorContext;
use super::lock::LockWaitTerms;
use super::progress::ArchiveProgress;
use super::unpack::is_web_page;

pub use error::{DownloadError, DownloadErrorKind};
pub use retry::Patience;

use cache::{PartFile, remove_file, whole_path};
use retry::{Attempts, Failed};
use transfer::{Content, TransferRequest};

pub(super) use transfer::client;

type Result<T> = std::result::Result<T, DownloadErrorKind>;

/// Largest archive accepted; the largest known is below 1 GB.
const ARCHIVE_BYTES: u64 = 8 << 30;

/// How many bytes beyond its stated size an archive with a digest may have. npm's documents give no sizes, so the size
/// in a lock is what a server answered when the lock was written, and a faulty server answers with the size of an error
/// page or of a part. Within this tolerance, the next run needs no other lock.
const BEYOND_SIZE_BYTES: u64 = 1 << 20;

/// How many bytes the first read of an archive provides, unless the archive is smaller: enough to recognise its format.
const HEAD_BYTES: usize = 512;

/// Most bytes to receive of something that isn't an archive, to see whether they're what the digest promises.
const REJECTED_BYTES: u64 = 1 << 20;

/// Most bytes to read at once. With a quarter of this, a whole install takes 5 % longer.
const CHUNK_BYTES: usize = 512 * 1024;

/// What all downloads of one install share.
pub(super) struct DownloadSession<'a> {
    pub(super) home: &'a Home,
    pub(super) client: Client,
    pub(super) patience: &'a Patience,
    pub(super) watch: &'a CancelWatch,
    pub(super) meter: &'a ArchiveProgress<'a>,
    /// Terms of the wait for another process that receives the same archive.
    pub(super) wait: &'a LockWaitTerms<'a>,
    pub(super) offline: bool,
}

/// An archive while it is received.
pub(super) struct Download<'a> {
    session: &'a DownloadSession<'a>,
    archive: &'a str,
    digest: Option<&'a Digest>,
    /// Size that the archive must have.
    size: Option<u64>,
    /// Size that it must not exceed by much.
    bound: Option<u64>,
    request: TransferRequest,
    address: String,
    source: ByteSource,
    part_file: Option<PartFile>,
    /// The buffer, the number of bytes last read into it, and how many of them are consumed.
    chunk: Vec<u8>,
    filled: usize,
    taken: usize,
    hasher: Hasher,
    received: u64,
    /// Bytes that were in the cache when the download began. They count as progress, but not as received.
    cached: u64,
    attempts: Attempts,
    /// Size of the whole archive, as the current response announces it.
    announced: Option<u64>,
    html: bool,
    /// Encoding that the server claims to have applied to the bytes.
    encoding: Option<String>,
    /// Why the last attempt failed.
    broke: Option<Failed>,
    /// Whether the bytes come from several responses, or from an earlier run.
    pieced: bool,
    failure: Option<DownloadErrorKind>,
}

/// Where the next bytes come from.
enum ByteSource {
    /// The whole archive, from the cache.
    Cached(File, PathBuf),
    /// Its beginning from the cache, followed by the response with the rest, if any.
    Replay {
        file: File,
        left: u64,
        rest: Option<Content>,
    },
    Network(Content),
    Ended,
}

/// A received and verified archive.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) digest: Digest,
    pub(super) size_bytes: u64,
    /// Its file in the cache.
    pub(super) path: PathBuf,
}

impl<'a> Download<'a> {
    /// Open the archive in the cache, or connect and receive the head of the server's response. `instead` is an address
    /// that replaces the part's own. `private` is the path of a file that no other process shares.
    pub(super) fn begin(
        session: &'a DownloadSession<'a>,
        part: &'a Part,
        instead: Option<&str>,
        private: &Path,
    ) -> Result<Self> {
        let archive = &part.archive;
        let algorithm = archive.digest.as_ref().map_or(Algorithm::Sha256, Digest::algorithm);
        let origin = address::origin(part, instead);
        let address = shown_address(&origin.url);
        let mut download = Self {
            session,
            archive: &archive.file,
            digest: archive.digest.as_ref(),
            // If there's a digest, it decides which bytes are the archive. The size then only limits the transfer,
            // since the digest is known only at the end.
            size: archive.size.filter(|_| archive.digest.is_none()),
            bound: archive.size,
            request: TransferRequest { origin, from: 0, etag: None },
            address,
            source: ByteSource::Ended,
            part_file: None,
            chunk: vec![0; CHUNK_BYTES],
            filled: 0,
            taken: 0,
            hasher: algorithm.hasher(),
            received: 0,
            cached: 0,
            attempts: Attempts::first(),
            announced: None,
            html: false,
            encoding: None,
            broke: None,
            pieced: false,
            failure: None,
        };
        if download.open_cached()? {
            return Ok(download);
        }
        if session.offline {
            return Err(DownloadErrorKind::Offline);
        }
        address::check(&download.request.origin.url)?;
        download.part_file = Some(PartFile::open(session, archive, private)?);
        // The process that held the part before us may have completed it.
        if download.open_cached()? {
            download.part_file.take().map_or(Ok(()), PartFile::discard)?;
            return Ok(download);
        }
        download.cached = download.part_file.as_ref().map_or(0, PartFile::length);
        session.meter.found(download.cached);
        session.meter.enter(InstallStep::Downloading);
        // Publish this before any byte arrives, so that no reader mistakes cached bytes for received ones.
        download.report();
        download.connect()?;
        Ok(download)
    }

    /// Take the download's failure, if one ended the reading.
    pub(super) fn take_failure(&mut self) -> Option<DownloadErrorKind> {
        self.failure.take()
    }

    /// Read the rest, verify size and digest, and put the archive into the cache.
    pub(super) fn finish(mut self) -> Result<Fetched> {
        self.drain()?;
        self.report();
        let (digest, size_bytes) = self.compare()?;
        let path = match (self.part_file, self.source) {
            (_, ByteSource::Cached(_, path)) => path,
            (Some(part), _) => part.finish(self.session.home, &digest)?,
            (None, _) => whole_path(self.session.home, &digest),
        };
        Ok(Fetched { digest, size_bytes, path })
    }

    /// Discard bytes that could not be unpacked, after verifying them: a wrong size or digest is returned as the error.
    pub(super) fn reject(mut self) -> Result<()> {
        self.drain()?;
        self.compare()?;
        self.discard()
    }

    /// Discard bytes that aren't an archive, as their beginning shows. A wrong digest would explain this better, but
    /// only a few bytes are received to find out.
    pub(super) fn reject_head(mut self) -> Result<()> {
        if matches!(self.source, ByteSource::Cached(..)) {
            return self.reject();
        }
        while self.announced.is_none_or(|size| size <= REJECTED_BYTES) && self.received <= REJECTED_BYTES {
            self.next_chunk()?;
            if self.filled == 0 {
                self.compare()?;
                return self.discard();
            }
        }
        self.discard()?;
        // The beginning may be from an earlier run, and the archive may have changed since.
        let kind = DownloadErrorKind::Unsteady { address: self.address.clone() };
        if self.pieced { Err(DownloadErrorKind::Again(Box::new(kind))) } else { Ok(()) }
    }

    /// Delete the received bytes because the disk is full: they are useless on it, and other processes need the space.
    pub(super) fn make_room(&mut self) {
        if let Some(part) = self.part_file.take() {
            // If the part can't be removed, the next run continues it.
            let _ = part.discard();
        }
    }

    fn open_cached(&mut self) -> Result<bool> {
        let Some(digest) = self.digest else { return Ok(false) };
        let path = whole_path(self.session.home, digest);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error).with_path("read", &path).map_err(Into::into),
        };
        let length = file.metadata().with_path("read", &path)?.len();
        self.session.meter.part_size(Some(length));
        self.session.meter.enter(InstallStep::Extracting);
        self.source = ByteSource::Cached(file, path);
        self.pieced = true;
        Ok(true)
    }

    /// Read the first chunk, of at least `HEAD_BYTES` however small the pieces of the connection are.
    fn first_chunk(&mut self) -> Result<()> {
        self.next_chunk()?;
        let mut before = 0;
        while (before + 1..HEAD_BYTES).contains(&self.filled) {
            before = self.filled;
            self.read_on()?;
        }
        Ok(())
    }

    /// Report the bytes that were received or found in the cache.
    fn report(&self) {
        self.session.meter.advanced(self.received.max(self.cached));
    }

    /// Read the next chunk; it is empty at the end.
    fn next_chunk(&mut self) -> Result<()> {
        self.filled = 0;
        self.read_on()
    }

    /// Read into the free part of the chunk; nothing is added at the end.
    fn read_on(&mut self) -> Result<()> {
        self.session.watch.check()?;
        self.report();
        loop {
            match std::mem::replace(&mut self.source, ByteSource::Ended) {
                ByteSource::Ended => return Ok(()),
                ByteSource::Cached(mut file, path) => {
                    self.read_file(&mut file, u64::MAX).with_path("read", &path)?;
                    self.source = ByteSource::Cached(file, path);
                    return Ok(());
                }
                ByteSource::Replay { file, left: 0, rest } => {
                    drop(file);
                    self.source = rest.map_or(ByteSource::Ended, ByteSource::Network);
                }
                ByteSource::Replay { mut file, left, rest } => {
                    let path = Path::new(self.archive);
                    let count = self.read_file(&mut file, left).with_path("read the cached part of", path)?;
                    self.source = ByteSource::Replay { file, left: left - count, rest };
                    return Ok(());
                }
                ByteSource::Network(content) => {
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

    /// Receive the next bytes; `false` if the source was replaced instead.
    fn receive(&mut self, mut content: Content) -> Result<bool> {
        let result = content.read(&mut self.chunk[self.filled..]);
        // A stop shuts the connection, which makes the read fail.
        self.session.watch.check()?;
        let failed = match result {
            Ok(0) if self.announced.is_none_or(|size| self.received >= size) => return Ok(false),
            Ok(0) => Failed::Connection("connection closed before the end".to_owned()),
            Ok(count) => {
                self.source = ByteSource::Network(content);
                return self.keep(count).map(|()| true);
            }
            Err(HttpError::Silent) => Failed::Connection("no more bytes in time".to_owned()),
            Err(fault) => self.failed(fault)?,
        };
        drop(content);
        self.wait(failed, None)?;
        self.connect()?;
        Ok(false)
    }

    /// Check received bytes, append them to the part, and digest them.
    fn keep(&mut self, count: usize) -> Result<()> {
        let range = self.filled..self.filled + count;
        let piece = &self.chunk[range.clone()];
        let tag_first = self.html && piece.trim_ascii_start().starts_with(b"<");
        if self.received == 0 && (tag_first || is_web_page(piece)) {
            return self.rejected(DownloadErrorKind::WebPage { address: self.address.clone() });
        }
        let received = self.received + count as u64;
        self.check_bound(received, true)?;
        let piece = &self.chunk[range];
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

    /// Refuse an archive that has too many bytes by the lock or its source; `more` if `bytes` may not be all of them.
    fn check_bound(&mut self, bytes: u64, more: bool) -> Result<()> {
        match self.bound {
            Some(expected) if bytes > expected.saturating_add(self.beyond()) => {
                self.rejected(DownloadErrorKind::Size { expected, got: bytes, more })
            }
            None if bytes > ARCHIVE_BYTES => self.rejected(DownloadErrorKind::TooLarge { limit: ARCHIVE_BYTES }),
            _ => Ok(()),
        }
    }

    /// How many bytes more than its size the archive may have: none if the size decides because there's no digest.
    fn beyond(&self) -> u64 {
        if self.digest.is_some() { BEYOND_SIZE_BYTES } else { 0 }
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

    /// Compare the received bytes with the expected size and digest; remove bytes that differ.
    fn compare(&mut self) -> Result<(Digest, u64)> {
        let algorithm = self.digest.map_or(Algorithm::Sha256, Digest::algorithm);
        let got = std::mem::replace(&mut self.hasher, algorithm.hasher()).finish();
        let (size, expected) = (self.size.filter(|size| *size != self.received), self.digest);
        let wrong = match (size, expected) {
            (Some(expected), _) => DownloadErrorKind::Size { expected, got: self.received, more: false },
            (None, Some(expected)) if *expected != got => DownloadErrorKind::Digest { expected: expected.clone(), got },
            _ => return Ok((got, self.received)),
        };
        let wrong = match self.encoding.take() {
            Some(encoding) => DownloadErrorKind::Encoded { address: self.address.clone(), encoding },
            None => wrong,
        };
        let again = self.pieced && !self.session.offline;
        self.discard()?;
        // Bytes from several responses may each be right, but from different versions.
        Err(if again { DownloadErrorKind::Again(Box::new(wrong)) } else { wrong })
    }

    fn rejected<T>(&mut self, kind: DownloadErrorKind) -> Result<T> {
        self.discard()?;
        Err(kind)
    }

    fn discard(&mut self) -> Result<()> {
        if let ByteSource::Cached(_, path) = &self.source {
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
