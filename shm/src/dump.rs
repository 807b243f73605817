//! Saving a board as a dump, which opens like the board itself.
//!
//! A dump is the board's own bytes with every slot resolved to its good copy, under a checksum; it is never written
//! again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::DumpError;
use crate::layout::{CAUSE_OFFSET, FACT_WORDS, FORM_DUMP, HeaderImage, LOG_HEADER_BYTES, READY, Region};
use crate::liveness::clock;
use crate::snapshot::Reader;
use crate::stamp;
use crate::view::Snapshot;

/// Write a dump of the board: under a temporary name first, so that no reader finds half of one, and then renamed over
/// an existing file. A dump of a dump holds the same as that dump.
///
/// # Errors
/// When the board can no longer be read, or the file cannot be written; the file that was there before is then
/// unchanged.
pub fn write(reader: &mut Reader, path: &Path) -> Result<(), DumpError> {
    let mut snapshot = Snapshot::default();
    reader.refresh(&mut snapshot)?;
    let bytes = bytes(reader, snapshot.taken_at_ns);
    reader.check_whole()?; // Refuse a board that was cut short while its bytes were read.
    put_in_place(path, &bytes).map_err(|source| DumpError::Write { path: path.to_path_buf(), source })
}

/// Put together a dump: the header with its checksums, then every region, at the offsets they have on the board.
fn bytes(reader: &Reader, taken_at_ns: u64) -> Vec<u8> {
    let facts = *reader.segment().facts();
    let mut words = vec![0u64; facts.length as usize / 8];
    write_header(reader, &mut words);
    for slot in 0..reader.used() {
        write_slot(reader, &facts, slot, &mut words);
        write_log(reader, &facts, slot, &mut words);
    }
    let body = bytemuck::cast_slice::<u64, u8>(&words[FACT_WORDS..]);
    let taken_at_ns = if taken_at_ns == 0 { clock::now_ns() } else { taken_at_ns };
    let facts = HeaderImage { form: FORM_DUMP, taken_at_ns, body_crc: crc32fast::hash(body), ..facts };
    words[..FACT_WORDS].copy_from_slice(&facts.sealed().words());
    bytemuck::cast_slice(&words).to_vec()
}

/// Write the header's words that change, with the title's good copy twice. The doorbell's words stay zero.
fn write_header(reader: &Reader, words: &mut [u64]) {
    use crate::atomics::Ordering::Relaxed;
    let header = reader.segment().header();
    words[FACT_WORDS] = READY;
    // Epoch and end are read first: the words after them are at least as new.
    words[32] = u64::from(stamp::epoch(&header.epoch));
    words[48] = u64::from(stamp::is_closed(&header.closed));
    words[40] = u64::from(header.state.load(Relaxed)) | u64::from(reader.used()) << 32;
    words[41] = header.closed_unix_ns.load(Relaxed);
    words[49] = header.successor[0].load(Relaxed);
    words[50] = header.successor[1].load(Relaxed);
    if let Some((stamp, title)) = header.title.read_soon() {
        words[56] = stamp;
        words[57..57 + title.len()].copy_from_slice(&title);
        words[57 + title.len()..57 + 2 * title.len()].copy_from_slice(&title);
    }
    if reader.segment().facts().names_project() {
        words[96] = header.project_hash.load(Relaxed);
        words[97] = u64::from(header.kind.load(Relaxed));
        for (word, cell) in words[98..].iter_mut().zip(&header.project.0) {
            *word = cell.load(Relaxed);
        }
    }
}

fn write_slot(reader: &Reader, facts: &HeaderImage, slot: u32, words: &mut [u64]) {
    let Some(image) = reader.slot_image(slot) else { return };
    let mut put = |region: Region, record: &[u64]| {
        let at = place(region, slot);
        words[at..at + record.len()].copy_from_slice(record);
    };
    put(facts.hot, bytemuck::cast_slice(&[image.hot]));
    put(facts.cold, bytemuck::cast_slice(&[image.cold]));
    let beat = reader.segment().beat(slot).map_or(0, |word| word.load(crate::atomics::Ordering::Relaxed));
    put(facts.beats, &[beat]);
    if let Some((stamp, cause)) = reader.cause_words(slot) {
        let at = place(facts.cold, slot) + CAUSE_OFFSET / 8;
        words[at] = stamp;
        words[at + 1..at + 1 + 2 * cause.len()].copy_from_slice([cause; 2].as_flattened());
    }
}

/// Write the slot's log, which in a dump begins at the front of its ring.
fn write_log(reader: &Reader, facts: &HeaderImage, slot: u32, words: &mut [u64]) {
    let Some((counters, ring)) = reader.segment().log(slot) else { return };
    let window = stamp::read_log(counters, ring);
    let whole_lines = match window.bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) if !window.from_start => &window.bytes[at + 1..],
        _ => &window.bytes[..],
    };
    let at = place(facts.log, slot);
    let length = whole_lines.len() as u64;
    words[at..at + 3].copy_from_slice(&[length, length, 0]);
    let first = at + LOG_HEADER_BYTES / 8;
    bytemuck::cast_slice_mut::<u64, u8>(&mut words[first..first + ring.len()])[..whole_lines.len()]
        .copy_from_slice(whole_lines);
}

/// Where a slot's record starts, in words. It lies inside: the header was checked.
fn place(region: Region, slot: u32) -> usize {
    (region.offset as usize + slot as usize * region.stride as usize) / 8
}

fn put_in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = TemporaryFile::beside(path)?;
    let mut file = &temporary.file;
    file.write_all(bytes)?;
    fs::rename(&temporary.path, path)
}

/// A file under a temporary name, removed on drop unless it was renamed.
struct TemporaryFile {
    path: PathBuf,
    file: File,
}

impl TemporaryFile {
    fn beside(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        let path = path.with_file_name(format!(".{name}.{}.{}.making", std::process::id(), clock::now_ns()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        Ok(Self { path, file })
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // After a rename there is no file of that name, and nothing to remove.
        let _ = fs::remove_file(&self.path);
    }
}
