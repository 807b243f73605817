//! Differences between a release and its manifest.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

use super::release_file::{ReleaseFile, walk};
use super::{Manifest, ManifestEntry, ManifestEntryKind};

/// How a file differs from the manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ManifestDifference {
    /// The file is missing.
    Missing,
    /// It has another type: file, link or folder.
    OtherKind,
    /// Its content, or the target of a link, changed.
    Content,
    /// It is no longer executable.
    NotExecutable,
    /// It runs with the rights of its owner or group, whoever starts it. No release is installed with such a file.
    Privileged,
    /// It can't be read. Holds the system's reason.
    Unreadable(String),
    /// The file is not in the manifest.
    Added,
}

/// How thoroughly to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestCheckDepth {
    /// Paths, types and sizes, without opening a file.
    Sizes,
    /// Contents as well.
    Contents,
}

impl Manifest {
    /// Find the differences, by path.
    pub fn changes(&self, release: &Path, depth: ManifestCheckDepth) -> io::Result<Vec<(String, ManifestDifference)>> {
        let mut found = Vec::new();
        walk(release, "", &mut found)?;
        let mut changes = Vec::new();
        let mut met = 0;
        for there in &found {
            let name = there.name();
            let change = match self.entries.get(name.as_str()) {
                _ if there.privileged => {
                    met += usize::from(self.entries.contains_key(name.as_str()));
                    Some(ManifestDifference::Privileged)
                }
                None => Some(ManifestDifference::Added),
                Some(entry) => {
                    met += 1;
                    entry.change(there, release, depth)
                }
            };
            changes.extend(change.map(|change| (name, change)));
        }
        if met < self.entries.len() {
            let there: HashSet<String> = found.iter().map(ReleaseFile::name).collect();
            let missing = self.entries.keys().filter(|path| !there.contains(&***path));
            changes.extend(missing.map(|path| {
                let taken = fs::symlink_metadata(release.join(&**path)).is_ok();
                (path.to_string(), if taken { ManifestDifference::OtherKind } else { ManifestDifference::Missing })
            }));
        }
        changes.sort();
        Ok(changes)
    }
}

impl ManifestEntry {
    fn change(&self, there: &ReleaseFile, release: &Path, depth: ManifestCheckDepth) -> Option<ManifestDifference> {
        if (self.kind == ManifestEntryKind::Link) != there.link {
            return Some(ManifestDifference::OtherKind);
        }
        if self.size_bytes != there.size_bytes {
            return Some(ManifestDifference::Content);
        }
        if self.kind == ManifestEntryKind::Executable && there.kind() == ManifestEntryKind::Plain {
            return Some(ManifestDifference::NotExecutable);
        }
        if depth == ManifestCheckDepth::Sizes && !there.link {
            return None;
        }
        match there.entry(release) {
            Ok(entry) if entry.sum != self.sum => Some(ManifestDifference::Content),
            Ok(_) => None,
            Err(error) => Some(ManifestDifference::Unreadable(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::tests::release;
    use super::*;

    #[cfg(unix)]
    #[test]
    fn every_way_of_being_changed_is_seen() {
        use std::os::unix::fs::PermissionsExt;

        let changed = |path: &str, depth, change: &dyn Fn(&Path)| {
            let (top, manifest) = release();
            change(&top.path().join(path));
            manifest.changes(top.path(), depth).expect("it is read")
        };
        let one = |path: &str, change: ManifestDifference| vec![(path.to_owned(), change)];
        let same_size = |path: &Path| fs::write(path, "PROGRAM").expect("a file");
        assert_eq!(
            changed("bin/tool", ManifestCheckDepth::Contents, &same_size),
            one("bin/tool", ManifestDifference::Content)
        );
        assert_eq!(changed("bin/tool", ManifestCheckDepth::Sizes, &same_size), []);
        let longer = |path: &Path| fs::write(path, "programs").expect("a file");
        assert_eq!(
            changed("bin/tool", ManifestCheckDepth::Sizes, &longer),
            one("bin/tool", ManifestDifference::Content)
        );
        let plain = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("a mode");
        assert_eq!(
            changed("bin/tool", ManifestCheckDepth::Sizes, &plain),
            one("bin/tool", ManifestDifference::NotExecutable)
        );
        let setuid = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o4755)).expect("a mode");
        assert_eq!(
            changed("bin/tool", ManifestCheckDepth::Sizes, &setuid),
            one("bin/tool", ManifestDifference::Privileged)
        );
        let gone = |path: &Path| fs::remove_file(path).expect("it goes");
        assert_eq!(
            changed("odd\nname", ManifestCheckDepth::Sizes, &gone),
            one("odd\\nname", ManifestDifference::Missing)
        );
        let elsewhere = |path: &Path| {
            fs::remove_file(path).expect("it goes");
            std::os::unix::fs::symlink("bin/tooL", path).expect("a link");
        };
        assert_eq!(changed("link", ManifestCheckDepth::Sizes, &elsewhere), one("link", ManifestDifference::Content));
        let folder = |path: &Path| {
            fs::remove_file(path).expect("it goes");
            fs::create_dir(path).expect("a directory");
        };
        assert_eq!(changed("link", ManifestCheckDepth::Sizes, &folder), one("link", ManifestDifference::OtherKind));
        assert_eq!(
            changed("new", ManifestCheckDepth::Sizes, &|path| fs::write(path, "").expect("a file")),
            one("new", ManifestDifference::Added)
        );
    }
}
