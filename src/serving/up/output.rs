//! What services print: the last entries of several logs in the order of their times, and the entries that follow.

pub(super) mod log_stream;
pub(super) mod merged_log;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

pub use vx_services::entries::{Filter, OutputEntry};
use vx_services::entries::{Levels, RotatedLog, parted};
use vx_services::{KEPT_FILES, build_key};

use super::state::ServiceState;

/// The most bytes of a log that are read at once.
const PIECE_BYTES: u64 = 1024 * 1024;

/// The last entries of these services that a filter takes, the oldest first.
///
/// # Errors
/// A log cannot be read.
pub fn entries(services: &[ServiceState], most: usize, filter: &Filter) -> io::Result<Vec<OutputEntry>> {
    let mut found = Vec::new();
    for service in services {
        let built = service.build.as_ref().map(|build| (build_key(&service.name), &build.log));
        for (source, log) in built.into_iter().chain([(service.name.clone(), &service.log)]) {
            let kept = RotatedLog { source: source.into(), path: log.clone(), kept_files: KEPT_FILES };
            found.extend(kept.last(most, filter)?);
        }
    }
    // Entries of one service keep their order.
    found.sort_by_key(|entry| entry.time);
    let surplus = found.len().saturating_sub(most);
    found.drain(..surplus);
    Ok(found)
}

/// Follows one log as it grows, also across a change of files.
pub struct LogFollower {
    source: Arc<str>,
    path: PathBuf,
    /// The current file, once there is one, and the offset up to which it was read.
    file: Option<(File, u64)>,
    /// The beginning of a line that is not complete yet.
    begun: Vec<u8>,
    time: Timestamp,
    levels: Levels,
}

impl LogFollower {
    /// Follow the log of a source in this file, from its end or from its beginning.
    pub fn new(source: &Arc<str>, path: PathBuf, from_end: bool) -> Self {
        let file = File::open(&path).ok().map(|file| {
            let at = if from_end { file.metadata().map_or(0, |found| found.len()) } else { 0 };
            (file, at)
        });
        Self {
            source: Arc::clone(source),
            path,
            file,
            begun: Vec::new(),
            time: Timestamp::now(),
            levels: Levels::default(),
        }
    }

    /// The entries that have come since the last call.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn read(&mut self) -> io::Result<Vec<OutputEntry>> {
        let mut found = Vec::new();
        if self.file.is_none() {
            self.file = open(&self.path)?;
        }
        self.read_on(&mut found)?;
        // Read the rest of the file before the next one, which is recognised by its device and inode.
        if let Some((file, at)) = &self.file
            && let Some((other, _)) = open(&self.path)?
            && !is_same(file, &other)?
            && file.metadata()?.len() == *at
        {
            self.file = Some((other, 0));
            self.read_on(&mut found)?;
        }
        Ok(found)
    }

    fn read_on(&mut self, found: &mut Vec<OutputEntry>) -> io::Result<()> {
        let Some((file, at)) = &mut self.file else { return Ok(()) };
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(*at))?;
        Read::take(&*file, PIECE_BYTES).read_to_end(&mut bytes)?;
        *at += bytes.len() as u64;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(line);
            if !line.ends_with(b"\n") {
                continue;
            }
            let whole = std::mem::take(&mut self.begun);
            let whole = whole.strip_suffix(b"\n").unwrap_or(&whole);
            let (time, text) = parted(whole).unwrap_or((self.time, whole));
            self.time = time;
            found.push(OutputEntry::from_line(&self.source, time, text, &mut self.levels));
        }
        Ok(())
    }
}

fn open(path: &std::path::Path) -> io::Result<Option<(File, u64)>> {
    match File::open(path) {
        Ok(file) => Ok(Some((file, 0))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn is_same(one: &File, other: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (one, other) = (one.metadata()?, other.metadata()?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

#[cfg(not(unix))]
fn is_same(one: &File, other: &File) -> io::Result<bool> {
    Ok(one.metadata()?.created()? == other.metadata()?.created()?)
}
