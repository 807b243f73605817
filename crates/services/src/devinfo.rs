//! Servers that other programs run, as their `.devinfo` files name them: one in each direct subfolder of a folder, or a
//! single file.
//!
//! A file names a server; its process and its address show whether it still runs. Nothing here ends a process.

mod file;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use file::DevInfoFile;
use jiff::Timestamp;
pub use watch::{LOOK_PAUSE, ServerPresenceWatch};

use crate::builds::stamp::Stamp;

/// All these files have this name.
pub const DEVINFO: &str = ".devinfo";
/// Pause between two checks of a process and its address.
pub const CHECK_PAUSE: Duration = Duration::from_secs(2);
/// A file that is invalid for this long is not being written any more.
const WRITING: Duration = Duration::from_secs(1);

/// A server that another program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalServer {
    /// Its file.
    pub info: DevInfoFile,
    /// Its process was there and its address accepted connections at the last look.
    pub connected: bool,
    /// When that was.
    pub last_checked: Timestamp,
}

/// A change among the servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalServerChange {
    /// A server has come.
    Connected {
        /// Its id.
        id: String,
        /// Its file.
        info: DevInfoFile,
    },
    /// A server has gone.
    Disconnected {
        /// Its id.
        id: String,
    },
}

/// The servers of some files.
#[derive(Debug)]
pub struct Externals {
    place: DevInfoLocation,
    files: BTreeMap<PathBuf, TrackedDevInfoFile>,
}

/// The place of the files.
#[derive(Debug)]
enum DevInfoLocation {
    /// The direct subfolders of this folder.
    Below(PathBuf),
    /// This one file.
    File(PathBuf),
}

/// A file that was found.
#[derive(Debug)]
struct TrackedDevInfoFile {
    stamp: Stamp,
    state: DevInfoFileState,
}

#[derive(Debug)]
enum DevInfoFileState {
    /// It has been incomplete or wrong since this time. `why` names the mistake once that has lasted too long to be a
    /// write under way.
    Invalid { since: Instant, why: Option<String> },
    /// The server's id and connection, and when to check it next. Since `doubt` the file has been incomplete, probably
    /// because it is being written.
    Valid { id: String, connection: ExternalServer, next: Instant, doubt: Option<Instant> },
}

impl Externals {
    /// Track the servers below this folder; the first [`refresh`](Self::refresh) finds them.
    pub fn below(folder: &Path) -> Self {
        Self { place: DevInfoLocation::Below(folder.to_owned()), files: BTreeMap::new() }
    }

    /// Track the server of this file; the first [`refresh`](Self::refresh) finds it.
    pub fn of_file(path: &Path) -> Self {
        Self { place: DevInfoLocation::File(path.to_owned()), files: BTreeMap::new() }
    }

    /// Check all files, and the servers whose last check is old enough.
    pub fn refresh(&mut self, now: Instant) -> Vec<ExternalServerChange> {
        let mut changes = Vec::new();
        let there = match &self.place {
            DevInfoLocation::Below(folder) => devinfo_files(folder),
            DevInfoLocation::File(path) => {
                let there = fs::metadata(path).ok().filter(fs::Metadata::is_file);
                there.map(|there| (path.clone(), Stamp::from_metadata(&there))).into_iter().collect()
            }
        };
        let gone: Vec<PathBuf> = self.files.keys().filter(|path| !there.contains_key(*path)).cloned().collect();
        for path in gone {
            self.forget(&path, &mut changes);
        }
        for (path, stamp) in there {
            self.read_if_changed(&path, stamp, now, &mut changes);
        }
        self.check(now, &mut changes);
        changes
    }

    /// Forget all servers; those that were connected are disconnected.
    pub fn end(&mut self) -> Vec<ExternalServerChange> {
        let mut changes = Vec::new();
        for path in self.files.keys().cloned().collect::<Vec<_>>() {
            self.forget(&path, &mut changes);
        }
        changes
    }

    /// Find the server with this id, connected or not.
    pub fn get(&self, id: &str) -> Option<&ExternalServer> {
        self.all().find(|(known, _)| *known == id).map(|(_, connection)| connection)
    }

    /// All servers with their ids.
    pub fn all(&self) -> impl Iterator<Item = (&str, &ExternalServer)> {
        self.files.values().filter_map(|known| match &known.state {
            DevInfoFileState::Valid { id, connection, .. } => Some((id.as_str(), connection)),
            DevInfoFileState::Invalid { .. } => None,
        })
    }

    /// List the files that don't describe a server, each with the mistake in it.
    pub fn invalid(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.files.iter().filter_map(|(path, known)| match &known.state {
            DevInfoFileState::Invalid { why: Some(why), .. } => Some((path.as_path(), why.as_str())),
            _ => None,
        })
    }

    fn forget(&mut self, path: &Path, changes: &mut Vec<ExternalServerChange>) {
        if let Some(TrackedDevInfoFile { state: DevInfoFileState::Valid { id, connection, .. }, .. }) =
            self.files.remove(path)
            && connection.connected
        {
            changes.push(ExternalServerChange::Disconnected { id });
        }
    }

    /// Read a file that is new or was written, or that was invalid before.
    fn read_if_changed(&mut self, path: &Path, stamp: Stamp, now: Instant, changes: &mut Vec<ExternalServerChange>) {
        let since = match self.files.get(path) {
            Some(known) if known.stamp == stamp => match &known.state {
                DevInfoFileState::Valid { doubt: None, .. } | DevInfoFileState::Invalid { why: Some(_), .. } => return,
                DevInfoFileState::Valid { doubt: Some(since), .. } | DevInfoFileState::Invalid { since, .. } => *since,
            },
            _ => now,
        };
        match self.read(path) {
            Ok((id, info)) => self.record_valid(path, stamp, id, info, now, changes),
            Err(why) => self.doubt(path, stamp, since, why, now, changes),
        }
    }

    /// Record an incomplete file. A known server stays known until it is clear that the file is not just being written.
    fn doubt(
        &mut self,
        path: &Path,
        at: Stamp,
        since: Instant,
        why: String,
        now: Instant,
        changes: &mut Vec<ExternalServerChange>,
    ) {
        let late = now.saturating_duration_since(since) >= WRITING;
        if let Some(TrackedDevInfoFile { stamp, state: DevInfoFileState::Valid { doubt, .. } }) =
            self.files.get_mut(path)
            && !late
        {
            (*stamp, *doubt) = (at, Some(since));
            return;
        }
        self.forget(path, changes);
        let why = Some(why).filter(|_| late);
        self.files
            .insert(path.to_owned(), TrackedDevInfoFile { stamp: at, state: DevInfoFileState::Invalid { since, why } });
    }

    /// Record a complete file.
    fn record_valid(
        &mut self,
        path: &Path,
        stamp: Stamp,
        id: String,
        info: DevInfoFile,
        now: Instant,
        changes: &mut Vec<ExternalServerChange>,
    ) {
        // The same process under the same id goes on: only its description is new.
        let connected = match self.files.get(path).map(|known| &known.state) {
            Some(DevInfoFileState::Valid { id: before, connection, .. }) => {
                *before == id && connection.info.pid == info.pid && connection.connected
            }
            _ => false,
        };
        if !connected {
            self.forget(path, changes);
        }
        let connection = ExternalServer { info, connected, last_checked: Timestamp::UNIX_EPOCH };
        let state = DevInfoFileState::Valid { id, connection, next: now, doubt: None };
        self.files.insert(path.to_owned(), TrackedDevInfoFile { stamp, state });
    }

    /// Read the id and the content of a file, or else the mistake in it.
    fn read(&self, path: &Path) -> Result<(String, DevInfoFile), String> {
        let info = DevInfoFile::read(path)?;
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        let id = if info.plugin_id.is_empty() { folder } else { info.plugin_id.clone() };
        let other = self.files.iter().find(|(other, known)| {
            *other != path && matches!(&known.state, DevInfoFileState::Valid { id: taken, .. } if *taken == id)
        });
        match other {
            Some((other, _)) => Err(format!("`{}` names `{id}`, too", other.display())),
            None => Ok((id, info)),
        }
    }

    fn check(&mut self, now: Instant, changes: &mut Vec<ExternalServerChange>) {
        for known in self.files.values_mut() {
            let DevInfoFileState::Valid { id, connection, next, .. } = &mut known.state else { continue };
            if now < *next {
                continue;
            }
            let (before, alive) = (connection.connected, connection.info.is_alive());
            (connection.connected, connection.last_checked) = (alive, Timestamp::now());
            *next = now + CHECK_PAUSE;
            match (before, alive) {
                (false, true) => {
                    changes.push(ExternalServerChange::Connected { id: id.clone(), info: connection.info.clone() })
                }
                (true, false) => changes.push(ExternalServerChange::Disconnected { id: id.clone() }),
                _ => {}
            }
        }
    }
}

/// Find the files in the direct subfolders. A link that leads in a circle is ignored.
fn devinfo_files(folder: &Path) -> BTreeMap<PathBuf, Stamp> {
    let mut seen = BTreeSet::new();
    let mut found = BTreeMap::new();
    let mut subfolders: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    subfolders.sort();
    for subfolder in subfolders {
        let path = subfolder.join(DEVINFO);
        let Ok(there) = fs::metadata(&path) else { continue };
        // A folder that is reached by two names counts once.
        let different = fs::canonicalize(&path).is_ok_and(|own| seen.insert(own));
        if there.is_file() && different {
            found.insert(path, Stamp::from_metadata(&there));
        }
    }
    found
}

#[cfg(test)]
mod tests;
