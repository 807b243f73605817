//! The file of this very program.

use std::io;
use std::path::{Path, PathBuf};

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

fn in_place_of(path: PathBuf) -> PathBuf {
    let successor = path.to_str().and_then(|path| path.strip_suffix(GONE)).map(PathBuf::from);
    match successor.filter(|_| !path.exists()) {
        Some(successor) if successor.is_file() => successor,
        // The file has no name any more, and can still be started.
        Some(_) => PathBuf::from("/proc/self/exe"),
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
