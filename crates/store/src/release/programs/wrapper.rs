//! The entry in `bin/` of a program whose own file is in another place: a link, or a script.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use vx_base::package::Program;

use super::{BIN, ProvidedProgramError};
use crate::disk::{DiskError, DiskErrorContext};

/// Make `bin/<name>` start the program. Returns its path in the release.
///
/// If the release has a file of that name, that is the program already, put there by its authors.
pub(super) fn link(release: &Path, program: &Program) -> Result<String, ProvidedProgramError> {
    for own in own_names(&program.name) {
        let path = format!("{BIN}/{own}");
        if release.join(&path).is_file() {
            return Ok(path);
        }
    }
    taken(release, &program.name, &program.name)?;
    Ok(point(release, program)?)
}

/// What runs a script.
pub(super) enum ScriptRunner<'a> {
    /// A program of the same release.
    Own(&'a str),
    /// A program of another tool: found on PATH, or else the version that vx chooses for the directory where the script
    /// is called.
    Other {
        /// The program.
        runner: &'a str,
        /// The tool.
        tool: &'a str,
    },
}

/// Make `bin/<name>` a script that starts the program with its runner. Returns its path in the release.
///
/// A file of that name is replaced: at best, it would find some runner on PATH.
pub(super) fn write(
    release: &Path,
    program: &Program,
    runner: &ScriptRunner<'_>,
) -> Result<String, ProvidedProgramError> {
    let name = if cfg!(windows) { format!("{}.cmd", program.name) } else { program.name.clone() };
    let path = format!("{BIN}/{name}");
    if path == program.path {
        // The path is the script itself, whose first line has to find its runner.
        return Ok(path);
    }
    let place = release.join(&path);
    match fs::symlink_metadata(&place) {
        Ok(there) if there.is_dir() => return Err(ProvidedProgramError::Taken { program: program.name.clone(), path }),
        Ok(_) => fs::remove_file(&place).with_path("remove", &place)?,
        Err(_) => {}
    }
    let text = match (runner, cfg!(windows)) {
        (ScriptRunner::Own(runner), false) => sh(&program.path, runner),
        (ScriptRunner::Own(runner), true) => cmd(&program.path, runner),
        (ScriptRunner::Other { runner, tool }, false) => sh_of(&program.path, runner, tool),
        (ScriptRunner::Other { runner, tool }, true) => cmd_of(&program.path, runner, tool),
    };
    write_script(&place, &text)?;
    Ok(path)
}

/// Names under which a program's own file may be in `bin/`.
fn own_names(name: &str) -> Vec<String> {
    if cfg!(windows) {
        vec![format!("{name}.exe"), format!("{name}.cmd"), name.to_owned()]
    } else {
        vec![name.to_owned()]
    }
}

fn taken(release: &Path, name: &str, program: &str) -> Result<(), ProvidedProgramError> {
    let path = format!("{BIN}/{name}");
    match fs::symlink_metadata(release.join(&path)) {
        Ok(_) => Err(ProvidedProgramError::Taken { program: program.to_owned(), path }),
        Err(_) => Ok(()),
    }
}

#[cfg(unix)]
fn point(release: &Path, program: &Program) -> Result<String, DiskError> {
    let path = format!("{BIN}/{}", program.name);
    let place = release.join(&path);
    let target = match program.path.strip_prefix("bin/") {
        Some(beside) => beside.to_owned(),
        None => format!("../{}", program.path),
    };
    std::os::unix::fs::symlink(target, &place).with_path("link", &place)?;
    Ok(path)
}

/// Links need a privilege on this system, and a copy wouldn't find the libraries beside the program.
#[cfg(not(unix))]
fn point(release: &Path, program: &Program) -> Result<String, DiskError> {
    let path = format!("{BIN}/{}.cmd", program.name);
    let target = program.path.replace('/', "\\");
    write_script(&release.join(&path), &format!("@\"%~dp0..\\{target}\" %*\r\n"))?;
    Ok(path)
}

fn write_script(place: &Path, text: &str) -> Result<(), DiskError> {
    let mut file = create_script(place).with_path("create", place)?;
    file.write_all(text.as_bytes()).with_path("write", place)
}

#[cfg(unix)]
fn create_script(place: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;

    fs::OpenOptions::new().write(true).create_new(true).mode(0o755).open(place)
}

#[cfg(not(unix))]
fn create_script(place: &Path) -> io::Result<fs::File> {
    fs::File::create_new(place)
}

/// Shell code that finds the script's own folder, also through links. It starts a process only if the script was called
/// by a link.
const FIND_BIN: &str = r#"self=$0
while [ -h "$self" ]; do
  link=$(readlink -- "$self") || exit 127
  case $link in
    /*) self=$link ;;
    *) self=${self%/*}/$link ;;
  esac
done
case $self in
  */*) bin=${self%/*} ;;
  *) bin=. ;;
esac
bin=$(CDPATH= cd -- "$bin" && pwd -P) || exit 127
"#;

/// Write a script for a runner of the same release.
fn sh(path: &str, runner: &str) -> String {
    let (path, runner) = (quoted(path), quoted(runner));
    format!(
        r#"#!/bin/sh
# Has {runner} of this release run {path}, with the programs of this release first on PATH.
{FIND_BIN}PATH=$bin${{PATH:+:$PATH}}
export PATH
exec "$bin"/{runner} "${{bin%/*}}"/{path} "$@"
"#
    )
}

/// Write a script for a runner of another tool: found on PATH, where the project put it, or else by a link of vx for
/// the working directory. A runner that some other project installed is never used.
fn sh_of(path: &str, runner: &str, tool: &str) -> String {
    let (path, runner) = (quoted(path), quoted(runner));
    format!(
        r#"#!/bin/sh
# Has {runner} run {path}: the one on PATH, else the one that vx means in the working directory.
{FIND_BIN}runner=$(command -v {runner}) || runner="${{bin%/*}}"/../../../shims/{runner}
if [ ! -x "$runner" ]; then
  echo "${{self##*/}} is run by {tool}, which is not on PATH: add it to vx.toml and run this by \`vx ${{self##*/}}\`, or put a {tool} on PATH" >&2
  exit 127
fi
exec "$runner" "${{bin%/*}}"/{path} "$@"
"#
    )
}

/// Quote a text as one word for the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn cmd(path: &str, runner: &str) -> String {
    let path = path.replace('/', "\\");
    format!("@setlocal\r\n@set \"PATH=%~dp0;%PATH%\"\r\n@\"%~dp0{runner}\" \"%~dp0..\\{path}\" %*\r\n")
}

fn cmd_of(path: &str, runner: &str, tool: &str) -> String {
    let path = path.replace('/', "\\");
    let lines = [
        "@setlocal".to_owned(),
        "@set \"RUNNER=\"".to_owned(),
        format!("@for %%n in ({runner}.exe) do @if not \"%%~$PATH:n\"==\"\" set \"RUNNER=%%~$PATH:n\""),
        "@if defined RUNNER goto run".to_owned(),
        format!(
            "@echo this program is run by {tool}, which is not on PATH: add it to vx.toml, or put one on PATH 1>&2"
        ),
        "@exit /b 127".to_owned(),
        ":run".to_owned(),
        format!("@\"%RUNNER%\" \"%~dp0..\\{path}\" %*"),
    ];
    lines.map(|line| line + "\r\n").concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_for_windows_finds_its_runner_beside_itself() {
        let text = cmd("lib/node_modules/npm/bin/npm-cli.js", "node");
        assert!(text.contains("@\"%~dp0node\" \"%~dp0..\\lib\\node_modules\\npm\\bin\\npm-cli.js\" %*"), "{text}");
    }

    #[test]
    fn a_script_for_windows_finds_the_tool_that_runs_it() {
        let text = cmd_of("bin/prettier.cjs", "node", "nodejs");
        assert!(text.contains("@\"%RUNNER%\" \"%~dp0..\\bin\\prettier.cjs\" %*\r\n"), "{text}");
        assert!(
            text.contains("is run by nodejs") && !text.contains("dir /b"),
            "no installed one is searched for: {text}"
        );
    }

    #[test]
    fn a_path_with_a_quote_stays_one_word() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
