//! Finding changes by scanning all chosen files again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::watched_files::WatchedFiles;
use crate::builds::stamp::Stamp;

/// The files as they were at the last scan.
#[derive(Debug)]
pub(super) struct Scan {
    choice: WatchedFiles,
    files: BTreeMap<PathBuf, Stamp>,
}

impl Scan {
    /// Scan the files as they are now.
    pub(super) fn new(choice: WatchedFiles) -> Self {
        let files = files(&choice);
        Self { choice, files }
    }

    /// Scan again. Returns the files that are new, gone or different since the last scan.
    pub(super) fn changes(&mut self) -> Vec<PathBuf> {
        self.choice.read_ignored();
        let now = files(&self.choice);
        let before = std::mem::replace(&mut self.files, now);
        let gone = before.keys().filter(|path| !self.files.contains_key(*path));
        let different =
            self.files.iter().filter(|(path, stamp)| before.get(*path) != Some(stamp)).map(|(path, _)| path);
        gone.chain(different).cloned().collect()
    }
}

fn files(choice: &WatchedFiles) -> BTreeMap<PathBuf, Stamp> {
    let mut files = BTreeMap::new();
    add(choice, choice.root(), &mut files);
    files
}

/// Add the chosen files of a directory. Links to directories are not followed, so no cycle can trap a scan.
fn add(choice: &WatchedFiles, folder: &Path, files: &mut BTreeMap<PathBuf, Stamp>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if choice.enters(&path) {
                add(choice, &path, files);
            }
        } else if choice.takes(&path)
            && let Ok(there) = fs::metadata(&path)
        {
            files.insert(path, Stamp::from_metadata(&there));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_changed_replaced_and_removed_files_are_found_once() {
        let top = tempfile::tempdir().expect("a directory");
        let at = |name: &str| top.path().join(name);
        fs::create_dir(at("src")).expect("a directory");
        for name in ["kept", "longer", "src/replaced", "removed", "x.tmp"] {
            fs::write(at(name), name).expect("a file");
        }
        fs::write(at("other"), "replaced, but").expect("a file");
        let choice = WatchedFiles::new(top.path(), &["*".to_owned(), "src/*".to_owned()], &[]).expect("patterns");
        let mut scan = Scan::new(choice);
        assert_eq!(scan.changes(), Vec::<PathBuf>::new());
        fs::write(at("longer"), "longer than before").expect("a file");
        fs::rename(at("other"), at("src/replaced")).expect("a file");
        fs::remove_file(at("removed")).expect("a file");
        fs::write(at("src/new"), "").expect("a file");
        let mut changes = scan.changes();
        changes.sort();
        assert_eq!(changes, ["longer", "other", "removed", "src/new", "src/replaced"].map(at));
        assert_eq!(scan.changes(), Vec::<PathBuf>::new());
    }
}
