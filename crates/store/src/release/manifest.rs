//! A release's manifest: `.vx-files`, one line for each file, which shows later whether the release is unchanged.
//!
//! The checksums are CRC-32. They detect damage and edits at almost no cost while the bytes pass by, but they don't
//! stop an attacker: anyone who can write to the store can also write this file. The original bytes were verified by
//! the archives' digests. The receipt holds those, and the digest of this file.

mod changes;
mod release_file;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use foldhash::HashMap;

use vx_base::digest::{Algorithm, Digest};

use crate::disk::{DiskError, DiskErrorContext};
pub use changes::{ManifestCheckDepth, ManifestDifference};
use release_file::{escaped, walk};

/// Name of the manifest in the release.
pub(crate) const FILE_NAME: &str = ".vx-files";
/// First line, which identifies the format.
const HEAD: &str = "vx-files 1";
/// A file up to this size is read again; a larger one is assumed to be as it was unpacked.
const SMALL_BYTES: u64 = 64 * 1024;

/// Files and links of a release by escaped path, with `/` between components; folders are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    entries: HashMap<Box<str>, ManifestEntry>,
}

/// A file or link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ManifestEntry {
    kind: ManifestEntryKind,
    /// Checksum of the content, or of a link's target.
    sum: u32,
    size_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ManifestEntryKind {
    Plain,
    Executable,
    Link,
}

/// Checksum of a file that is being read.
#[derive(Default)]
pub(crate) struct Checksum {
    hasher: crc32fast::Hasher,
    size_bytes: u64,
}

impl Checksum {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.size_bytes += bytes.len() as u64;
    }

    /// Make the entry of a file with this content and mode.
    pub(crate) fn file(self, mode: u32) -> ManifestEntry {
        let kind = if mode & 0o100 != 0 { ManifestEntryKind::Executable } else { ManifestEntryKind::Plain };
        ManifestEntry { kind, sum: self.hasher.finalize(), size_bytes: self.size_bytes }
    }
}

impl ManifestEntry {
    /// Checksum (CRC-32) and size of the content.
    pub(crate) fn checks(&self) -> (u32, u64) {
        (self.sum, self.size_bytes)
    }

    /// Make the entry of a link to this target.
    pub(crate) fn link(target: &[u8]) -> Self {
        Self { kind: ManifestEntryKind::Link, sum: crc32fast::hash(target), size_bytes: target.len() as u64 }
    }
}

impl Manifest {
    pub(crate) fn record(&mut self, path: &str, entry: ManifestEntry) {
        self.entries.insert(escaped(path).into(), entry);
    }

    /// Record a second name of a file.
    pub(crate) fn record_again(&mut self, path: &str, existing: &str) {
        if let Some(entry) = self.entries.get(&*escaped(existing)).copied() {
            self.record(path, entry);
        }
    }

    pub(crate) fn forget(&mut self, path: &str) {
        self.entries.remove(&*escaped(path));
    }

    /// Record a later change of the mode.
    pub(crate) fn record_mode(&mut self, path: &str, mode: u32) {
        let entry = self.entries.get_mut(&*escaped(path));
        if let Some(entry) = entry.filter(|entry| entry.kind == ManifestEntryKind::Plain && mode & 0o100 != 0) {
            entry.kind = ManifestEntryKind::Executable;
        }
    }

    /// Number of files and links.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Update the entries below these paths after the archives were unpacked; with `whole`, update all of them.
    pub(crate) fn refresh(&mut self, release: &Path, below: &[PathBuf], whole: bool) -> Result<(), DiskError> {
        let mut found = Vec::new();
        match whole {
            true => {
                self.entries.clear();
                walk(release, "", &mut found).with_path("read", release)?;
            }
            false => {
                for path in below.iter().filter_map(|path| path.to_str()) {
                    walk(release, path, &mut found).with_path("read", &release.join(path))?;
                }
            }
        }
        for there in found {
            let name = there.name();
            let known = self.entries.get(name.as_str()).copied();
            let same = known.is_some_and(|known| known.size_bytes == there.size_bytes && !there.link);
            let entry = match known {
                Some(known) if same && known.kind != ManifestEntryKind::Link && there.size_bytes > SMALL_BYTES => {
                    ManifestEntry { kind: there.kind(), ..known }
                }
                _ => there.entry(release).with_path("read", &release.join(&there.path))?,
            };
            self.entries.insert(name.into(), entry);
        }
        Ok(())
    }

    /// Write it into a release, and return its digest.
    pub(crate) fn write(&self, release: &Path) -> Result<Digest, DiskError> {
        let text = self.render();
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(text.as_bytes());
        let path = release.join(FILE_NAME);
        let mut file = File::create_new(&path).with_path("create", &path)?;
        file.write_all(text.as_bytes()).with_path("write", &path)?;
        Ok(hasher.finish())
    }

    /// Read a release's manifest, if it has this digest.
    pub fn read(release: &Path, digest: &Digest) -> Option<Self> {
        let bytes = fs::read(release.join(FILE_NAME)).ok()?;
        let mut hasher = digest.algorithm().hasher();
        hasher.update(&bytes);
        if hasher.finish() != *digest {
            return None;
        }
        Self::parse(std::str::from_utf8(&bytes).ok()?)
    }

    fn render(&self) -> String {
        let mut sorted: Vec<_> = self.entries.iter().collect();
        sorted.sort_unstable_by_key(|(path, _)| *path);
        let mut text = format!("{HEAD}\n");
        for (path, entry) in sorted {
            let kind = match entry.kind {
                ManifestEntryKind::Plain => 'f',
                ManifestEntryKind::Executable => 'x',
                ManifestEntryKind::Link => 'l',
            };
            writeln!(text, "{kind} {:08x} {} {path}", entry.sum, entry.size_bytes).expect("text grows");
        }
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return None;
        }
        let entry = |line: &str| {
            let mut words = line.splitn(4, ' ');
            let kind = match words.next()? {
                "f" => ManifestEntryKind::Plain,
                "x" => ManifestEntryKind::Executable,
                "l" => ManifestEntryKind::Link,
                _ => return None,
            };
            let sum = u32::from_str_radix(words.next()?, 16).ok()?;
            let size_bytes = words.next()?.parse().ok()?;
            Some((words.next()?.into(), ManifestEntry { kind, sum, size_bytes }))
        };
        Some(Self { entries: lines.map(entry).collect::<Option<_>>()? })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn release() -> (tempfile::TempDir, Manifest) {
        let top = tempfile::tempdir().expect("a directory");
        fs::create_dir_all(top.path().join("bin")).expect("a directory");
        fs::write(top.path().join("bin/tool"), "program").expect("a file");
        fs::write(top.path().join("odd\nname"), "text").expect("a file");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(top.path().join("bin/tool"), fs::Permissions::from_mode(0o755)).expect("a mode");
            std::os::unix::fs::symlink("bin/tool", top.path().join("link")).expect("a link");
        }
        let mut manifest = Manifest::default();
        manifest.refresh(top.path(), &[], true).expect("it is read");
        (top, manifest)
    }

    #[test]
    fn a_manifest_reads_back_as_written_and_only_under_its_digest() {
        let (top, manifest) = release();
        let digest = manifest.write(top.path()).expect("it is written");
        assert_eq!(Manifest::read(top.path(), &digest), Some(manifest.clone()));
        assert_eq!(manifest.changes(top.path(), ManifestCheckDepth::Contents).expect("it is read"), []);
        let path = top.path().join(FILE_NAME);
        fs::write(&path, fs::read_to_string(&path).expect("text").replace("f ", "x ")).expect("a file");
        assert_eq!(Manifest::read(top.path(), &digest), None);
    }
}
