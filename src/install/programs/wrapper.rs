//! What lies in `bin/` for a program whose own file is elsewhere: a link, or a script.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::config::Program;

use super::super::disk::{At, DiskError};
use super::{BIN, ProgramError};

/// Make `bin/<name>` the program; its path in the release.
///
/// A file of the release that has this name already is the program: its makers put it there.
pub(super) fn link(release: &Path, program: &Program) -> Result<String, ProgramError> {
    for own in own_names(&program.name) {
        let path = format!("{BIN}/{own}");
        if release.join(&path).is_file() {
            return Ok(path);
        }
    }
    taken(release, &program.name, &program.name)?;
    Ok(point(release, program)?)
}

/// Make `bin/<name>` a script that has the program run; its path in the release.
///
/// What has this name already is replaced: it would find its runner on PATH at best, and any one there.
pub(super) fn write(release: &Path, program: &Program, runner: &str) -> Result<String, ProgramError> {
    let name = if cfg!(windows) { format!("{}.cmd", program.name) } else { program.name.clone() };
    let path = format!("{BIN}/{name}");
    if path == program.path {
        // The script itself; it has to find its runner as its first line says.
        return Ok(path);
    }
    let place = release.join(&path);
    match fs::symlink_metadata(&place) {
        Ok(there) if there.is_dir() => return Err(ProgramError::Taken { program: program.name.clone(), path }),
        Ok(_) => fs::remove_file(&place).at("remove", &place)?,
        Err(_) => {}
    }
    let text = if cfg!(windows) { cmd(&program.path, runner) } else { sh(&program.path, runner) };
    write_script(&place, &text)?;
    Ok(path)
}

/// The names under which a program's own file may be in `bin/`.
fn own_names(name: &str) -> Vec<String> {
    if cfg!(windows) {
        vec![format!("{name}.exe"), format!("{name}.cmd"), name.to_owned()]
    } else {
        vec![name.to_owned()]
    }
}

fn taken(release: &Path, name: &str, program: &str) -> Result<(), ProgramError> {
    let path = format!("{BIN}/{name}");
    match fs::symlink_metadata(release.join(&path)) {
        Ok(_) => Err(ProgramError::Taken { program: program.to_owned(), path }),
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
    std::os::unix::fs::symlink(target, &place).at("link", &place)?;
    Ok(path)
}

/// Links need a privilege here, and a copy would miss the libraries beside the program.
#[cfg(not(unix))]
fn point(release: &Path, program: &Program) -> Result<String, DiskError> {
    let path = format!("{BIN}/{}.cmd", program.name);
    let target = program.path.replace('/', "\\");
    write_script(&release.join(&path), &format!("@\"%~dp0..\\{target}\" %*\r\n"))?;
    Ok(path)
}

fn write_script(place: &Path, text: &str) -> Result<(), DiskError> {
    let mut file = create_script(place).at("create", place)?;
    file.write_all(text.as_bytes()).at("write", place)
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

/// A script that finds its own folder, through links as well, and starts no process on the way unless it was linked to.
fn sh(path: &str, runner: &str) -> String {
    let (path, runner) = (quoted(path), quoted(runner));
    format!(
        r#"#!/bin/sh
# Has {runner} of this release run {path}, with the programs of this release first on PATH.
self=$0
while [ -h "$self" ]; do
  link=$(readlink -- "$self") || exit 127
  case $link in
    /*) self=$link ;;
    *) self=${{self%/*}}/$link ;;
  esac
done
case $self in
  */*) bin=${{self%/*}} ;;
  *) bin=. ;;
esac
bin=$(CDPATH= cd -- "$bin" && pwd -P) || exit 127
PATH=$bin${{PATH:+:$PATH}}
export PATH
exec "$bin"/{runner} "${{bin%/*}}"/{path} "$@"
"#
    )
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn cmd(path: &str, runner: &str) -> String {
    let path = path.replace('/', "\\");
    format!("@setlocal\r\n@set \"PATH=%~dp0;%PATH%\"\r\n@\"%~dp0{runner}\" \"%~dp0..\\{path}\" %*\r\n")
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
    fn a_path_with_a_quote_stays_one_word() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
