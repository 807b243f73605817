//! The consents that a user has given: one file for each repository or folder, in the home, for this user alone.
//!
//! A file holds the digests that were agreed to, the last one at the end, since worktrees of one repository may stand at
//! different commits. With each digest it holds the lines that were shown, so that a change can be shown as a difference.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Key;
use crate::digest::Digest;
use crate::paths::{Home, foreign};

/// The most digests that are kept for a key; the oldest ones make room.
const MOST: usize = 32;

/// What was agreed to for one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The repository or folder, for people.
    pub place: String,
    /// Every agreement, the last one at the end.
    pub agreed: Vec<Agreed>,
    /// The digests of single parts that the user has typed, which count whatever stands beside them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub typed: Vec<Digest>,
}

/// One agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// The digest of the acting parts.
    pub digest: Digest,
    /// Their lines, as they were shown.
    pub lines: Vec<String>,
}

impl Kept {
    /// True if these very parts were agreed to.
    pub fn covers(&self, digest: &Digest) -> bool {
        self.agreed.iter().any(|agreed| agreed.digest == *digest)
    }

    /// True if the user has typed the part with this digest.
    pub fn has_typed(&self, part: &Digest) -> bool {
        self.typed.contains(part)
    }

    /// The lines that were agreed to last.
    pub fn last_lines(&self) -> &[String] {
        self.agreed.last().map_or(&[], |agreed| &agreed.lines)
    }
}

/// The file of a key.
pub fn path(home: &Home, key: &Key) -> PathBuf {
    home.trust().join(&key.file_name)
}

/// What was agreed to for this key. A file that somebody else could have written counts as none.
pub fn read(home: &Home, key: &Key) -> Kept {
    read_file(&path(home, key)).unwrap_or_default()
}

fn read_file(path: &Path) -> Option<Kept> {
    let is_file = fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    if !is_file || foreign(path).is_some() || path.parent().and_then(foreign).is_some() {
        return None;
    }
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Keep an agreement to the parts with this digest and these lines.
///
/// # Errors
/// The home cannot be written to.
pub fn keep(home: &Home, key: &Key, digest: &Digest, lines: &[String]) -> io::Result<()> {
    let mut kept = read(home, key);
    kept.agreed.retain(|agreed| agreed.digest != *digest);
    kept.agreed.push(Agreed { digest: digest.clone(), lines: lines.to_vec() });
    let surplus = kept.agreed.len().saturating_sub(MOST);
    kept.agreed.drain(..surplus);
    write(home, key, kept)
}

fn write(home: &Home, key: &Key, mut kept: Kept) -> io::Result<()> {
    kept.place.clone_from(&key.shown);
    let folder = home.trust();
    make_private(&folder)?;
    // A temporary file is made for this user alone, and keeps that mode under its new name.
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(&folder)?;
    serde_json::to_writer_pretty(&mut file, &kept)?;
    file.write_all(b"\n")?;
    file.persist(folder.join(&key.file_name)).map_err(|error| error.error)?;
    home.mark()
}

/// Keep that the user has typed the parts with these digests. Returns those that were not kept before.
///
/// # Errors
/// The home cannot be written to.
pub fn keep_typed(home: &Home, key: &Key, typed: &[Digest]) -> io::Result<Vec<Digest>> {
    let mut kept = read(home, key);
    let fresh: Vec<Digest> = typed.iter().filter(|digest| !kept.typed.contains(digest)).cloned().collect();
    if !fresh.is_empty() {
        kept.typed.extend(fresh.iter().cloned());
        write(home, key, kept)?;
    }
    Ok(fresh)
}

/// Forget that the user has typed the parts with these digests.
///
/// # Errors
/// The home cannot be written to.
pub fn forget_typed(home: &Home, key: &Key, typed: &[Digest]) -> io::Result<()> {
    let mut kept = read(home, key);
    kept.typed.retain(|digest| !typed.contains(digest));
    if kept.agreed.is_empty() && kept.typed.is_empty() { revoke(home, key).map(drop) } else { write(home, key, kept) }
}

/// Forget every agreement for this key. Returns whether there was one.
///
/// # Errors
/// The file cannot be removed.
pub fn revoke(home: &Home, key: &Key) -> io::Result<bool> {
    match fs::remove_file(path(home, key)) {
        Ok(()) => home.mark().map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Every consent of this home, by place.
pub fn list(home: &Home) -> Vec<Kept> {
    let files = fs::read_dir(home.trust()).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut all: Vec<Kept> = files.filter_map(|file| read_file(&file)).collect();
    all.sort_by(|one, other| one.place.cmp(&other.place));
    all
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::digest::Algorithm;
    use std::os::unix::fs::PermissionsExt;

    fn digest(text: &str) -> Digest {
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(text.as_bytes());
        hasher.finish()
    }

    fn home() -> (tempfile::TempDir, Home, Key) {
        let top = tempfile::tempdir().expect("a directory");
        let home = Home::at(top.path().join("home"));
        (top, home, Key { file_name: "0123.json".into(), shown: "/src/project".into() })
    }

    #[test]
    fn an_agreement_covers_its_digest_until_it_is_revoked() {
        let (_top, home, key) = home();
        assert_eq!(read(&home, &key), Kept::default());
        assert!(!revoke(&home, &key).expect("nothing is there"));
        for text in ["one", "two", "one"] {
            keep(&home, &key, &digest(text), &[text.to_owned()]).expect("it is kept");
        }
        let kept = read(&home, &key);
        assert!(kept.covers(&digest("one")) && kept.covers(&digest("two")) && !kept.covers(&digest("three")));
        assert_eq!((kept.agreed.len(), kept.last_lines()), (2, &["one".to_owned()][..]));
        assert_eq!(list(&home).len(), 1);
        assert!(revoke(&home, &key).expect("it goes"));
        assert!(!read(&home, &key).covers(&digest("one")) && list(&home).is_empty());
    }

    #[test]
    fn the_file_is_this_users_alone_and_no_other_file_counts() {
        let (top, home, key) = home();
        keep(&home, &key, &digest("one"), &[]).expect("it is kept");
        let file = path(&home, &key);
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&home.trust())), (0o600, 0o700));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).expect("its mode");
        assert!(!read(&home, &key).covers(&digest("one")), "others may write to it");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its mode");
        assert!(read(&home, &key).covers(&digest("one")));
        let aside = top.path().join("aside");
        fs::rename(&file, &aside).expect("it moves");
        std::os::unix::fs::symlink(&aside, &file).expect("a link");
        assert!(!read(&home, &key).covers(&digest("one")), "a link");
    }

    #[test]
    fn a_part_that_was_typed_is_kept_beside_the_agreements() {
        let (_top, home, key) = home();
        let typed = [digest("zx"), digest("typos")];
        assert_eq!(keep_typed(&home, &key, &typed[..1]).expect("it is kept"), typed[..1]);
        assert_eq!(keep_typed(&home, &key, &typed).expect("it is kept"), typed[1..], "those that are new");
        keep(&home, &key, &digest("one"), &[]).expect("it is kept");
        let kept = read(&home, &key);
        assert!(kept.has_typed(&typed[0]) && kept.has_typed(&typed[1]) && !kept.covers(&typed[0]));
        forget_typed(&home, &key, &typed).expect("they go");
        assert!(!read(&home, &key).has_typed(&typed[0]) && read(&home, &key).covers(&digest("one")));
    }

    #[test]
    fn only_the_last_agreements_are_kept() {
        let (_top, home, key) = home();
        for number in 0..MOST + 3 {
            keep(&home, &key, &digest(&number.to_string()), &[]).expect("it is kept");
        }
        let kept = read(&home, &key);
        assert_eq!(kept.agreed.len(), MOST);
        assert!(!kept.covers(&digest("2")) && kept.covers(&digest("3")));
    }
}
