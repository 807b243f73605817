//! `vx shims`: links named like programs, in one folder to put on PATH, that run what the project at hand pins.
//!
//! Each is a link to the launcher, a program of a few kilobytes beside them; where there is none, to vx itself, which
//! looks at the name it was called by. What the launcher does not know it leaves to vx, whose place `.vx` tells.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::ShimsArguments;
use super::failure::{FAILED, Failure, Outcome};
use super::{print, store};
use crate::install::Store;
use crate::paths::{Home, LAUNCHER_NAME, VX_LINK_NAME};

/// The launcher's bytes.
#[cfg(launcher)]
pub(super) const LAUNCHER: Option<&[u8]> = Some(include_bytes!(env!("VX_LAUNCHER")));
/// It speaks to the Linux kernel only.
#[cfg(not(launcher))]
pub(super) const LAUNCHER: Option<&[u8]> = None;

/// Where there is a launcher, `vx TOOL` goes through it, too.
const OWN_NAME: &str = "vx";

/// Run `vx shims`.
pub(super) fn run(asked: &ShimsArguments) -> Outcome {
    let home = store::home()?;
    let directory = home.shims();
    if asked.directory {
        print::data(directory.display());
        return Ok(ExitCode::SUCCESS);
    }
    let failed = |error: io::Error| Failure::failed(format!("cannot change `{}`: {error}", directory.display()));
    if asked.remove {
        match fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => print::note(format_args!("removed `{}`", directory.display())),
        }
        return Ok(ExitCode::SUCCESS);
    }
    let names = programs(&home)?;
    if names.is_empty() {
        return Err(Failure::failed("nothing is installed that a shim could run").hint("run `vx sync` first"));
    }
    make(&directory, &names).map_err(failed)?;
    names.iter().for_each(print::data);
    let listed = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|folder| folder == directory);
    if !listed {
        print::note(format_args!("put `{}` first on PATH", directory.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// [`renew`], and a word where that fails.
pub(super) fn refresh(home: &Home) {
    renew(home).unwrap_or_else(print::warning);
}

/// After an install, link what is new: where somebody has made shims.
///
/// # Errors
/// In words: what keeps them as they were.
pub(super) fn renew(home: &Home) -> Result<(), String> {
    let directory = home.shims();
    if !directory.join(VX_LINK_NAME).is_symlink() {
        return Ok(());
    }
    let made = programs(home).map_err(|failure| failure.to_string());
    let made = made.and_then(|names| make(&directory, &names).map_err(|error| error.to_string()));
    made.map_err(|error| format!("the shims in `{}` are as before: {error}", directory.display()))
}

/// Every program of every release, and every tool that has one.
fn programs(home: &Home) -> Result<BTreeSet<String>, Failure> {
    let releases = Store::new(home.clone()).list().map_err(|error| Failure::hinted(FAILED, &error))?;
    let having = releases.into_iter().filter(|release| !release.receipt.programs.is_empty());
    Ok(having
        .flat_map(|release| {
            let programs = release.receipt.programs.into_iter().map(|program| program.name);
            programs.chain([release.receipt.tool]).collect::<Vec<_>>()
        })
        .filter(|name| !name.starts_with("vx") && !name.starts_with('.'))
        .collect())
}

fn make(directory: &Path, names: &BTreeSet<String>) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let vx = std::env::current_exe()?;
    put_link(&directory.join(VX_LINK_NAME), &vx)?;
    let target = match LAUNCHER {
        Some(bytes) => {
            put_launcher(directory, bytes)?;
            put_link(&directory.join(OWN_NAME), Path::new(LAUNCHER_NAME))?;
            PathBuf::from(LAUNCHER_NAME)
        }
        None => vx,
    };
    for name in names {
        put_link(&directory.join(program_file(name)), &target)?;
    }
    for entry in fs::read_dir(directory)?.flatten() {
        let name = entry.file_name();
        let ours = name == LAUNCHER_NAME || name == VX_LINK_NAME || (name == OWN_NAME && LAUNCHER.is_some());
        let wanted = names.iter().any(|known| name == *program_file(known));
        // What is no link was not put here by vx.
        if !ours && !wanted && entry.file_type()?.is_symlink() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn program_file(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

/// A launcher that runs right now keeps its old file: the new one takes the name.
fn put_launcher(directory: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = directory.join(LAUNCHER_NAME);
    if fs::read(&path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(directory)?;
    file.write_all(bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o755))?;
    }
    // A program that is open for writing cannot be started: closed before it has its name.
    file.into_temp_path().persist(&path).map_err(|error| error.error)
}

/// Put a link here, in one step where another one is. What is no link was not put here by vx and stays.
fn put_link(path: &Path, target: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_symlink() => return Ok(()),
        Ok(_) if fs::read_link(path).is_ok_and(|known| known == target) => return Ok(()),
        _ => {}
    }
    let parent = path.parent().unwrap_or(Path::new("."));
    let aside = tempfile::Builder::new().prefix(".new-").tempdir_in(parent)?;
    let fresh = aside.path().join("link");
    link(target, &fresh)?;
    fs::rename(&fresh, path)
}

#[cfg(unix)]
fn link(target: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

/// Links need a privilege there that people do not have: a hard link to the same file, else a copy.
#[cfg(not(unix))]
fn link(target: &Path, path: &Path) -> io::Result<()> {
    fs::hard_link(target, path).or_else(|_| fs::copy(target, path).map(drop))
}
