//! Listening at a path: the lock of the listening process, sockets left by dead processes, and the user of a peer.
//!
//! The lock is a file beside the socket, and is released when its process ends. Only its holder may remove a stale
//! socket, so no process ever removes the socket of a living one.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use vx_base::files::file_lock::{FileLock, is_free};

use super::socket_path::{PlaceError, check_directory};

/// The number of tries to take the lock, and the time between them.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// Why a process can't listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The socket's directory is not safe.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Another process listens there.
    #[error("another process holds `{}`", .0.display())]
    Taken(PathBuf),
    /// A file, a directory or a link has the name of the socket.
    #[error("something other than a socket is at `{}`", .0.display())]
    InTheWay(PathBuf),
    /// The system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A socket that this process listens on; removed on drop.
#[derive(Debug)]
pub(super) struct Listening {
    pub listener: UnixListener,
    path: PathBuf,
    /// Released after the socket has been removed.
    _lock: FileLock,
}

impl Listening {
    /// Listen at this path.
    pub(super) fn bind(path: &Path) -> Result<Self, ListenError> {
        check_directory(path)?;
        let lock = acquire_lock(&lock_of(path))?.ok_or_else(|| ListenError::Taken(path.to_owned()))?;
        if !remove_socket(path)? {
            return Err(ListenError::InTheWay(path.to_owned()));
        }
        let listener = UnixListener::bind(path)?;
        // Until then, the mode of the directory excludes others.
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, path: path.to_owned(), _lock: lock })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = remove_socket(&self.path);
    }
}

/// Take this lock. Several tries, because a process that looks for stale sockets holds it for a moment.
fn acquire_lock(lock: &Path) -> io::Result<Option<FileLock>> {
    for _ in 0..TRIES {
        if let Some(taken) = FileLock::try_acquire(lock)? {
            return Ok(Some(taken));
        }
        std::thread::sleep(BETWEEN_TRIES);
    }
    Ok(None)
}

fn lock_of(socket: &Path) -> PathBuf {
    socket.with_extension("sock-lock")
}

/// Remove the socket at this path, and nothing else. Returns whether the path is free.
fn remove_socket(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => fs::remove_file(path).map(|()| true),
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Remove the sockets in this directory whose processes are gone, with their locks.
///
/// # Errors
/// The directory cannot be read.
pub fn remove_stale(directory: &Path) -> io::Result<()> {
    for path in fs::read_dir(directory)?.flatten().map(|entry| entry.path()) {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let socket = match extension {
            Some("sock") => path,
            Some("sock-lock") => path.with_extension("sock"),
            _ => continue,
        };
        if is_free(&lock_of(&socket))
            && let Ok(Some(_lock)) = FileLock::try_acquire(&lock_of(&socket))
        {
            let _ = remove_socket(&socket);
        }
    }
    Ok(())
}

/// Returns whether the process at the other end belongs to this user. On systems that don't report the peer's user, the
/// sockets' directory has to suffice, which only this user can access.
pub(super) fn is_own(stream: &UnixStream) -> bool {
    #[cfg(target_os = "linux")]
    {
        let peer = rustix::net::sockopt::socket_peercred(stream);
        peer.is_ok_and(|peer| peer.uid == rustix::process::geteuid())
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = stream;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private() -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("a directory");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).expect("its mode");
        directory
    }

    fn names(directory: &Path) -> Vec<String> {
        let names = fs::read_dir(directory).expect("it reads").flatten();
        names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn one_process_listens_at_a_place_and_leaves_nothing_there() {
        let directory = private();
        let path = directory.path().join("7.12.sock");
        let first = Listening::bind(&path).expect("it listens");
        let mode = fs::metadata(&path).expect("a socket").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches!(Listening::bind(&path), Err(ListenError::Taken(_))));
        remove_stale(directory.path()).expect("it reads");
        assert!(is_own(&UnixStream::connect(&path).expect("the living one is left")));
        drop(first);
        assert!(names(directory.path()).is_empty());
    }

    #[test]
    fn a_stale_socket_is_taken_over_and_only_a_socket_is_removed() {
        let directory = private();
        let path = directory.path().join("7.12.sock");
        drop(UnixListener::bind(&path).expect("a socket of a process that is gone"));
        drop(Listening::bind(&path).expect("it listens"));
        drop(UnixListener::bind(&path).expect("another one"));
        fs::write(directory.path().join("8.13.sock-lock"), "").expect("a lock without a socket");
        fs::write(directory.path().join("file.sock"), "mine").expect("a file");
        remove_stale(directory.path()).expect("it reads");
        assert_eq!(names(directory.path()), ["file.sock"]);
        assert!(matches!(Listening::bind(&directory.path().join("file.sock")), Err(ListenError::InTheWay(_))));
        assert_eq!(names(directory.path()), ["file.sock"]);
    }
}
