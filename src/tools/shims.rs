//! Shims: links named like programs, in one folder to put on PATH. Each runs the program that the current project pins.
//!
//! A shim is a link to the launcher, a program of a few kilobytes in the same folder. On a system without a launcher it
//! is a link to vx itself, which looks at the name by which it was called. The launcher passes everything that it does
//! not know to vx, to which `.vx` is a link.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[cfg(unix)]
use vx_base::files::replace_file::set_mode;
use vx_base::package::archive::is_one_name;
use vx_base::paths::{Home, LAUNCHER_NAME, VX_LINK_NAME};
use vx_store::{DiskError, Store};

use crate::workspace::frontend::shims_error::{ShimsError, ShimsFault};

/// The launcher's bytes, if there is one for this system.
pub const LAUNCHER: Option<&[u8]> = vx_launcher::PROGRAM;

/// The shim for vx itself: if there is a launcher, `vx TOOL` also goes through it.
const OWN_NAME: &str = "vx";

/// Bring the shims up to date after an install, if there are any.
///
/// # Errors
/// The shims could not be updated, and are unchanged.
pub fn renew(home: &Home) -> Result<(), ShimsError> {
    let directory = home.shims();
    if !directory.join(VX_LINK_NAME).is_symlink() {
        return Ok(());
    }
    let made = programs(home).map_err(ShimsFault::from);
    let made = made.and_then(|names| Ok(make(&directory, &names)?));
    made.map_err(|cause| ShimsError { directory, cause })
}

/// The names of shims: every program of every release, and every tool that has a program.
///
/// # Errors
/// The store cannot be read.
pub fn programs(home: &Home) -> Result<BTreeSet<String>, DiskError> {
    let releases = Store::new(home.clone()).list()?;
    let having = releases.into_iter().filter(|release| !release.receipt.programs.is_empty());
    Ok(having
        .flat_map(|release| {
            let programs = release.receipt.programs.into_iter().map(|program| program.name);
            programs.chain([release.receipt.tool]).collect::<Vec<_>>()
        })
        .filter(|name| !name.starts_with("vx") && !name.starts_with('.') && is_one_name(name))
        .collect())
}

/// Make a link for each of these names, and remove the links of other names.
///
/// # Errors
/// The system refuses a link; the links before it are made.
pub fn make(directory: &Path, names: &BTreeSet<String>) -> io::Result<()> {
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
        // A file that is not a link was not put here by vx.
        if !ours && !wanted && entry.file_type()?.is_symlink() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn program_file(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

/// Put the launcher here. A launcher that is running keeps its old file, because the new file takes over the name.
fn put_launcher(directory: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = directory.join(LAUNCHER_NAME);
    if fs::read(&path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".new-");
    #[cfg(unix)]
    let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
    #[cfg(unix)]
    builder.permissions(mode.clone());
    let mut file = builder.tempfile_in(directory)?;
    file.write_all(bytes)?;
    // The process's umask may have cleared bits.
    #[cfg(unix)]
    set_mode(file.as_file(), &mode)?;
    // A program that is open for writing cannot be started, so the file is closed before it gets its name.
    file.into_temp_path().persist(&path).map_err(|error| error.error)
}

/// Put a link here, replacing another link in one step. A file that is not a link was not put here by vx, and stays.
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

/// On Windows, symbolic links need a privilege that users don't have, so make a hard link, or else a copy.
#[cfg(not(unix))]
fn link(target: &Path, path: &Path) -> io::Result<()> {
    fs::hard_link(target, path).or_else(|_| fs::copy(target, path).map(drop))
}
