//! The runtime directory: the place of the boards.
//!
//! Boards are mapped, and a mapped file on a disk stalls its writers while the kernel writes it back, so directories in
//! memory are preferred. A directory that belongs to another user, or that others can access, is refused: a board there
//! could be replaced while it is read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::user::user_home;
use crate::system::variables::ClientVariables;
use crate::trouble::{Explain, TroubleKind};

/// A board's path goes into messages and socket addresses, which hold about a hundred bytes.
const MAX_PATH_BYTES: usize = 99;
/// The longest name of a board's file.
const BOARD_NAME_BYTES: usize = "vx-install-4294967295.99.board".len() + 1;

/// The problem with a directory that others may access.
const OPEN: &str = "is open to other users; its mode must be 0700";

/// Why there is no directory for boards.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The directory is not safe to use, or its path is too long.
    #[error("the runtime directory `{}` {problem}", path.display())]
    Unsafe {
        /// The directory.
        path: PathBuf,
        /// The problem, as the end of a sentence.
        problem: &'static str,
    },
    /// Its path is not UTF-8, so the document that configures an install could not name a board in it.
    #[error("the runtime directory `{}` has a path that is not UTF-8", path.display())]
    NotUtf8 {
        /// The directory.
        path: PathBuf,
    },
    /// The directory cannot be made or read.
    #[error("cannot use the runtime directory `{}`: {error}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// No variable names a directory, and the user has no home directory.
    #[error("there is no place for progress boards: VX_RUNTIME_DIR, XDG_RUNTIME_DIR and HOME are not set")]
    None,
}

impl RuntimeError {
    /// Returns whether the user has chosen a directory that must not be used. Then the command fails; vx doesn't choose
    /// another directory, or do without.
    pub fn is_bad_choice(&self) -> bool {
        matches!(self, Self::Unsafe { .. } | Self::NotUtf8 { .. }) && asked_for().is_some()
    }
}

impl Explain for RuntimeError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Io { .. } => TroubleKind::Disk,
            Self::Unsafe { .. } | Self::NotUtf8 { .. } | Self::None => TroubleKind::Configuration,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotUtf8 { .. } => "set VX_RUNTIME_DIR to a directory whose whole path is UTF-8".into(),
            Self::Unsafe { path, problem: OPEN } => {
                format!("`chmod 700 '{}'`, or set VX_RUNTIME_DIR to another directory of your own", path.display())
            }
            _ => "set VX_RUNTIME_DIR to a short path of a directory that only you can write to".into(),
        })
    }
}

/// The directory for boards, made if it is missing, with mode 0700: `$VX_RUNTIME_DIR`, else `$XDG_RUNTIME_DIR/vx`, else
/// on Linux `/dev/shm/vx-<uid>`, else `~/.local/state/vx/run`. Never `$TMPDIR`.
pub fn runtime_directory() -> Result<PathBuf, RuntimeError> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(asked) = set("VX_RUNTIME_DIR") {
        let path = std::path::absolute(&asked).unwrap_or(asked);
        return prepare(&path);
    }
    let mut first_error = None;
    for path in candidates(set("XDG_RUNTIME_DIR")) {
        match prepare(&path) {
            Ok(path) => return Ok(path),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or(RuntimeError::None))
}

/// Directories for a board that cannot be made in `full`, the best first, each made if it is missing; the last is in
/// the home. Empty if `VX_RUNTIME_DIR` is set, since only that directory may be used then.
pub fn spare_directories(full: Option<&Path>, home: &Path) -> Vec<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if set("VX_RUNTIME_DIR").is_some() {
        return Vec::new();
    }
    let all = candidates(set("XDG_RUNTIME_DIR")).into_iter().chain([home.join("run")]);
    all.filter(|path| Some(path.as_path()) != full).filter_map(|path| prepare(&path).ok()).collect()
}

/// Every directory in which a board of this user can be, the most likely first: existing directories that only this
/// user can access, except links. Sessions differ in their variables, so the directory of another session is included,
/// and the spare one below `home`. If `VX_RUNTIME_DIR` is set, only that directory.
pub fn known_directories(home: Option<&Path>) -> Vec<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let all = match set("VX_RUNTIME_DIR") {
        Some(asked) => vec![std::path::absolute(&asked).unwrap_or(asked)],
        None => {
            let own = candidates(set("XDG_RUNTIME_DIR")).into_iter();
            let spare = home.map(|home| home.join("run"));
            own.chain(candidates(other_session())).chain(spare).collect()
        }
    };
    let mut known: Vec<PathBuf> = Vec::new();
    for path in all {
        if !known.contains(&path) && speakable(&path).and_then(|()| check(&path)).is_ok() {
            known.push(path);
        }
    }
    known
}

/// The usual `XDG_RUNTIME_DIR` of this user's sessions, for a process outside of them.
fn other_session() -> Option<PathBuf> {
    #[cfg(target_os = "linux")]
    return Some(PathBuf::from(format!("/run/user/{}", rustix::process::getuid().as_raw())));
    #[cfg(not(target_os = "linux"))]
    None
}

/// Returns whether this program may act on the boards in this directory: any directory, or if `VX_RUNTIME_DIR` is set,
/// only the one that it names.
pub fn is_asked_for(directory: &Path) -> bool {
    asked_for().is_none_or(|asked| std::path::absolute(&asked).unwrap_or(asked) == directory)
}

/// Finds the directory that [`runtime_directory`] would return, without changes; `None` if it would make one.
pub fn find_runtime_directory() -> Result<Option<PathBuf>, RuntimeError> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let candidates = match set("VX_RUNTIME_DIR") {
        Some(asked) => vec![std::path::absolute(&asked).unwrap_or(asked)],
        None => candidates(set("XDG_RUNTIME_DIR")),
    };
    let mut first_error = None;
    for path in candidates {
        match speakable(&path).and_then(|()| check(&path)) {
            Ok(()) => return Ok(Some(path)),
            Err(RuntimeError::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or(RuntimeError::None))
}

fn candidates(session: Option<PathBuf>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    if let Some(session) = session.filter(|session| check(session).is_ok()) {
        found.push(session.join("vx"));
    }
    #[cfg(target_os = "linux")]
    if Path::new("/dev/shm").is_dir() {
        found.push(PathBuf::from(format!("/dev/shm/vx-{}", rustix::process::getuid().as_raw())));
    }
    if let Some(home) = user_home(&ClientVariables::here()).filter(|home| home.is_absolute()) {
        found.push(home.join(".local").join("state").join("vx").join("run"));
    }
    found
}

/// The directory that `VX_RUNTIME_DIR` names.
fn asked_for() -> Option<PathBuf> {
    std::env::var_os("VX_RUNTIME_DIR").filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Make the directory if it is missing, and check that only this user can access it.
fn prepare(path: &Path) -> Result<PathBuf, RuntimeError> {
    let failed = |error| RuntimeError::Io { path: path.to_owned(), error };
    speakable(path)?;
    match make(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    check(path)?;
    Ok(path.to_owned())
}

/// Check that messages, documents and socket addresses can hold the path of a board in the directory.
fn speakable(path: &Path) -> Result<(), RuntimeError> {
    if path.to_str().is_none() {
        return Err(RuntimeError::NotUtf8 { path: path.to_owned() });
    }
    if path.as_os_str().len() + 1 + BOARD_NAME_BYTES > MAX_PATH_BYTES {
        return Err(RuntimeError::Unsafe { path: path.to_owned(), problem: "has too long a path" });
    }
    Ok(())
}

fn make(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
        builder.recursive(true).create(parent)?;
        builder.recursive(false);
    }
    builder.create(path)
}

#[cfg(unix)]
fn check(path: &Path) -> Result<(), RuntimeError> {
    use std::os::unix::fs::MetadataExt;
    let failed = |error| RuntimeError::Io { path: path.to_owned(), error };
    let refused = |problem| RuntimeError::Unsafe { path: path.to_owned(), problem };
    let metadata = fs::symlink_metadata(path).map_err(failed)?;
    if !metadata.is_dir() {
        return Err(refused("is not a directory (links are not followed)"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused("belongs to another user"));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(refused(OPEN));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check(path: &Path) -> Result<(), RuntimeError> {
    match path.is_dir() {
        true => Ok(()),
        false => Err(RuntimeError::Unsafe { path: path.to_owned(), problem: "is not a directory" }),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_missing_directory_is_made_for_this_user_alone() {
        let parent = tempfile::tempdir_in("/tmp").expect("a directory");
        let path = parent.path().join("a").join("b");
        prepare(&path).expect("it is made");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o700);
        prepare(&path).expect("it is found again");
    }

    fn refused(path: &Path, why: &str) {
        match prepare(path) {
            Err(RuntimeError::Unsafe { problem, .. }) => {
                assert!(problem.contains(why), "{}: {problem}", path.display())
            }
            other => panic!("{}: {other:?}", path.display()),
        }
    }

    #[test]
    fn a_directory_that_others_may_read_or_write_is_refused_and_left_as_it_is() {
        let parent = tempfile::tempdir_in("/tmp").expect("a directory");
        let open = parent.path().join("open");
        fs::create_dir(&open).expect("a directory");
        for mode in [0o777, 0o1777, 0o755, 0o770, 0o702, 0o720, 0o701, 0o710] {
            fs::set_permissions(&open, fs::Permissions::from_mode(mode)).expect("its own directory");
            refused(&open, "open to other users");
            assert_eq!(fs::metadata(&open).expect("it is there").permissions().mode() & 0o7777, mode);
        }
    }

    #[test]
    fn another_users_directory_is_refused_however_closed_it_is() {
        let parent = tempfile::tempdir_in("/tmp").expect("a directory");
        let foreign = parent.path().join("foreign");
        fs::create_dir(&foreign).expect("a directory");
        fs::set_permissions(&foreign, fs::Permissions::from_mode(0o700)).expect("its own directory");
        if !rustix::process::geteuid().is_root() {
            let _ = io::Write::write_all(&mut io::stderr(), b"skipped: only root can give a directory away\n");
            return;
        }
        std::os::unix::fs::chown(&foreign, Some(65_534), None).expect("root may");
        refused(&foreign, "another user");
        assert!(!candidates(Some(foreign)).iter().any(|path| path.starts_with(parent.path())), "nor is it made use of");
    }

    #[test]
    fn what_is_no_directory_is_refused_and_no_link_is_followed() {
        let parent = tempfile::tempdir_in("/tmp").expect("a directory");
        let at = |name: &str| parent.path().join(name);
        symlink(parent.path(), at("link")).expect("a link");
        symlink(at("nowhere"), at("dangling")).expect("a link");
        symlink(at("loop"), at("loop")).expect("a link");
        fs::write(at("file"), b"").expect("a file");
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a pipe");
        for name in ["link", "dangling", "loop", "file", "pipe"] {
            refused(&at(name), "not a directory");
        }
        assert!(!at("nowhere").exists(), "nothing is made behind a link");
        refused(&at(&"x".repeat(100)), "too long");
    }

    #[test]
    fn a_directory_whose_path_is_no_text_is_refused_and_not_made() {
        let parent = tempfile::tempdir_in("/tmp").expect("a directory");
        let path = parent.path().join(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"caf\xe9"));
        let error = prepare(&path).expect_err("no document could name it");
        assert!(matches!(error, RuntimeError::NotUtf8 { .. }), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("UTF-8")) && !path.exists());
    }
}
