//! Finding programs in the directories of a search path, as a shell does.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The first executable file of this name in a directory of a search path.
pub fn program_on_path(program: &str, path: &OsStr) -> Option<PathBuf> {
    find_in(path, program, std::env::var("PATHEXT").ok())
}

/// All executable files of this name in the directories of a search path, in the path's order.
pub fn programs_on_path(program: &str, path: &OsStr) -> Vec<PathBuf> {
    find_all(path, program, std::env::var("PATHEXT").ok()).collect()
}

/// As [`program_on_path`]; on Windows, with this list of extensions in place of `PATHEXT`.
pub fn find_in(path: &OsStr, program: &str, extensions: Option<String>) -> Option<PathBuf> {
    find_all(path, program, extensions).next()
}

fn find_all(path: &OsStr, program: &str, extensions: Option<String>) -> impl Iterator<Item = PathBuf> {
    let extensions = match cfg!(windows) {
        true => extensions.unwrap_or_else(|| ".EXE;.CMD;.BAT".into()),
        false => String::new(),
    };
    let names: Vec<String> = extensions.split(';').map(|extension| format!("{program}{extension}")).collect();
    let directories: Vec<PathBuf> = std::env::split_paths(path).filter(|directory| directory.is_absolute()).collect();
    let candidates = directories
        .into_iter()
        .flat_map(move |directory| names.iter().map(|name| directory.join(name)).collect::<Vec<_>>());
    candidates.filter(|candidate| is_program(candidate))
}

/// Returns whether this is an executable file.
#[cfg(unix)]
pub fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// Returns whether this is a file; this system has no mode that marks executable files.
#[cfg(not(unix))]
pub fn is_program(path: &Path) -> bool {
    path.is_file()
}
