//! The board files of a directory, and which of them may be removed.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::atomics::Ordering;
use crate::error::{AttachError, AttachErrorKind};
use crate::layout::{BEAT_UNIT_NS, CREATOR_HOLDS_NO_LOCK, FORM_BOARD, MAGIC, MAJOR, MAX_SLOTS};
use crate::liveness::clock::Now;
use crate::liveness::process::{self, ProcessMark};
use crate::liveness::{Beat, contained};
use crate::segment::{self, Segment, lock};
use crate::slot;
use crate::stamp;

/// A temporary file older than this was left behind by a process that was killed while making a board.
const TEMPORARY_AGE: Duration = Duration::from_secs(60);

/// If a board's script cannot be looked up from here, the board is over when nothing was written to it for this long.
const FORGOTTEN_AFTER_NS: u64 = 24 * 3_600 * 1_000_000_000;

/// Remove boards that are no longer needed: finished ones, and those whose creator is proved dead, that are older than
/// `keep_for` or beyond the newest `keep_at_most`. Returns the paths removed.
///
/// A board whose creator may live, or one of whose slots a process holds, is never removed; nor is a dump, or anything
/// that is not a board. A board of an earlier layout, whose words mean something else, is over when it is a day old and
/// no process holds a byte of it. Also works on the directory in which a system shows its named segments as files.
///
/// # Errors
/// When the directory cannot be read. A board that cannot be removed stays, and is not in the result.
pub fn gc(directory: &Path, keep_for: Duration, keep_at_most: usize) -> io::Result<Vec<PathBuf>> {
    let mut removed = stale(directory, keep_for, keep_at_most)?;
    removed.retain(|path| match hidden(path) || of_earlier_layout_since(path, Now::read()).is_some() {
        true => fs::remove_file(path).is_ok(),
        false => remove_over(path).unwrap_or(false),
    });
    Ok(removed)
}

/// List the paths that [`gc`] would remove, and change nothing.
///
/// # Errors
/// When the directory cannot be read.
pub fn stale(directory: &Path, keep_for: Duration, keep_at_most: usize) -> io::Result<Vec<PathBuf>> {
    let now = Now::read();
    let mut over: Vec<(i64, PathBuf)> =
        board_files(directory)?.into_iter().filter_map(|path| Some((ended_since(&path, now)?, path))).collect();
    over.sort_by(|one, other| other.cmp(one));
    let keep_ns = i64::try_from(keep_for.as_nanos()).unwrap_or(i64::MAX);
    let stale = |(place, (since, _)): &(usize, (i64, PathBuf))| {
        *place >= keep_at_most || now.unix_ns.saturating_sub(*since) > keep_ns
    };
    let mut found: Vec<PathBuf> = over.into_iter().enumerate().filter(stale).map(|(_, (_, path))| path).collect();
    found.extend(temporary_files(directory)?);
    Ok(found)
}

/// Remove a board's file if the board is over, so that a new one can have its name. Returns whether it was removed.
///
/// If several processes do this at once, only one removes the file, and none removes a new board that already has the
/// name.
///
/// # Errors
/// The system's error if the file of a board that is over cannot be removed.
pub fn remove_over(path: &Path) -> io::Result<bool> {
    let Ok(segment) = segment::open_read(path) else { return Ok(false) };
    if over(&segment, Now::read()).is_none() {
        return Ok(false);
    }
    // By now the name may be another file's: only a process that holds the creator's byte of this very file removes it.
    let own = segment::open_write(path).ok();
    let ours = own.as_ref().and_then(Segment::lock_file).is_none_or(|file| {
        lock::try_lock(file, lock::CREATOR).unwrap_or(true) && same_board(path, segment.facts().board_id)
    });
    if !ours {
        return Ok(false);
    }
    fs::remove_file(path).map(|()| true)
}

fn same_board(path: &Path, id: [u8; 16]) -> bool {
    segment::open_read(path).is_ok_and(|now| now.facts().board_id == id)
}

/// Remove the name of a board made with [`Board::create_named`](super::Board::create_named), if the board is over or
/// its creator was killed in the middle of making it, more than a minute ago. A process that has it mapped keeps its
/// map.
///
/// # Errors
/// `ResourceBusy` while its creator may live or a process holds one of its slots; `Unsupported` without the feature
/// `named`; else the system's error.
pub fn remove_named(name: &str) -> io::Result<()> {
    match segment::open_read(Path::new(&format!("{}{name}", segment::SCHEME))) {
        Ok(segment) if over(&segment, Now::read()).is_none() => Err(io::ErrorKind::ResourceBusy.into()),
        Ok(_) => segment::remove_named(name),
        Err(AttachError { kind: AttachErrorKind::Layout(_), .. })
            if segment::as_file(name).is_some_and(|file| left_half_made(&file)) =>
        {
            segment::as_file(name).map_or(Ok(()), fs::remove_file)
        }
        Err(error) if matches!(error.kind, AttachErrorKind::NamedSegment) => {
            Err(io::Error::new(io::ErrorKind::Unsupported, error))
        }
        Err(error) => Err(io::Error::new(io::ErrorKind::NotFound, error)),
    }
}

fn ended_since(path: &Path, now: Now) -> Option<i64> {
    over_since(path, now).or_else(|| of_earlier_layout_since(path, now))
}

/// When a board of an earlier layout was made, if that is longer ago than a day and no process holds a byte of it. All
/// layouts lock the same bytes; its words mean something else, so they are not looked at. A dump is kept.
fn of_earlier_layout_since(path: &Path, now: Now) -> Option<i64> {
    let (file, _) = segment::plain_file(path, false).ok()?;
    let mut first = [0; 48];
    (&file).read_exact(&mut first).ok()?;
    let word = |at: usize| u32::from_le_bytes(std::array::from_fn(|byte| first[at + byte]));
    let earlier = first.starts_with(&MAGIC.to_le_bytes()) && word(8) < MAJOR && word(44) == FORM_BOARD;
    if !earlier || !is_unheld(&file) {
        return None;
    }
    let made = file.metadata().ok()?.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let made = i64::try_from(made.as_nanos()).ok()?;
    is_forgotten_at(made, now).then_some(made)
}

/// Whether the system shows that no process holds the creator's byte or that of any slot.
fn is_unheld(file: &File) -> bool {
    let slots = (0..MAX_SLOTS).map(lock::slot_byte);
    slots.chain([lock::CREATOR]).all(|byte| lock::held(file, byte) == Some(false))
}

/// When a board ended, as far as its bytes show; `None` while it is not over, or if nothing proves that it is.
fn over_since(path: &Path, now: Now) -> Option<i64> {
    let segment = segment::open_read(path).ok()?;
    over(&segment, now)
}

fn over(segment: &Segment, now: Now) -> Option<i64> {
    let facts = segment.facts();
    if facts.is_dump() {
        return None; // A dump was written on request and belongs to the user.
    }
    let file = segment.lock_file()?;
    // A held byte is life in any boot: two machines may share the directory. The creator's byte is free only if the
    // creator has dropped the board or is dead.
    let free = |byte| lock::held(file, byte) == Some(false);
    if !free(lock::CREATOR) || !(0..facts.slot_count).all(|slot| free(lock::slot_byte(slot))) {
        return None;
    }
    let mut scripts = (0..facts.slot_count).filter_map(|slot| slot::kept_for(segment, slot)).chain(script_of(segment));
    let over = scripts.all(|script| match process::runs(script, facts.boot_id) {
        Some(runs) => !runs,
        // A script of another namespace or boot cannot be looked up by its number: the age of its board decides, unless
        // `/proc` shows the script.
        None => is_forgotten(segment, now) && !contained::is_shown_here(script),
    });
    over.then(|| last_sign_of_life(segment))
}

/// The script that the board was made for, which holds no lock, until it closes the board.
fn script_of(segment: &Segment) -> Option<ProcessMark> {
    let facts = segment.facts();
    let at_work = facts.compatible & CREATOR_HOLDS_NO_LOCK != 0 && !stamp::is_closed(&segment.header().closed);
    at_work.then(|| ProcessMark::of_creator(facts))
}

/// Whether nothing was written to the board for a day. Within one boot that is a day on the clock of its beats, which
/// no step of the wall clock moves and which stands still while the machine sleeps. The clock of another time namespace
/// means nothing here: such a board stays until the boot is over.
fn is_forgotten(segment: &Segment, now: Now) -> bool {
    let facts = segment.facts();
    if facts.boot_id != process::boot_id() {
        return is_forgotten_at(last_sign_of_life(segment), now);
    }
    let last_ns = facts.created_at_ns.saturating_add(last_beat_ns(segment));
    process::shares_clock(ProcessMark::of_creator(facts)) && now.shared_ns.saturating_sub(last_ns) > FORGOTTEN_AFTER_NS
}

/// As [`is_forgotten`], by the wall clock: for boards of another boot.
fn is_forgotten_at(unix_ns: i64, now: Now) -> bool {
    now.unix_ns.saturating_sub(unix_ns) > FORGOTTEN_AFTER_NS.cast_signed()
}

/// When a board was closed; if it never was, when a writer last beat, or when it was made.
fn last_sign_of_life(segment: &Segment) -> i64 {
    if let Some(closed) = stamp::closed_at(segment.header()).map(u64::cast_signed).filter(|at| *at > 0) {
        return closed;
    }
    segment.facts().created_unix_ns.saturating_add(last_beat_ns(segment).cast_signed())
}

/// When any writer last beat, in nanoseconds since the board's creation.
fn last_beat_ns(segment: &Segment) -> u64 {
    let beaten = |slot| segment.beat(slot).map_or(0, |word| Beat::from_word(word.load(Ordering::Relaxed)).beaten);
    let latest = (0..segment.facts().slot_count).map(beaten).max().unwrap_or(0);
    u64::from(latest) * BEAT_UNIT_NS
}

/// Whether the file's name begins with a dot: it is a board that is still being made.
fn hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Plain files that are boards by name or by their first bytes, in no particular order. Does not attach any of them.
///
/// # Errors
/// When the directory cannot be read.
pub fn board_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let is_board = |path: &Path| {
        !hidden(path) && (path.extension().is_some_and(|extension| extension == "board") || begins_like_a_board(path))
    };
    Ok(plain_files(directory)?.into_iter().filter(|path| is_board(path)).collect())
}

fn begins_like_a_board(path: &Path) -> bool {
    first_bytes(path).is_some_and(|(read, first)| read == 8 && u64::from_le_bytes(first) == MAGIC)
}

/// Files left behind by processes that were killed in the middle of making a board.
fn temporary_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let temporary = |path: &Path| {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        name.starts_with(b".") && name.ends_with(b".making") && left_half_made(path)
    };
    Ok(plain_files(directory)?.into_iter().filter(|path| temporary(path)).collect())
}

/// Whether the file is the beginning of a board, and so old that no process is still making it.
fn left_half_made(path: &Path) -> bool {
    let modified = fs::symlink_metadata(path).and_then(|data| data.modified());
    let age = modified.ok().and_then(|modified| SystemTime::now().duration_since(modified).ok());
    age.is_some_and(|age| age > TEMPORARY_AGE) && begins_like_a_board_or_empty(path)
}

fn begins_like_a_board_or_empty(path: &Path) -> bool {
    first_bytes(path).is_some_and(|(read, first)| read == 0 || matches!(u64::from_le_bytes(first), 0 | MAGIC))
}

/// Read the first bytes of a plain file, at most 8, and count them. A link or a pipe that replaced the file since the
/// directory was read is neither followed nor waited for.
fn first_bytes(path: &Path) -> Option<(usize, [u8; 8])> {
    let mut first = [0; 8];
    let read = segment::plain_file(path, false).ok()?.0.read(&mut first).ok()?;
    Some((read, first))
}

fn plain_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let plain = |entry: fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_file()).then(|| entry.path());
    Ok(entries.flatten().filter_map(plain).collect())
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
