//! The copy of a tool on `PATH`.

use std::ffi::OsStr;
use std::path::PathBuf;

use vx_base::files::search_path::find_in;

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
