//! How a release differs from its manifest.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

use super::there::{There, walk};
use super::{Entry, Kind, Manifest};

/// How a release differs from its manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It is not there.
    Missing,
    /// It is a file, a link or a folder where it was something else.
    OtherKind,
    /// Its content, or where it leads, is another.
    Content,
    /// It can no longer be executed.
    NotExecutable,
    /// It cannot be read: what the system says.
    Unreadable(String),
    /// It was not there.
    Added,
}

/// How closely a release is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Which files there are, of which kind and size: nothing is opened.
    Sizes,
    /// Their content too.
    Contents,
}

impl Manifest {
    /// How the release differs, by path.
    pub fn changes(&self, release: &Path, depth: Depth) -> io::Result<Vec<(String, Change)>> {
        let mut found = Vec::new();
        walk(release, "", &mut found)?;
        let mut changes = Vec::new();
        let mut met = 0;
        for there in &found {
            let name = there.name();
            let change = match self.entries.get(name.as_str()) {
                None => Some(Change::Added),
                Some(entry) => {
                    met += 1;
                    entry.change(there, release, depth)
                }
            };
            changes.extend(change.map(|change| (name, change)));
        }
        if met < self.entries.len() {
            let there: HashSet<String> = found.iter().map(There::name).collect();
            let missing = self.entries.keys().filter(|path| !there.contains(&***path));
            changes.extend(missing.map(|path| {
                let taken = fs::symlink_metadata(release.join(&**path)).is_ok();
                (path.to_string(), if taken { Change::OtherKind } else { Change::Missing })
            }));
        }
        changes.sort();
        Ok(changes)
    }
}

impl Entry {
    fn change(&self, there: &There, release: &Path, depth: Depth) -> Option<Change> {
        if (self.kind == Kind::Link) != there.link {
            return Some(Change::OtherKind);
        }
        if self.size_bytes != there.size_bytes {
            return Some(Change::Content);
        }
        if self.kind == Kind::Executable && there.kind() == Kind::Plain {
            return Some(Change::NotExecutable);
        }
        if depth == Depth::Sizes && !there.link {
            return None;
        }
        match there.entry(release) {
            Ok(entry) if entry.sum != self.sum => Some(Change::Content),
            Ok(_) => None,
            Err(error) => Some(Change::Unreadable(error.to_string())),
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
        let one = |path: &str, change: Change| vec![(path.to_owned(), change)];
        let same_size = |path: &Path| fs::write(path, "PROGRAM").expect("a file");
        assert_eq!(changed("bin/tool", Depth::Contents, &same_size), one("bin/tool", Change::Content));
        assert_eq!(changed("bin/tool", Depth::Sizes, &same_size), []);
        let longer = |path: &Path| fs::write(path, "programs").expect("a file");
        assert_eq!(changed("bin/tool", Depth::Sizes, &longer), one("bin/tool", Change::Content));
        let plain = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("a mode");
        assert_eq!(changed("bin/tool", Depth::Sizes, &plain), one("bin/tool", Change::NotExecutable));
        let gone = |path: &Path| fs::remove_file(path).expect("it goes");
        assert_eq!(changed("odd\nname", Depth::Sizes, &gone), one("odd\\nname", Change::Missing));
        let elsewhere = |path: &Path| {
            fs::remove_file(path).expect("it goes");
            std::os::unix::fs::symlink("bin/tooL", path).expect("a link");
        };
        assert_eq!(changed("link", Depth::Sizes, &elsewhere), one("link", Change::Content));
        let folder = |path: &Path| {
            fs::remove_file(path).expect("it goes");
            fs::create_dir(path).expect("a directory");
        };
        assert_eq!(changed("link", Depth::Sizes, &folder), one("link", Change::OtherKind));
        assert_eq!(
            changed("new", Depth::Sizes, &|path| fs::write(path, "").expect("a file")),
            one("new", Change::Added)
        );
    }
}
