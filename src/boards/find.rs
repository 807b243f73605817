//! The boards of this user's runs: finding one by its name, and listing them.
//!
//! A board is named by its parent's process id, its own name, its file, or a dump of it; without a name, the newest
//! board is meant. A script need not name its board, since that is found by its owner, one of the script's callers.

use std::cmp::Reverse;
use std::io;
use std::path::{Path, PathBuf};

use vx_base::nearest::nearest;
use vx_base::paths::{Home, RuntimeError, known_directories, runtime_directory};
use vx_base::trouble::{Explain, TroubleKind};
use vx_project::services::keys_meant;
use vx_shm::recording::RecordingError;
use vx_shm::{AttachError, BoardState, Kind, ListedBoard, ReadError, Reader, SlotView, Snapshot};

use vx_run::board_error::ExplainBoard;
use vx_run::channel::{Mark, board_file_name, earlier_board_file_name};
use vx_run::{collect_boards, project_key};

/// Why a board, a dump or a recording cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// There is no directory for boards.
    #[error(transparent)]
    Directory(#[from] RuntimeError),
    /// The directory cannot be read.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// No board has this name.
    #[error("there is no board `{name}` in `{}`", directory.display())]
    Unknown {
        /// The name.
        name: String,
        /// The directory of the boards.
        directory: PathBuf,
        /// The most similar name of a board.
        near: Option<String>,
    },
    /// There is no board, or none that can be read.
    #[error("there is no board in `{}`", directory.display())]
    Nothing {
        /// The directory of the boards.
        directory: PathBuf,
    },
    /// No board belongs to the calling script.
    #[error("this script has no board")]
    NotMade,
    /// The file is not a board that this version reads.
    #[error(transparent)]
    Attach(#[from] AttachError),
    /// The board was attached and can no longer be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file is not a recording that this version reads.
    #[error(transparent)]
    Recording(#[from] RecordingError),
}

impl Explain for BoardError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Directory(error) => error.kind(),
            Self::Unreadable(_) => TroubleKind::Board,
            Self::Unknown { .. } | Self::Nothing { .. } | Self::NotMade => TroubleKind::NotFound,
            Self::Attach(error) => ExplainBoard::kind(error),
            Self::Read(error) => ExplainBoard::kind(error),
            Self::Recording(error) => ExplainBoard::kind(error),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Directory(error) => return error.hint(),
            Self::Unreadable(_) | Self::Read(_) => return None,
            Self::Unknown { near: Some(near), .. } => format!("did you mean `{near}`? `vx board ls` lists them all"),
            Self::Unknown { near: None, .. } | Self::Attach(_) => "`vx board ls` lists the boards".into(),
            Self::Nothing { .. } => "start `vx sync`, or name a dump to read".into(),
            Self::NotMade => "make one with `vx board create`, or name one (`vx board ls` lists them)".into(),
            Self::Recording(_) => "`vx sync --record FILE` makes one; `vx board ls` lists the boards".into(),
        })
    }
}

/// The directory of the boards, which is created if it is missing.
///
/// # Errors
/// No directory is suitable.
pub fn directory() -> Result<PathBuf, BoardError> {
    Ok(runtime_directory()?)
}

/// The directories to look for boards in: all that exist, or else the usual one, which is created.
///
/// # Errors
/// There is none, and none can be created.
pub fn places() -> Result<Vec<PathBuf>, BoardError> {
    let known = known_places();
    if known.is_empty() { Ok(vec![directory()?]) } else { Ok(known) }
}

fn known_places() -> Vec<PathBuf> {
    let home = Home::from_environment().ok();
    known_directories(home.as_ref().map(Home::root))
}

/// Every board of this user, the newest first; boards that cannot be attached come last.
///
/// # Errors
/// The boards cannot be listed.
pub fn list() -> Result<Vec<ListedBoard>, BoardError> {
    let mut all = Vec::new();
    for place in places()? {
        all.extend(vx_shm::list(&place)?);
    }
    all.sort_by_key(|listed| Reverse(listed.reading.as_ref().map_or(i64::MIN, |seen| seen.board.created_unix_ns)));
    Ok(all)
}

/// The files of this user's boards, in no order, without reading them.
pub fn files() -> Vec<PathBuf> {
    known_places().iter().flat_map(|place| vx_shm::board_files(place).unwrap_or_default()).collect()
}

/// The boards in all existing places, in no order. Creates no directory; a directory that cannot be read counts as
/// empty.
pub(crate) fn list_known() -> Vec<ListedBoard> {
    known_places().iter().flat_map(|place| vx_shm::list(place).unwrap_or_default()).collect()
}

/// The file of the board with this name.
///
/// # Errors
/// No board has the name, or there are no boards.
pub fn find(wanted: Option<&str>) -> Result<PathBuf, BoardError> {
    let Some(wanted) = wanted else { return newest() };
    if wanted.starts_with("shm:") || (Path::new(wanted).components().count() > 1 || Path::new(wanted).is_file()) {
        return Ok(PathBuf::from(wanted));
    }
    let places = places()?;
    let named = [
        board_file_name(wanted),
        earlier_board_file_name(wanted),
        format!("{wanted}.board"),
        format!("{wanted}.vxr"),
        wanted.to_owned(),
    ];
    let mut files = places.iter().flat_map(|place| named.iter().map(move |name| place.join(name)));
    if let Some(found) = files.find(|path| path.is_file()) {
        return Ok(found);
    }
    let known = list()?;
    let names: Vec<String> = known.iter().map(|listed| name(&listed.path)).collect();
    let near = nearest(wanted, names.iter().map(String::as_str)).first().map(|near| (*near).to_owned());
    Err(BoardError::Unknown { name: wanted.to_owned(), directory: first_of(places), near })
}

fn newest() -> Result<PathBuf, BoardError> {
    let readable = list()?.into_iter().find(|listed| listed.reading.is_ok());
    match readable {
        Some(listed) => Ok(listed.path),
        None => Err(BoardError::Nothing { directory: first_of(places()?) }),
    }
}

fn first_of(places: Vec<PathBuf>) -> PathBuf {
    places.into_iter().next().unwrap_or_default()
}

/// The name of the board in this file, as [`find`] accepts it.
pub fn name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The board to show if none is named: the only one with a process at work, or the only one at all. `None` if the user
/// has to choose.
///
/// # Errors
/// The boards cannot be listed.
pub fn only_one() -> Result<Option<PathBuf>, BoardError> {
    let (mut readable, mut running) = (Vec::new(), Vec::new());
    for (path, snapshot) in readable_boards()? {
        let into = if at_work(&snapshot) { &mut running } else { &mut readable };
        into.push(path);
    }
    let mut only = if running.is_empty() { readable } else { running };
    Ok(only.pop().filter(|_| only.is_empty()))
}

/// Every board that can be read, each with a reading, the newest first.
///
/// # Errors
/// The boards cannot be listed.
pub fn readable_boards() -> Result<Vec<(PathBuf, Snapshot)>, BoardError> {
    let readable = |listed: ListedBoard| Some((listed.path, listed.reading.ok()?));
    Ok(list()?.into_iter().filter_map(readable).collect())
}

/// The newest board in the directory `place` whose work is of this kind and for this project, with a reading.
pub fn newest_in(place: &Path, kind: Kind, project: &Path) -> Option<(PathBuf, Snapshot)> {
    let key = project_key(project);
    let is_its = |snapshot: &Snapshot| snapshot.board.kind == Some(kind) && snapshot.board.is_of_project(&key);
    let listed = vx_shm::list(place).unwrap_or_default().into_iter();
    let mut readable = listed.filter_map(|listed| Some((listed.path, listed.reading.ok()?)));
    readable.find(|(_, snapshot)| is_its(snapshot))
}

/// The live processes that made a board and still hold it.
pub fn holders() -> Vec<u32> {
    let held = |listed: ListedBoard| {
        let creator = listed.reading.ok()?.board.creator;
        let held = creator.alive == Some(true) && Reader::open(&listed.path).ok()?.held_by_creator();
        held.then_some(creator.pid)
    };
    list_known().into_iter().filter_map(held).collect()
}

/// The file of the board with work of this key: the newest live board that has it, else the newest board of all.
///
/// # Errors
/// There are no boards, or they cannot be listed.
pub fn with_key(key: &str) -> Result<PathBuf, BoardError> {
    let found = readable_boards()?.into_iter().find(|(_, snapshot)| at_work(snapshot) && has(snapshot, key));
    found.map_or_else(newest, |(path, _)| Ok(path))
}

/// The file of the newest board with work of this key, live or not; `None` if no board has it.
///
/// # Errors
/// The boards cannot be listed.
pub fn last_with_key(key: &str) -> Result<Option<PathBuf>, BoardError> {
    Ok(readable_boards()?.into_iter().find(|(_, snapshot)| has(snapshot, key)).map(|(path, _)| path))
}

fn has(snapshot: &Snapshot, key: &str) -> bool {
    !keys_meant(key, |key| snapshot.slots.iter().any(|slot| slot.has_key(key))).is_empty()
}

/// The slot with this key: one that has not ended, else the one that ended last.
pub fn slot_of<'s>(snapshot: &'s Snapshot, key: &str) -> Option<&'s SlotView> {
    let with_key = snapshot.slots.iter().filter(|slot| slot.has_key(key));
    with_key.max_by_key(|slot| (!slot.state.ended(), slot.ended_at_ns))
}

/// Whether a board is live: still open, and its creator alive.
pub(super) fn at_work(snapshot: &Snapshot) -> bool {
    snapshot.board.state == BoardState::Running && snapshot.board.creator.alive == Some(true)
}

/// The file of the board that a script of these processes writes to: the named one, else that of `VX_BOARD`, else the
/// board with their slot of this key, else the newest board made by the nearest of the processes, preferably one that
/// is not closed. If a run has set `VX_BOARD` for the processes it started, `VX_BOARD` comes last, since a board that
/// the script made itself is nearer.
///
/// # Errors
/// The named board does not exist, or no board belongs to the processes.
pub fn find_own(wanted: Option<&str>, key: Option<&str>, owners: &[u32]) -> Result<PathBuf, BoardError> {
    let of_environment = std::env::var(Mark::BOARD).ok();
    let mark = Mark::own().filter(Mark::is_whole);
    let wanted = wanted.or(of_environment.as_deref().filter(|_| mark.is_none()));
    if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) {
        return find(Some(wanted));
    }
    let found = of_processes(&readable_boards()?, key, owners);
    found.or_else(|| mark.map(|mark| mark.board().to_owned())).ok_or(BoardError::NotMade)
}

/// The file of the board of these processes, among boards in the order of their age, the newest first.
pub(crate) fn of_processes(boards: &[(PathBuf, Snapshot)], key: Option<&str>, owners: &[u32]) -> Option<PathBuf> {
    let own = |slot: &SlotView| {
        key.is_some_and(|key| slot.has_key(key))
            && !slot.state.ended()
            && slot.pid.is_some_and(|pid| owners.contains(&pid))
    };
    let with_slot = boards.iter().find(|(_, snapshot)| snapshot.slots.iter().any(own));
    let made_by = |owner: &u32, running: bool| {
        boards.iter().find(|(_, Snapshot { board, .. })| {
            let fits = !running || board.state == BoardState::Running;
            fits && board.creator.pid == *owner && board.creator.alive == Some(true)
        })
    };
    let made = |running| owners.iter().find_map(|owner| made_by(owner, running));
    with_slot.or_else(|| made(true)).or_else(|| made(false)).map(|(path, _)| path.clone())
}

/// Open the board with this name for reading.
///
/// # Errors
/// There is no such board, or it cannot be attached.
pub fn open(wanted: Option<&str>) -> Result<Reader, BoardError> {
    open_file(&find(wanted)?)
}

/// Open the board in this file for reading.
///
/// # Errors
/// It cannot be attached.
pub fn open_file(path: &Path) -> Result<Reader, BoardError> {
    Ok(Reader::open(path)?)
}

/// Remove old boards of ended runs and old recordings, wherever boards can be; returns the removed files.
///
/// # Errors
/// A directory cannot be read.
pub fn collect() -> Result<Vec<PathBuf>, BoardError> {
    let mut removed = Vec::new();
    for place in places()? {
        removed.extend(collect_boards(&place)?);
    }
    Ok(removed)
}
