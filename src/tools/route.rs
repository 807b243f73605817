//! Routes: the program for each name in a directory, cached so that the next call need not search for it.
//!
//! A route is found by reading the project, its lock and the store, which takes milliseconds. It is cached together
//! with everything it depends on: files with their inode, size and times, including files that did not exist, and
//! variables. While all of that is unchanged, the route is valid, and a call uses it without reading anything else.
//!
//! The launcher that shims are links to reads the same cache; [`mod@format`] is all that both share.

mod cache;
mod draft;
mod stamp;

pub use cache::{keep, shortcut, state};
pub use draft::{Draft, ProgramRoute};
pub use stamp::{FileStampRecorder, StampedFile, stamp, still_holds};
pub use vx_launcher::format;
pub use vx_launcher::format::SESSION;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The search path if none is set.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A program to run, with its variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The file to run.
    pub file: PathBuf,
    /// The variables to set.
    pub variables: Vec<(OsString, OsString)>,
}

/// The search path with these folders in front, unless they are there already, so that programs that start one another
/// do not add them twice.
pub fn search_path(front: &OsStr, path: Option<OsString>) -> OsString {
    let path = path.unwrap_or_else(|| DEFAULT_PATH.into());
    let (head, whole) = (front.as_encoded_bytes(), path.as_encoded_bytes());
    let there = whole.strip_prefix(head).is_some_and(|rest| rest.is_empty() || rest.starts_with(SEPARATOR.as_bytes()));
    if there || head.is_empty() {
        return path;
    }
    let mut joined = front.to_owned();
    joined.push(SEPARATOR);
    joined.push(path);
    joined
}

/// These folders as one search path; empty folders are left out.
pub fn joined<'a>(folders: impl IntoIterator<Item = &'a OsStr>) -> OsString {
    let mut joined = OsString::new();
    for folder in folders.into_iter().filter(|folder| !folder.is_empty()) {
        if !joined.is_empty() {
            joined.push(SEPARATOR);
        }
        joined.push(folder);
    }
    joined
}

/// The separator between the folders of a search path.
const SEPARATOR: &str = if cfg!(windows) { ";" } else { ":" };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_stand_in_front_once() {
        let once = search_path(OsStr::new("/a:/b"), Some("/usr/bin".into()));
        assert_eq!(once, "/a:/b:/usr/bin");
        assert_eq!(search_path(OsStr::new("/a:/b"), Some(once.clone())), once);
        assert_eq!(search_path(OsStr::new("/a"), Some("/ab:/c".into())), "/a:/ab:/c");
        assert_eq!(search_path(OsStr::new("/a"), None), format!("/a:{DEFAULT_PATH}").as_str());
        assert_eq!(search_path(OsStr::new(""), Some("/c".into())), "/c");
    }
}
