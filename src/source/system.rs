//! The copy of a tool on `PATH`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::error::{SourceError, SourceErrorKind};
use super::options::SourceOptions;

/// A program found on `PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemTool {
    /// Its path.
    pub path: PathBuf,
    /// The version that it reports; `None` if none is recognised in its output.
    pub version: Option<String>,
}

/// Find a program on `PATH`, and run it for its version.
pub(super) fn look(options: &SourceOptions, program: &str, arguments: &[String]) -> Result<SystemTool, SourceError> {
    let what = || format!("`{program}` of this system");
    let Some(path) = find_on_path(options, program) else {
        return Err(SourceError::new(what(), SourceErrorKind::Program(format!("no `{program}` is on PATH"))));
    };
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    let output = (options.runner)(&path, &arguments).map_err(|error| {
        let reason = format!("`{}` cannot be run: {error}", path.display());
        SourceError::new(what(), SourceErrorKind::Program(reason))
    })?;
    // Some programs print it on standard error.
    let version = version_in(&output.stdout).or_else(|| version_in(&output.stderr)).filter(|_| output.success);
    Ok(SystemTool { path, version })
}

/// The first executable file of this name in a directory of `PATH`.
pub(super) fn find_on_path(options: &SourceOptions, program: &str) -> Option<PathBuf> {
    find_in(OsStr::new(&options.variable("PATH")?), program, options.variable("PATHEXT"))
}

/// The first executable file of this name in a directory of a search path.
pub fn program_on_path(program: &str, path: &OsStr) -> Option<PathBuf> {
    find_in(path, program, std::env::var("PATHEXT").ok())
}

/// All executable files of this name in the directories of a search path, in its order.
pub fn programs_on_path(program: &str, path: &OsStr) -> Vec<PathBuf> {
    find_all(path, program, std::env::var("PATHEXT").ok()).collect()
}

fn find_in(path: &OsStr, program: &str, extensions: Option<String>) -> Option<PathBuf> {
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

/// True for an executable file.
#[cfg(unix)]
pub fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// True for a file.
#[cfg(not(unix))]
pub fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// The first dotted number in a text: `v22.3.0`, `go1.27.3`, `cmake version 3.31.0`.
fn version_in(output: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(output);
    text.split(|character: char| !(character.is_ascii_alphanumeric() || ".-+".contains(character))).find_map(|word| {
        let number = &word[word.find(|character: char| character.is_ascii_digit())?..];
        let end =
            number.find(|character: char| !(character.is_ascii_digit() || character == '.')).unwrap_or(number.len());
        let plain = number[..end].trim_end_matches('.');
        (plain.contains('.') && !plain.contains("..")).then(|| plain.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_what_real_programs_say() {
        for (said, version) in [
            ("v22.3.0\n", Some("22.3.0")),
            ("go version go1.27.3 linux/amd64", Some("1.27.3")),
            ("cmake version 3.31.0-g12ab\n\nCMake suite", Some("3.31.0")),
            ("git version 2.47.1.windows.2", Some("2.47.1")),
            ("Python 3.13.1+", Some("3.13.1")),
            ("uv 0.13.8 (x86_64-unknown-linux-gnu)", Some("0.13.8")),
            ("ninja 1", None),
            ("", None),
        ] {
            assert_eq!(version_in(said.as_bytes()).as_deref(), version, "{said}");
        }
    }
}
