//! Files, their modes, and links, as far as systems differ in them.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// A new file with this mode, less what the user's mask takes away and setuid and its like.
///
/// The owner may always read and write: whoever cannot write a file cannot replace the release later.
#[cfg(unix)]
pub(super) fn create(path: &Path, mode: u32) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    OpenOptions::new().write(true).create_new(true).mode(mode & 0o777 | 0o600).open(path)
}

#[cfg(not(unix))]
pub(super) fn create(path: &Path, _: u32) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Only the execute bits are taken over, as far as there are read bits: the rest was right when the file was made.
#[cfg(unix)]
pub(super) fn add_execute_bits(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    if mode & 0o111 == 0 {
        return Ok(());
    }
    let current = fs::metadata(path)?.permissions().mode() & 0o777;
    let wanted = current | (mode & 0o111 & (current >> 2));
    if wanted == current { Ok(()) } else { fs::set_permissions(path, fs::Permissions::from_mode(wanted)) }
}

#[cfg(not(unix))]
pub(super) fn add_execute_bits(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
pub(super) fn symlink(target: &str, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, place)
}

#[cfg(windows)]
pub(super) fn symlink(target: &str, place: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target.replace('/', "\\"), place)
}
