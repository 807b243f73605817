//! The name of a process's socket beside a board, and the checks of its directory.

use std::io;
use std::path::{Path, PathBuf};

use vx_base::digest::Algorithm;

/// The longest path of a socket in bytes, below the limits of all systems: 108 on Linux, 104 on others.
const PATH_BYTES: usize = 100;

/// Why a directory can't be used for a socket.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Other users can reach it, or it is not a directory.
    #[error("the directory `{}` {problem}", path.display())]
    Unsafe {
        /// The directory.
        path: PathBuf,
        /// The problem, as the end of a sentence.
        problem: &'static str,
    },
    /// Its metadata cannot be read.
    #[error("cannot read the directory `{}`: {cause}", path.display())]
    Unreadable {
        /// The directory.
        path: PathBuf,
        /// The cause.
        cause: io::Error,
    },
}

/// The path of a process's socket for the board in this file: `BOARD.PID.sock` beside it, or named by a digest if that
/// path would be too long for a socket.
pub fn socket_of(board: &Path, pid: u32) -> PathBuf {
    let mut name = board.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".{pid}.sock"));
    let path = board.with_file_name(name);
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.len() <= PATH_BYTES {
        return path;
    }
    let mut hasher = Algorithm::Sha256.hasher();
    hasher.update(bytes);
    path.with_file_name(format!("{}.sock", &hasher.finish().hex()[..16]))
}

/// Check that only this user can reach the directory of this file, and return the directory.
///
/// # Errors
/// Others can reach it, or there is no such directory.
#[cfg(unix)]
pub fn check_directory(of: &Path) -> Result<&Path, PlaceError> {
    use std::os::unix::fs::MetadataExt;

    let path = of.parent().unwrap_or(of);
    let wrong = |problem| PlaceError::Unsafe { path: path.to_owned(), problem };
    let found =
        std::fs::symlink_metadata(path).map_err(|cause| PlaceError::Unreadable { path: path.to_owned(), cause })?;
    match found {
        _ if found.is_symlink() => Err(wrong("is a link")),
        _ if !found.is_dir() => Err(wrong("is not a directory")),
        _ if found.uid() != rustix::process::geteuid().as_raw() => Err(wrong("belongs to another user")),
        _ if found.mode() & 0o077 != 0 => Err(wrong("is open to other users")),
        _ => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_too_long_becomes_a_short_one_of_its_own() {
        assert_eq!(socket_of(Path::new("/run/vx/7.board"), 12), Path::new("/run/vx/7.12.sock"));
        let long = PathBuf::from(format!("/run/{}/{}.board", "d".repeat(60), "b".repeat(60)));
        let (one, other) = (socket_of(&long, 1), socket_of(&long, 2));
        assert!(one != other && one.as_os_str().len() <= PATH_BYTES, "{one:?} {other:?}");
        assert_eq!((one.parent(), &one), (long.parent(), &socket_of(&long, 1)));
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_that_others_reach_is_no_place() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let top = tempfile::tempdir().expect("a directory");
        let inside = top.path().join("inside");
        std::fs::create_dir(&inside).expect("a directory");
        for (mode, good) in [(0o700, true), (0o711, false), (0o770, false), (0o777, false)] {
            std::fs::set_permissions(&inside, std::fs::Permissions::from_mode(mode)).expect("its mode");
            assert_eq!(check_directory(&inside.join("x")).is_ok(), good, "{mode:o}");
        }
        std::fs::set_permissions(&inside, std::fs::Permissions::from_mode(0o700)).expect("its mode");
        symlink(&inside, top.path().join("link")).expect("a link");
        assert!(check_directory(&top.path().join("link").join("x")).is_err());
    }
}
