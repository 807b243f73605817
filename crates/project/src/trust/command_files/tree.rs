//! The tracked tree of a worktree: everything that its index records, and the files as they are.
//!
//! Both count: a pull changes what is recorded, an edit changes a file, and either makes a different tree. For a
//! submodule only its recorded commit counts. Files that git doesn't track are not included.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};

use vx_base::digest::{Algorithm, Digest, Hasher};
use vx_base::files::agreed_file::NamedKind;

use super::tracked::{GitIndexEntry, entries};
use crate::trust::part::NamedFile;

/// Most files of a tree that is compared: each call of vx reads them all.
const MOST_FILES: usize = 20_000;
/// Most bytes of its files.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// Describe the tracked tree of a worktree, given its top folder, with links resolved, and its git directory. `None` if
/// the index can't be read, if the tree is beyond a bound, or if a file in it can't be read.
pub(super) fn tree(top: &Path, git_directory: &Path) -> Option<NamedFile> {
    let entries = entries(git_directory).filter(|entries| entries.len() <= MOST_FILES)?;
    let (mut hasher, mut folders, mut bytes_left) = (Algorithm::Sha256.hasher(), BTreeMap::new(), MOST_BYTES);
    let mut files = 0;
    for entry in &entries {
        add(&mut hasher, &entry.path);
        add(&mut hasher, &entry.mode.to_le_bytes());
        add(&mut hasher, &entry.content);
        if entry.is_file() {
            files += 1;
            let path = top.join(path_of(entry));
            let parent = path.parent()?.to_owned();
            // No tracked file is below a link, not even below a link within the worktree.
            let is_there = *folders.entry(parent).or_insert_with_key(|folder| has_no_links(folder));
            add(&mut hasher, state(&path, is_there, &mut bytes_left)?.to_string().as_bytes());
        }
    }
    Some(NamedFile { path: String::new(), kind: NamedKind::Tree { files }, digest: hasher.finish() })
}

/// Digest a text after its length, so that texts can't run into each other.
fn add(hasher: &mut Hasher, text: &[u8]) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text);
}

#[cfg(unix)]
fn path_of(entry: &GitIndexEntry) -> PathBuf {
    PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(&entry.path))
}

#[cfg(not(unix))]
fn path_of(entry: &GitIndexEntry) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(&entry.path).into_owned())
}

fn has_no_links(folder: &Path) -> bool {
    folder.canonicalize().is_ok_and(|real| real == folder)
}

/// Digest a file as it is: its content and whether it is executable, or the text of a link. A file that is missing, or
/// of another kind, digests as nothing. `None` if it can't be read, or is beyond the bound.
fn state(path: &Path, is_there: bool, bytes_left: &mut u64) -> Option<Digest> {
    let mut hasher = Algorithm::Sha256.hasher();
    match fs::symlink_metadata(path) {
        Ok(found) if is_there && found.is_symlink() => {
            add(&mut hasher, b"link");
            hasher.update(fs::read_link(path).ok()?.as_os_str().as_encoded_bytes());
        }
        Ok(found) if is_there && found.is_file() => {
            add(&mut hasher, if is_executable(&found) { b"program" } else { b"file" });
            add_content(&mut hasher, path, bytes_left)?;
        }
        _ => {}
    }
    Some(hasher.finish())
}

fn add_content(hasher: &mut Hasher, path: &Path, bytes_left: &mut u64) -> Option<()> {
    let mut file = File::open(path).ok()?;
    let mut piece = [0; 16 * 1024];
    loop {
        match file.read(&mut piece).ok()? {
            0 => return Some(()),
            read => {
                *bytes_left = bytes_left.checked_sub(read as u64)?;
                hasher.update(&piece[..read]);
            }
        }
    }
}

#[cfg(unix)]
fn is_executable(found: &Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &Metadata) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    /// Make a repository with some files; `None` without git.
    fn repository() -> Option<(tempfile::TempDir, PathBuf)> {
        let keep = tempfile::tempdir().expect("a directory");
        let top = keep.path().canonicalize().expect("it is there");
        fs::create_dir(top.join("api")).expect("a directory");
        for (file, text) in [("vx.toml", "one"), ("api/run.sh", "two"), ("untracked", "three")] {
            fs::write(top.join(file), text).expect("a file");
        }
        fs::write(top.join(OsStr::from_bytes(b"odd\xff")), "four").expect("a file");
        symlink("vx.toml", top.join("link")).expect("a link");
        let made = git(&top, "init -q") && git(&top, "add vx.toml api link") && git(&top, "add odd*");
        made.then_some((keep, top))
    }

    fn git(top: &Path, words: &str) -> bool {
        let words: Vec<&OsStr> = words.split(' ').map(OsStr::new).collect();
        vx_process::output(Path::new("git"), &words, top).is_ok_and(|output| output.exit.success())
    }

    fn digest_of(top: &Path) -> Digest {
        tree(top, &top.join(".git")).expect("a tree").digest
    }

    #[test]
    fn every_change_of_a_tracked_file_or_of_its_record_is_another_tree_and_taking_it_back_is_none() {
        let Some((_keep, top)) = repository() else { return };
        let before = digest_of(&top);
        assert_eq!(tree(&top, &top.join(".git")).expect("a tree").kind, NamedKind::Tree { files: 4 });
        let write = |file: &OsStr, text: &str| fs::write(top.join(file), text).expect("a file");
        for (file, text) in [(&b"vx.toml"[..], "one"), (b"api/run.sh", "two"), (b"odd\xff", "four")] {
            write(OsStr::from_bytes(file), "another");
            assert_ne!(digest_of(&top), before, "{file:?}");
            fs::remove_file(top.join(OsStr::from_bytes(file))).expect("it goes");
            assert_ne!(digest_of(&top), before, "{file:?} is gone");
            write(OsStr::from_bytes(file), text);
            assert_eq!(digest_of(&top), before, "{file:?}");
        }
        let script = top.join("api/run.sh");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("its mode");
        assert_ne!(digest_of(&top), before, "it can be executed");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o644)).expect("its mode");
        assert!(git(&top, "update-index --chmod=+x api/run.sh"));
        assert_ne!(digest_of(&top), before, "the record says so");
        assert!(git(&top, "update-index --chmod=-x api/run.sh"));
        assert_eq!(digest_of(&top), before);
        fs::remove_file(top.join("link")).and_then(|()| symlink("api", top.join("link"))).expect("a link");
        assert_ne!(digest_of(&top), before, "a link to something else");
    }

    #[test]
    fn untracked_files_are_no_part_and_what_comes_or_goes_from_the_record_is() {
        let Some((_keep, top)) = repository() else { return };
        let before = digest_of(&top);
        fs::write(top.join("untracked"), "another").expect("a file");
        assert_eq!(digest_of(&top), before);
        assert!(git(&top, "add untracked"));
        assert_ne!(digest_of(&top), before);
        assert!(git(&top, "rm -q --cached untracked"));
        assert_eq!(digest_of(&top), before);
    }

    #[test]
    fn a_folder_that_became_a_link_has_no_tracked_files_whatever_it_leads_to() {
        let Some((_keep, top)) = repository() else { return };
        let before = digest_of(&top);
        fs::rename(top.join("api"), top.join("moved"))
            .and_then(|()| symlink("moved", top.join("api")))
            .expect("a link");
        assert_ne!(digest_of(&top), before);
    }

    #[test]
    fn without_an_index_there_is_no_tree() {
        let top = tempfile::tempdir().expect("a directory");
        assert_eq!(tree(top.path(), &top.path().join(".git")), None);
    }
}
