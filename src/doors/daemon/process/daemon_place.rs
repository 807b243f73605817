//! The places of a home's daemon: lock, record and log in the home, the socket in the runtime directory.
//!
//! The daemon holds the lock for life, and only the lock proves that a daemon runs; the process number in the record is
//! just information. Clients read the socket's path from the record, because another session may have another runtime
//! directory.

use std::fs;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use vx_base::digest::Algorithm;
use vx_base::files::file_lock::{FileLock, is_free};
use vx_base::files::replace_file::replace_file;
use vx_base::paths::{Home, find_runtime_directory, runtime_directory};
use vx_rpc::check_directory;

use crate::doors::daemon::error::DaemonError;
use crate::doors::daemon::protocol::PROTOCOL;

/// The longest path of a socket, as everywhere in vx.
const PATH_BYTES: usize = 100;
/// How long to wait for the lock, and the time between two attempts: a client that checks the lock holds it for a
/// moment, and an ending daemon takes a moment to release it.
const PATIENCE: Duration = Duration::from_secs(2);
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// The places of a home's daemon.
#[derive(Clone, Debug)]
pub struct DaemonPlace {
    home: Home,
    directory: PathBuf,
}

/// The record of a daemon that listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::doors::daemon) struct DaemonRecord {
    pub pid: u32,
    /// When it began to listen, in seconds since 1970.
    pub start_time: i64,
    pub socket: PathBuf,
    pub protocol: u32,
}

impl DaemonRecord {
    pub(in crate::doors::daemon) fn of_this_process(socket: &Path) -> Self {
        let start_time = jiff::Timestamp::now().as_second();
        Self { pid: std::process::id(), start_time, socket: socket.to_owned(), protocol: PROTOCOL }
    }
}

impl DaemonPlace {
    /// The places in this home.
    pub fn in_home(home: &Home) -> Self {
        Self { home: home.clone(), directory: home.root().join("run") }
    }

    /// The home.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The daemon's log file.
    pub fn log(&self) -> PathBuf {
        self.directory.join("daemon.log")
    }

    /// Whether a daemon of this home runs.
    pub fn is_held(&self) -> bool {
        !is_free(&self.lock())
    }

    fn lock(&self) -> PathBuf {
        self.directory.join("daemon.lock")
    }

    fn record_file(&self) -> PathBuf {
        self.directory.join("daemon.json")
    }

    /// Make the directory, and check that only this user can reach its contents.
    pub(in crate::doors::daemon) fn prepare(&self) -> Result<(), DaemonError> {
        use std::os::unix::fs::DirBuilderExt;

        let failed = || DaemonError::system(format!("cannot make the directory `{}`", self.directory.display()));
        fs::create_dir_all(self.home.root()).map_err(failed())?;
        match fs::DirBuilder::new().mode(0o700).create(&self.directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed()(error)),
            _ => self.check(),
        }
    }

    fn check(&self) -> Result<(), DaemonError> {
        check_directory(&self.record_file())?;
        Ok(())
    }

    /// Take the lock for life.
    pub(in crate::doors::daemon) fn acquire_lock(&self) -> Result<FileLock, DaemonError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let taken = FileLock::try_acquire(&self.lock());
            if let Some(lock) = taken.map_err(DaemonError::system("cannot lock the place of the daemon"))? {
                return Ok(lock);
            }
            if self.is_listening() || Instant::now() >= deadline {
                return Err(DaemonError::Taken);
            }
            std::thread::sleep(BETWEEN_TRIES);
        }
    }

    /// Whether a process listens where the record says.
    fn is_listening(&self) -> bool {
        self.record().is_ok_and(|record| record.is_some_and(|record| UnixStream::connect(record.socket).is_ok()))
    }

    /// The socket: one for each real home, in the runtime directory.
    pub(in crate::doors::daemon) fn socket(&self) -> Result<PathBuf, DaemonError> {
        self.socket_in(&runtime_directory()?)
    }

    /// The path of the socket, if the runtime directory exists; nothing is created.
    pub fn find_socket(&self) -> Option<PathBuf> {
        self.socket_in(&find_runtime_directory().ok()??).ok()
    }

    fn socket_in(&self, directory: &Path) -> Result<PathBuf, DaemonError> {
        let real = self.home.root().canonicalize().unwrap_or_else(|_| self.home.root().to_owned());
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(real.as_os_str().as_encoded_bytes());
        let path = directory.join(format!("vx-daemon-{}.sock", &hasher.finish().hex()[..8]));
        match path.as_os_str().len() < PATH_BYTES {
            true => Ok(path),
            false => Err(DaemonError::LongPath(path)),
        }
    }

    /// Write the record, in one step.
    pub(in crate::doors::daemon) fn write(&self, record: &DaemonRecord) -> Result<(), DaemonError> {
        let text = serde_json::json!(record).to_string();
        let path = self.record_file();
        let written = replace_file(&path, |file| writeln!(file, "{text}"));
        written.map_err(DaemonError::system(format!("cannot write `{}`", path.display())))
    }

    /// The record; `None` if no daemon has left one.
    pub(in crate::doors::daemon) fn record(&self) -> Result<Option<DaemonRecord>, DaemonError> {
        let path = self.record_file();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(DaemonError::system(format!("cannot read `{}`", path.display()))(error)),
        };
        self.check()?;
        // A record in another version's format counts as missing.
        Ok(serde_json::from_str(&text).ok())
    }

    pub(in crate::doors::daemon) fn remove_record(&self) {
        let _ = fs::remove_file(self.record_file());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_record_is_read_as_it_was_written_and_nonsense_is_none() {
        let home = tempfile::tempdir().expect("a directory");
        let place = DaemonPlace::in_home(&Home::from_root(home.path().to_owned()));
        assert_eq!(place.record().expect("none"), None);
        place.prepare().expect("it is made");
        let record = DaemonRecord::of_this_process(Path::new("/run/x.sock"));
        place.write(&record).expect("it is written");
        assert_eq!(place.record().expect("it is read"), Some(record));
        fs::write(place.record_file(), "{}").expect("it is written");
        assert_eq!(place.record().expect("it is read"), None);
    }

    #[test]
    fn a_directory_that_others_reach_or_a_link_is_refused() {
        let home = tempfile::tempdir().expect("a directory");
        let place = DaemonPlace::in_home(&Home::from_root(home.path().to_owned()));
        place.prepare().expect("it is made");
        place.write(&DaemonRecord::of_this_process(Path::new("/run/x.sock"))).expect("it is written");
        fs::set_permissions(&place.directory, fs::Permissions::from_mode(0o777)).expect("its mode");
        assert!(matches!(place.prepare(), Err(DaemonError::Place(_))));
        assert!(matches!(place.record(), Err(DaemonError::Place(_))), "nor is a record there believed");
        fs::set_permissions(&place.directory, fs::Permissions::from_mode(0o700)).expect("its mode");
        fs::rename(&place.directory, home.path().join("elsewhere")).expect("it is moved");
        symlink(home.path().join("elsewhere"), &place.directory).expect("a link");
        assert!(matches!(place.prepare(), Err(DaemonError::Place(_))));
    }

    #[test]
    fn one_process_holds_the_lock() {
        let home = tempfile::tempdir().expect("a directory");
        let place = DaemonPlace::in_home(&Home::from_root(home.path().to_owned()));
        place.prepare().expect("it is made");
        assert!(!place.is_held());
        let held = place.acquire_lock().expect("it is free");
        assert!(place.is_held() && matches!(place.acquire_lock(), Err(DaemonError::Taken)));
        drop(held);
        assert!(!place.is_held());
    }
}
