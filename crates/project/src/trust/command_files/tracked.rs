//! Files that git tracks, from the index of a worktree. The program `git` isn't asked: in a stranger's checkout it
//! would obey the configuration that it finds there.

use std::path::Path;

use vx_base::files::small_file::read_small;

/// Largest index that is read; the index of a million files has about 100 MiB.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// How many bytes of an entry precede its flags, without its object name.
const FIXED_BYTES: usize = 40;
/// Lengths of object names: for SHA-1, and for SHA-256.
const HASH_BYTES: [usize; 2] = [20, 32];
/// Flag of an entry with two more bytes.
const EXTENDED: u16 = 0x4000;
/// Mode of an entry that stands for the commit of another repository.
const SUBMODULE: u32 = 0o160_000;
/// Mode of an entry that stands for a folder, in a sparse index.
const FOLDER: u32 = 0o040_000;

/// A file, or a commit of another repository, as the index records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GitIndexEntry {
    /// Path below the top of the worktree, in git's bytes.
    pub(super) path: Vec<u8>,
    /// Kind and permissions.
    pub(super) mode: u32,
    /// Object name of the recorded content.
    pub(super) content: Vec<u8>,
}

impl GitIndexEntry {
    /// Whether it is a file or a link, neither another repository nor a folder that isn't checked out.
    pub(super) fn is_file(&self) -> bool {
        !matches!(self.mode & 0o170_000, SUBMODULE | FOLDER)
    }
}

/// Files that git tracks in a worktree.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TrackedFiles {
    /// Paths of the tracked files below the top of the worktree, sorted.
    files: Vec<String>,
    /// Paths of everything in the index, including other repositories and folders that aren't checked out, in lower
    /// case and sorted: many file systems ignore case.
    folded: Vec<String>,
}

impl TrackedFiles {
    /// Read the index of the worktree with this git directory. `None` if it can't be known: there's no index, or it is
    /// split into several files.
    pub(super) fn read(git_directory: &Path) -> Option<Self> {
        entries(git_directory).map(Self::from_entries)
    }

    /// Tracked files below this folder of the worktree.
    pub(super) fn files_below(&self, folder: &str) -> &[String] {
        below(&self.files, folder)
    }

    /// Whether git tracks something at this path, below it, or a folder above it as a whole.
    pub(super) fn knows(&self, path: &str) -> bool {
        let path = path.to_lowercase();
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        let is_known = |end: usize| self.folded.binary_search_by(|known| known.as_str().cmp(&path[..end])).is_ok();
        ends.into_iter().any(is_known) || !below(&self.folded, &path).is_empty()
    }

    fn from_entries(entries: Vec<GitIndexEntry>) -> Self {
        let (mut files, mut folded) = (Vec::new(), Vec::new());
        for entry in entries {
            // A folder that isn't checked out ends in a slash.
            let path = String::from_utf8_lossy(&entry.path).trim_end_matches('/').to_owned();
            folded.push(path.to_lowercase());
            if entry.is_file() {
                files.push(path);
            }
        }
        // git writes them sorted, but a stranger may not have.
        for paths in [&mut files, &mut folded] {
            paths.sort();
            paths.dedup();
        }
        Self { files, folded }
    }
}

/// Of these sorted paths, return those below a folder; all for the top.
fn below<'a, T: AsRef<str>>(sorted: &'a [T], folder: &str) -> &'a [T] {
    if folder.is_empty() {
        return sorted;
    }
    let prefix = format!("{folder}/");
    let behind = &sorted[sorted.partition_point(|path| path.as_ref() < prefix.as_str())..];
    &behind[..behind.partition_point(|path| path.as_ref().starts_with(&prefix))]
}

/// List everything that the index of this git directory records, in its order; `None` as for [`TrackedFiles::read`].
pub(super) fn entries(git_directory: &Path) -> Option<Vec<GitIndexEntry>> {
    let path = git_directory.join("index");
    let bytes = read_small(&path, MOST_BYTES)?;
    HASH_BYTES.into_iter().find_map(|hash_bytes| read(&bytes, hash_bytes))
}

/// Parse an index whose object names have this many bytes.
fn read(index: &[u8], hash_bytes: usize) -> Option<Vec<GitIndexEntry>> {
    let body = index.get(..index.len().checked_sub(hash_bytes)?)?;
    let (version, count) = (number(body, 4)?, number(body, 8)?);
    if !body.starts_with(b"DIRC") || !(2..=4).contains(&version) {
        return None;
    }
    let (mut at, mut entries, mut last) = (12, Vec::new(), Vec::new());
    for _ in 0..count {
        let (mode, flags_at) = (number(body, at + 24)?, at + FIXED_BYTES + hash_bytes);
        let content = body.get(at + FIXED_BYTES..flags_at)?.to_vec();
        let flags = u16::from_be_bytes(body.get(flags_at..flags_at + 2)?.try_into().ok()?);
        let mut name_at = flags_at + 2;
        if flags & EXTENDED != 0 {
            name_at += 2;
        }
        if version == 4 {
            let (dropped, read) = offset(body.get(name_at..)?)?;
            last.truncate(last.len().checked_sub(dropped)?);
            name_at += read;
        } else {
            last.clear();
        }
        let length = body.get(name_at..)?.iter().position(|byte| *byte == 0)?;
        last.extend(&body[name_at..name_at + length]);
        at = match version {
            4 => name_at + length + 1,
            _ => at + (name_at + length - at + 8) / 8 * 8,
        };
        entries.push(GitIndexEntry { path: last.clone(), mode, content });
    }
    extensions_are_known(body.get(at..)?).then_some(entries)
}

/// Whether the extensions after the entries are complete, and none of them changes the meaning of the entries.
fn extensions_are_known(mut rest: &[u8]) -> bool {
    while let (Some(name), Some(length)) = (rest.get(..4), number(rest, 4)) {
        let after = rest.get(8..).and_then(|rest| rest.get(usize::try_from(length).ok()?..));
        // By the format, extensions with another first letter may be ignored.
        let Some(after) = after.filter(|_| name[0].is_ascii_uppercase()) else { return false };
        rest = after;
    }
    rest.is_empty()
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// Parse how many bytes of the previous name are dropped, in the form of git's offsets; also returns the length of that
/// number.
fn offset(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_usize;
    for (read, byte) in bytes.iter().enumerate().take(4) {
        value = (value << 7) | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, read + 1));
        }
        value += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::ffi::OsStr;

    /// An index of version 2 with these paths, as git writes it.
    fn index(paths: &[(&str, u32)]) -> Vec<u8> {
        let mut bytes = b"DIRC\0\0\0\x02".to_vec();
        bytes.extend(u32::try_from(paths.len()).expect("few").to_be_bytes());
        for (path, mode) in paths {
            let begin = bytes.len();
            bytes.extend([0; 24]);
            bytes.extend(mode.to_be_bytes());
            bytes.extend([0; 32]);
            bytes.extend(u16::try_from(path.len()).expect("short").to_be_bytes());
            bytes.extend(path.as_bytes());
            bytes.resize(begin + (bytes.len() - begin + 8) / 8 * 8, 0);
        }
        bytes
    }

    #[test]
    fn the_files_of_an_index_are_found_and_submodules_are_none() {
        let mut bytes = index(&[("a.sh", 0o100_755), ("b/c", 0o120_000), ("lib", SUBMODULE), ("x/y-12", 0o100_644)]);
        bytes.extend(b"TREE\0\0\0\x02ab");
        bytes.extend([7; 20]);
        let paths = |bytes: &[u8]| read(bytes, 20).map(|entries| TrackedFiles::from_entries(entries).files);
        assert_eq!(paths(&bytes).expect("an index"), ["a.sh", "b/c", "x/y-12"]);
        let shared: Vec<u8> = [&bytes[..bytes.len() - 30], b"link\0\0\0\x14", &[7; 20], &[7; 20]].concat();
        assert_eq!(paths(&shared), None, "the other entries are in another file");
        for length in 0..bytes.len() - 10 {
            assert_eq!(paths(&bytes[..length]), None, "{length}");
        }
    }

    #[test]
    fn git_knows_what_it_tracks_with_everything_around_and_below() {
        let bytes = index(&[("Lib", SUBMODULE), ("x/y", 0o100_644), ("a/z", 0o100_644), ("a.b", 0o100_644)]);
        let index = TrackedFiles::from_entries(read(&[bytes, vec![7; 20]].concat(), 20).expect("an index"));
        for known in ["lib", "Lib/deep/file", "x", "X/Y", "a", "x/y/z"] {
            assert!(index.knows(known), "{known}");
        }
        for unknown in ["li", "library", "x/yz", "x/z", "b", "a.bc"] {
            assert!(!index.knows(unknown), "{unknown}");
        }
        assert_eq!(index.files_below(""), ["a.b", "a/z", "x/y"], "an index in another order");
        assert_eq!(index.files_below("a"), ["a/z"]);
        assert!(index.files_below("lib").is_empty());
    }

    #[test]
    fn a_folder_of_a_large_index_is_found_without_reading_all_of_it() {
        struct Counted<'a>(String, &'a Cell<usize>);
        impl AsRef<str> for Counted<'_> {
            fn as_ref(&self) -> &str {
                self.1.set(self.1.get() + 1);
                &self.0
            }
        }
        let compared = Cell::new(0);
        let name = |number: usize| format!("{:03}/{:03}", number / 1000, number % 1000);
        let paths: Vec<Counted<'_>> = (0..200_000).map(|number| Counted(name(number), &compared)).collect();
        for folder in 0..200 {
            assert_eq!(below(&paths, &format!("{folder:03}")).len(), 1000);
        }
        assert!(compared.get() < 200 * 40, "{} comparisons", compared.get());
    }

    #[test]
    fn an_index_that_git_wrote_is_read_in_each_of_its_versions() {
        let top = tempfile::tempdir().expect("a directory");
        let git = |words: &str| {
            let words: Vec<&OsStr> = words.split(' ').map(OsStr::new).collect();
            vx_process::output(Path::new("git"), &words, top.path()).is_ok_and(|output| output.exit.success())
        };
        if !git("init -q") {
            return;
        }
        for folder in ["api/sub", "web"] {
            std::fs::create_dir_all(top.path().join(folder)).expect("a directory");
        }
        let files = ["api/run.sh", "api/sub/a", "api/sub/ab", "vx.toml", "web/\u{e9}"];
        files.iter().for_each(|file| std::fs::write(top.path().join(file), "x").expect("a file"));
        assert!(git("add ."));
        std::fs::write(top.path().join("api/untracked"), "x").expect("a file");
        for version in [2, 3, 4] {
            assert!(git(&format!("update-index --index-version {version}")));
            assert_eq!(
                TrackedFiles::read(&top.path().join(".git")).expect("an index").files,
                files,
                "version {version}"
            );
        }
    }
}
