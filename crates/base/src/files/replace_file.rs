//! Replacement of a file in one step: readers see the old file or the whole new one.
//!
//! Some file systems have no modes (CIFS, FAT) or no `fsync` (some in user space). Their refusal of either is ignored:
//! nothing could be done about it, and the file is there.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Replace the file at `path` in one step by a file that `write` fills: a reader opens either the whole old file or the
/// whole new one, and after any failure the old file is still there.
///
/// A new file has the permissions that the process's mask allows; a replaced file keeps its permissions. A link stays a
/// link, and its target is replaced. A device or a pipe is written to.
///
/// # Errors
/// The system refuses, or `write` fails.
pub fn replace_file(path: &Path, write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> io::Result<()> {
    replace(path, ReplacedFileState::Written, write)
}

/// As [`replace_file`], and returns only once the new file is on the disk, where it survives a loss of power.
///
/// # Errors
/// As for [`replace_file`].
pub fn replace_file_on_disk(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> io::Result<()> {
    replace(path, ReplacedFileState::OnDisk, write)
}

/// Give a file this mode, where the file system has modes.
///
/// # Errors
/// The system refuses for another reason.
pub fn set_mode(file: &File, mode: &fs::Permissions) -> io::Result<()> {
    if file.metadata()?.permissions() == *mode {
        return Ok(());
    }
    unless_unsupported(file.set_permissions(mode.clone()))
}

/// How far the new file must have got before the call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReplacedFileState {
    /// Written to the system, perhaps not to the disk.
    Written,
    /// Written to the disk.
    OnDisk,
}

fn replace(
    path: &Path,
    until: ReplacedFileState,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> io::Result<()> {
    let there = fs::metadata(path).ok();
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        return fill(&File::options().write(true).open(path)?, write);
    }
    let target = if there.is_some() { fs::canonicalize(path)? } else { path.to_owned() };
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let old = there.map(|there| there.permissions());
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // At most the old file's permissions, so that nothing is readable too early; the mask still applies.
        let mode = old.as_ref().map_or(0o666, |old| old.mode() & 0o777);
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let file = builder.tempfile_in(directory)?;
    fill(file.as_file(), write)?;
    if let Some(old) = old {
        set_mode(file.as_file(), &old)?;
    }
    if until == ReplacedFileState::OnDisk {
        unless_unsupported(file.as_file().sync_all())?;
    }
    file.persist(&target).map_err(|error| error.error)?;
    #[cfg(unix)]
    if until == ReplacedFileState::OnDisk {
        unless_unsupported(File::open(directory)?.sync_all())?;
    }
    Ok(())
}

fn fill(file: &File, write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> io::Result<()> {
    let mut buffered = BufWriter::new(file);
    write(&mut buffered)?;
    buffered.flush()
}

/// Ignores the errors of a file system that lacks the operation. `EPERM` is one of them: this process made the file, so
/// it doesn't lack the permission.
fn unless_unsupported(result: io::Result<()>) -> io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        let lacking = [Errno::INVAL, Errno::PERM, Errno::NOSYS, Errno::OPNOTSUPP];
        if result.as_ref().is_err_and(|error| Errno::from_io_error(error).is_some_and(|errno| lacking.contains(&errno)))
        {
            return Ok(());
        }
    }
    result
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};

    fn put(path: &Path, text: &str) -> io::Result<()> {
        replace_file(path, |file| file.write_all(text.as_bytes()))
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("a file").permissions().mode() & 0o777
    }

    #[test]
    fn a_new_file_is_like_any_other_and_one_that_replaces_another_keeps_its_mode() {
        let directory = tempfile::tempdir().expect("a directory");
        let (new, other) = (directory.path().join("new"), directory.path().join("other"));
        File::create(&other).expect("a file");
        put(&new, "one").expect("it is written");
        assert_eq!(mode(&new), mode(&other));
        for kept in [0o640, 0o600, 0o444] {
            fs::set_permissions(&new, fs::Permissions::from_mode(kept)).expect("a mode");
            put(&new, "two").expect("it is written");
            assert_eq!((mode(&new), fs::read_to_string(&new).expect("text").as_str()), (kept, "two"));
        }
    }

    #[test]
    fn a_link_stays_a_link_and_what_is_no_file_stays_what_it_is() {
        let directory = tempfile::tempdir().expect("a directory");
        let (target, link) = (directory.path().join("target"), directory.path().join("link"));
        fs::write(&target, "old").expect("a file");
        symlink("target", &link).expect("a link");
        put(&link, "new").expect("it is written");
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&target).expect("text"), "new");
        put(Path::new("/dev/null"), "gone").expect("it is written");
        assert!(fs::metadata("/dev/null").expect("it is there").file_type().is_char_device());
        assert!(put(directory.path(), "no").is_err());
    }

    #[test]
    fn a_file_on_the_disk_is_replaced_like_any_other() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        for text in ["one", "two"] {
            replace_file_on_disk(&path, |file| file.write_all(text.as_bytes())).expect("it is written");
            assert_eq!(fs::read_to_string(&path).expect("text"), text);
        }
        assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 1);
    }

    #[test]
    fn only_what_a_file_system_lacks_is_no_failure() {
        use rustix::io::Errno;
        for lacking in [Errno::INVAL, Errno::PERM, Errno::NOSYS, Errno::OPNOTSUPP] {
            assert!(unless_unsupported(Err(lacking.into())).is_ok(), "{lacking}");
        }
        for failure in [Errno::IO, Errno::NOSPC, Errno::DQUOT, Errno::ROFS] {
            assert!(unless_unsupported(Err(failure.into())).is_err(), "{failure}");
        }
    }

    #[test]
    fn what_cannot_be_finished_leaves_the_old_and_nothing_else() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        put(&path, "old").expect("it is written");
        let failed = replace_file(&path, |file| file.write_all(b"half").and(Err(io::ErrorKind::Other.into())));
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(&path).expect("text"), "old");
        assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 1);
    }
}
