//! The file of this very program.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

/// This program by the kernel's own link, which leads to it also when its file has no name any more.
const OWN_LINK: &str = "/proc/self/exe";
/// The mark that Linux puts after the path of a program whose file is gone.
const GONE: &str = " (deleted)";

/// This program. An update that has put another file in its place has put its successor there. The system gives the file by
/// `/proc`, which a container may not have; then it is the one that the first word of the command line names.
///
/// # Errors
/// It cannot be found.
pub fn own_program() -> io::Result<PathBuf> {
    match std::env::current_exe() {
        Ok(path) => Ok(in_place_of(path)),
        Err(error) => named().ok_or(error),
    }
}

/// The name that this program was started by, without an ending: that of a tool if it was started by a link with a tool's
/// name. A program that started its like by the kernel's link has not named a tool.
pub fn own_name(first_word: &OsStr) -> Option<Cow<'_, str>> {
    if first_word == OWN_LINK {
        return Some("vx".into());
    }
    Some(Path::new(first_word).file_stem()?.to_string_lossy())
}

fn in_place_of(path: PathBuf) -> PathBuf {
    let successor = path.to_str().and_then(|path| path.strip_suffix(GONE)).map(PathBuf::from);
    match successor.filter(|_| !path.exists()) {
        Some(successor) if successor.is_file() => successor,
        Some(_) => PathBuf::from(OWN_LINK),
        None => path,
    }
}

fn named() -> Option<PathBuf> {
    let named = PathBuf::from(std::env::args_os().next()?);
    if named.components().count() > 1 {
        return named.canonicalize().ok();
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(&named)).find(|file: &PathBuf| Path::is_file(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_was_replaced_is_its_successor_and_one_that_was_removed_itself() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("vx");
        let gone = PathBuf::from(format!("{}{GONE}", file.display()));
        assert_eq!(in_place_of(file.clone()), file);
        assert_eq!(in_place_of(gone.clone()), Path::new("/proc/self/exe"));
        std::fs::write(&file, "").expect("a file");
        assert_eq!(in_place_of(gone.clone()), file);
        std::fs::write(&gone, "").expect("a file");
        assert_eq!(in_place_of(gone.clone()), gone, "a program may have this name");
    }
}
