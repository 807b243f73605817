//! The executable file of this program.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

/// The kernel's link to this program, which works even after its file was deleted.
const OWN_LINK: &str = "/proc/self/exe";
/// The suffix that Linux appends to the path of a program whose file is gone.
const GONE: &str = " (deleted)";

/// The path of this program. If an update has replaced the file meanwhile, the new file is returned. The system finds
/// the file by `/proc`, which a container may lack; then the first word of the command line is used.
///
/// # Errors
/// It cannot be found.
pub fn own_program() -> io::Result<PathBuf> {
    match std::env::current_exe() {
        Ok(path) => Ok(in_place_of(path)),
        Err(error) => named().ok_or(error),
    }
}

/// The name by which this program was started, without an extension: a tool's name if a shim was used. A start by the
/// kernel's link, as vx does it itself, names no tool.
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
