//! Finding a board by what a person calls it: a process id, a name, a file, a dump, or nothing for the newest; and by
//! whose it is, for who writes to one.

use std::path::{Path, PathBuf};

use vx_shm::{BoardState, Reader, SlotView, Snapshot};

use super::failure::{FAILED, Failure};
use crate::channel::board_file_name;
use crate::hint::nearest;
use crate::paths::runtime_directory;

/// The file of the board that is meant.
pub(super) fn find(wanted: Option<&str>) -> Result<PathBuf, Failure> {
    let Some(wanted) = wanted else { return newest() };
    if wanted.starts_with("shm:") || (Path::new(wanted).components().count() > 1 || Path::new(wanted).is_file()) {
        return Ok(PathBuf::from(wanted));
    }
    let directory = runtime_directory().map_err(|error| Failure::hinted(FAILED, &error))?;
    let named = [board_file_name(wanted), format!("{wanted}.board"), format!("{wanted}.vxr"), wanted.to_owned()];
    if let Some(found) = named.iter().map(|name| directory.join(name)).find(|path| path.is_file()) {
        return Ok(found);
    }
    let known = vx_shm::list(&directory)?;
    let stems: Vec<String> =
        known.iter().filter_map(|listed| listed.path.file_stem()?.to_str().map(str::to_owned)).collect();
    let near = nearest(wanted, stems.iter().map(String::as_str));
    let failure = Failure::failed(format!("there is no board `{wanted}` in `{}`", directory.display()));
    Err(failure.hint(match near.first() {
        Some(near) => format!("did you mean `{near}`? `vx board ls` lists them all"),
        None => "`vx board ls` lists the boards there are".into(),
    }))
}

fn newest() -> Result<PathBuf, Failure> {
    let directory = runtime_directory().map_err(|error| Failure::hinted(FAILED, &error))?;
    let listed = vx_shm::list(&directory)?;
    listed.into_iter().find(|listed| listed.reading.is_ok()).map(|listed| listed.path).ok_or_else(|| {
        Failure::failed(format!("there is no board in `{}`", directory.display()))
            .hint("start `vx sync`, or name a dump to read")
    })
}

/// The file of the board that a script of these processes writes to: the one that is named, else the one with its slot of
/// this key, else the newest that the nearest of them has made, one that is not closed first.
pub(super) fn to_write(wanted: Option<&str>, key: Option<&str>, owners: &[u32]) -> Result<PathBuf, Failure> {
    if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) {
        return find(Some(wanted));
    }
    let directory = runtime_directory().map_err(|error| Failure::hinted(FAILED, &error))?;
    let listed = vx_shm::list(&directory)?;
    let read = || listed.iter().filter_map(|listed| Some((&listed.path, listed.reading.as_ref().ok()?)));
    let own = |slot: &SlotView| {
        key == Some(&slot.key) && !slot.state.ended() && slot.pid.is_some_and(|pid| owners.contains(&pid))
    };
    let with_slot = read().find(|(_, snapshot)| snapshot.slots.iter().any(own));
    let made_by = |owner: &u32, running: bool| {
        read().find(|(_, Snapshot { board, .. })| {
            let fits = !running || board.state == BoardState::Running;
            fits && board.creator.pid == *owner && board.creator.alive == Some(true)
        })
    };
    let made = |running| owners.iter().find_map(|owner| made_by(owner, running));
    let found = with_slot.or_else(|| made(true)).or_else(|| made(false));
    found.map(|(path, _)| path.clone()).ok_or_else(|| {
        Failure::failed("this script has no board")
            .hint("make one with `vx board create`, or name one with `--board` (`vx board ls` lists them)")
    })
}

/// Open the board that is meant for reading.
pub(super) fn open(wanted: Option<&str>) -> Result<(PathBuf, Reader), Failure> {
    let path = find(wanted)?;
    let reader = open_at(&path)?;
    Ok((path, reader))
}

/// Open the board in this file for reading.
pub(super) fn open_at(path: &Path) -> Result<Reader, Failure> {
    Reader::open(path).map_err(|error| Failure::failed(error).hint("`vx board ls` lists the boards there are"))
}
