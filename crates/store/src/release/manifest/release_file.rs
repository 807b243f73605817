//! Files and links of a release, read from the disk.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::super::receipt::Receipt;
use super::{Checksum, FILE_NAME, ManifestEntry, ManifestEntryKind};

/// Size of one read.
const CHUNK_BYTES: usize = 256 * 1024;

/// A file or link of a release on the disk.
pub(super) struct ReleaseFile {
    /// Its path below the release.
    pub(super) path: PathBuf,
    pub(super) link: bool,
    executable: bool,
    /// Whether it has a setuid or setgid bit.
    pub(super) privileged: bool,
    pub(super) size_bytes: u64,
}

impl ReleaseFile {
    pub(super) fn name(&self) -> String {
        let plain = self.path.to_string_lossy();
        escaped(&if cfg!(windows) { plain.replace('\\', "/") } else { plain.into_owned() }).into_owned()
    }

    pub(super) fn kind(&self) -> ManifestEntryKind {
        match (self.link, self.executable) {
            (true, _) => ManifestEntryKind::Link,
            (false, true) => ManifestEntryKind::Executable,
            (false, false) => ManifestEntryKind::Plain,
        }
    }

    /// Read it, for its manifest entry.
    pub(super) fn entry(&self, release: &Path) -> io::Result<ManifestEntry> {
        let path = release.join(&self.path);
        if self.link {
            let target = fs::read_link(&path)?;
            return Ok(ManifestEntry::link(target.as_os_str().as_encoded_bytes()));
        }
        let mut file = File::open(&path)?;
        let mut sum = Checksum::default();
        let mut buffer = vec![0; CHUNK_BYTES.min(usize::try_from(self.size_bytes).unwrap_or(CHUNK_BYTES)).max(1)];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => sum.update(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ManifestEntry { kind: self.kind(), ..sum.file(0) })
    }
}

/// Collect all files and links at or below a path of a release, without vx's own two files.
pub(super) fn walk(release: &Path, below: &str, into: &mut Vec<ReleaseFile>) -> io::Result<()> {
    let mut open = vec![PathBuf::from(below)];
    while let Some(path) = open.pop() {
        let place = release.join(&path);
        let data = match fs::symlink_metadata(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            data => data?,
        };
        if data.is_dir() {
            for entry in fs::read_dir(&place)? {
                open.push(path.join(entry?.file_name()));
            }
        } else if !is_own(&path) {
            let executable = is_executable(&data);
            let link = data.is_symlink();
            let size_bytes = match link {
                true => fs::read_link(&place)?.as_os_str().len() as u64,
                false => data.len(),
            };
            let privileged = !link && is_privileged(&data);
            into.push(ReleaseFile { path, link, executable, privileged, size_bytes });
        }
    }
    Ok(())
}

fn is_own(path: &Path) -> bool {
    path == Path::new(FILE_NAME) || path == Path::new(Receipt::FILE_NAME)
}

#[cfg(unix)]
fn is_executable(data: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&data.permissions()) & 0o100 != 0
}

#[cfg(unix)]
fn is_privileged(data: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&data.permissions()) & 0o6000 != 0
}

#[cfg(not(unix))]
fn is_privileged(_: &fs::Metadata) -> bool {
    false
}

/// This system has no such permission, so the manifest decides.
#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    true
}

/// Escape a path so that it fits on one line.
pub(super) fn escaped(path: &str) -> Cow<'_, str> {
    let odd = |character: char| character.is_control() || character == '\\';
    if !path.contains(odd) {
        return Cow::Borrowed(path);
    }
    let text = path.chars().fold(String::with_capacity(path.len() + 8), |mut text, character| {
        if odd(character) {
            text.extend(character.escape_default())
        } else {
            text.push(character)
        }
        text
    });
    Cow::Owned(text)
}
