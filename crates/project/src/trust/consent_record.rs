//! Consents that a user has given: one file for each repository or folder, in the home, readable only by this user.
//!
//! A file holds the digests that were agreed to, the last at the end, since worktrees of one repository may be at
//! different commits. With each digest it holds the lines that were shown, so that a change can be shown as a
//! difference.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::slice;

use serde::{Deserialize, Serialize};
use vx_base::digest::Digest;
use vx_base::paths::{Home, foreign};
use vx_base::shown_address::without_secrets_for_a_shell;

use super::ConsentKey;
use super::part::{ActingPart, digest};

/// Most digests that are stored for a key; beyond that the oldest are dropped.
const MOST: usize = 32;

/// What was agreed to for one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRecord {
    /// Repository or folder, for people.
    pub place: String,
    /// All agreements, the last at the end.
    pub agreed: Vec<AgreementRecord>,
    /// Digests of single parts that the user has typed. They count whatever other parts there are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub typed: Vec<Digest>,
}

/// One agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementRecord {
    /// Digest of the acting parts.
    pub digest: Digest,
    /// Lines of the parts, as they were shown: without secrets in addresses.
    pub lines: Vec<String>,
    /// Digest of each part; shows changes in what isn't displayed.
    #[serde(default)]
    pub parts: Vec<Digest>,
    /// Digest of the addresses of the repository's remote `origin`; empty without one. Earlier versions stored no
    /// digest.
    #[serde(default)]
    pub origin: String,
    /// Whether the repository's tracked files are among the parts; they are then part of each later question, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tied: bool,
}

impl AgreementRecord {
    /// Make the agreement to these parts, for a repository without an origin. Their lines are in the order of their
    /// weight, so that commands come last.
    pub fn to(parts: &[ActingPart]) -> Self {
        let mut parts: Vec<&ActingPart> = parts.iter().collect();
        parts.sort_by_key(|part| part.weight());
        let digests = parts.iter().map(|part| digest(slice::from_ref(*part))).collect();
        let lines = parts.iter().map(|part| part.line()).collect();
        let parts: Vec<ActingPart> = parts.into_iter().cloned().collect();
        let tied = parts.iter().any(ActingPart::is_tree);
        Self { digest: digest(&parts), lines, parts: digests, origin: String::new(), tied }
    }

    /// Find the lines of the parts that were not among the parts agreed to before.
    pub fn new_since(&self, before: Option<&Self>) -> Vec<String> {
        let known = |part: &Digest| before.is_some_and(|before| before.parts.contains(part));
        let lines = self.lines.iter().zip(&self.parts);
        lines.filter(|(_, part)| !known(part)).map(|(line, _)| line.clone()).collect()
    }
}

impl ConsentRecord {
    /// Whether exactly these parts were agreed to, for a repository with this origin.
    pub fn covers(&self, digest: &Digest, origin: &str) -> bool {
        self.agreed.iter().any(|agreed| agreed.digest == *digest && agreed.origin == origin)
    }

    /// Whether exactly these parts were agreed to, but only while the repository had another origin.
    pub fn is_of_another_origin(&self, digest: &Digest, origin: &str) -> bool {
        !self.covers(digest, origin) && self.agreed.iter().any(|agreed| agreed.digest == *digest)
    }

    /// Whether the user has typed the part with this digest.
    pub fn has_typed(&self, part: &Digest) -> bool {
        self.typed.contains(part)
    }

    /// Whether the user has tied the consent to the tracked files. Earlier agreements then no longer cover anything,
    /// since the tree is now one of the parts that are asked about.
    pub fn is_tied(&self) -> bool {
        self.agreed.iter().any(|agreed| agreed.tied)
    }

    /// Most recent agreement.
    pub fn last(&self) -> Option<&AgreementRecord> {
        self.agreed.last()
    }
}

/// Path of a key's file.
pub fn path(home: &Home, key: &ConsentKey) -> PathBuf {
    home.trust().join(&key.file_name)
}

/// Read what was agreed to for this key. A file that somebody else could have written counts as empty.
pub fn read(home: &Home, key: &ConsentKey) -> ConsentRecord {
    read_file(&path(home, key)).unwrap_or_default()
}

fn read_file(path: &Path) -> Option<ConsentRecord> {
    let is_file = fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    if !is_file || foreign(path).is_some() || path.parent().and_then(foreign).is_some() {
        return None;
    }
    let mut kept: ConsentRecord = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    // An earlier vx stored the lines with the secrets of addresses.
    let lines = kept.agreed.iter_mut().flat_map(|agreed| &mut agreed.lines);
    lines.for_each(|line| *line = without_secrets_for_a_shell(line));
    Some(kept)
}

/// Store an agreement.
///
/// # Errors
/// The home can't be written to.
pub fn keep(home: &Home, key: &ConsentKey, fresh: AgreementRecord) -> io::Result<()> {
    let mut kept = read(home, key);
    kept.agreed.retain(|agreed| agreed.digest != fresh.digest || agreed.origin != key.origin);
    kept.agreed.push(AgreementRecord { origin: key.origin.clone(), ..fresh });
    let surplus = kept.agreed.len().saturating_sub(MOST);
    kept.agreed.drain(..surplus);
    write(home, key, kept)
}

fn write(home: &Home, key: &ConsentKey, mut kept: ConsentRecord) -> io::Result<()> {
    kept.place.clone_from(&key.shown);
    let folder = home.trust();
    make_private(&folder)?;
    // A temporary file is created for this user alone, and keeps that mode under its new name.
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(&folder)?;
    serde_json::to_writer_pretty(&mut file, &kept)?;
    file.write_all(b"\n")?;
    file.persist(folder.join(&key.file_name)).map_err(|error| error.error)?;
    home.mark()
}

/// Store that the user has typed the parts with these digests. Returns the digests that were not stored before.
///
/// # Errors
/// The home can't be written to.
pub fn keep_typed(home: &Home, key: &ConsentKey, typed: &[Digest]) -> io::Result<Vec<Digest>> {
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
/// The home can't be written to.
pub fn forget_typed(home: &Home, key: &ConsentKey, typed: &[Digest]) -> io::Result<()> {
    let mut kept = read(home, key);
    kept.typed.retain(|digest| !typed.contains(digest));
    if kept.agreed.is_empty() && kept.typed.is_empty() { revoke(home, key).map(drop) } else { write(home, key, kept) }
}

/// Forget every agreement for this key. Returns whether there was one.
///
/// # Errors
/// The file can't be removed.
pub fn revoke(home: &Home, key: &ConsentKey) -> io::Result<bool> {
    match fs::remove_file(path(home, key)) {
        Ok(()) => home.mark().map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// List every consent of this home, by place.
pub fn list(home: &Home) -> Vec<ConsentRecord> {
    let files = fs::read_dir(home.trust()).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut all: Vec<ConsentRecord> = files.filter_map(|file| read_file(&file)).collect();
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
    use std::os::unix::fs::PermissionsExt;
    use vx_base::digest::Algorithm;

    fn agreement(text: &str) -> AgreementRecord {
        let (digest, lines, parts) = (named(text), vec![text.to_owned()], vec![named(text)]);
        AgreementRecord { digest, lines, parts, origin: String::new(), tied: false }
    }

    fn named(text: &str) -> Digest {
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(text.as_bytes());
        hasher.finish()
    }

    fn home() -> (tempfile::TempDir, Home, ConsentKey) {
        let top = tempfile::tempdir().expect("a directory");
        let home = Home::from_root(top.path().join("home"));
        (top, home, ConsentKey { file_name: "0123.json".into(), shown: "/src/project".into(), origin: String::new() })
    }

    #[test]
    fn an_agreement_covers_its_digest_until_it_is_revoked() {
        let (_top, home, key) = home();
        assert_eq!(read(&home, &key), ConsentRecord::default());
        assert!(!revoke(&home, &key).expect("nothing is there"));
        for text in ["one", "two", "one"] {
            keep(&home, &key, agreement(text)).expect("it is kept");
        }
        let kept = read(&home, &key);
        assert!(kept.covers(&named("one"), "") && kept.covers(&named("two"), "") && !kept.covers(&named("three"), ""));
        assert_eq!((kept.agreed.len(), kept.last()), (2, Some(&agreement("one"))));
        assert_eq!(list(&home).len(), 1);
        assert!(revoke(&home, &key).expect("it goes"));
        assert!(!read(&home, &key).covers(&named("one"), "") && list(&home).is_empty());
    }

    #[test]
    fn the_file_is_this_users_alone_and_no_other_file_counts() {
        let (top, home, key) = home();
        keep(&home, &key, agreement("one")).expect("it is kept");
        let file = path(&home, &key);
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&home.trust())), (0o600, 0o700));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).expect("its mode");
        assert!(!read(&home, &key).covers(&named("one"), ""), "others may write to it");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its mode");
        assert!(read(&home, &key).covers(&named("one"), ""));
        let aside = top.path().join("aside");
        fs::rename(&file, &aside).expect("it moves");
        std::os::unix::fs::symlink(&aside, &file).expect("a link");
        assert!(!read(&home, &key).covers(&named("one"), ""), "a link");
    }

    #[test]
    fn a_change_of_what_is_not_shown_is_new() {
        let address = |secret: &str| ActingPart::Setting {
            name: "mirrors.npm".into(),
            value: format!("https://me:{secret}@h.invalid/?token={secret}"),
        };
        let other = ActingPart::Variable { name: "A".into(), value: "1".into() };
        let (before, after) =
            (AgreementRecord::to(&[address("one"), other.clone()]), AgreementRecord::to(&[address("two"), other]));
        assert_eq!(before.lines, after.lines, "neither shows the secret");
        assert_eq!(after.new_since(Some(&before)), after.lines[1..], "the variable stands first");
        assert_eq!(after.new_since(None), after.lines);
    }

    #[test]
    fn a_part_that_was_typed_is_kept_beside_the_agreements() {
        let (_top, home, key) = home();
        let typed = [named("zx"), named("typos")];
        assert_eq!(keep_typed(&home, &key, &typed[..1]).expect("it is kept"), typed[..1]);
        assert_eq!(keep_typed(&home, &key, &typed).expect("it is kept"), typed[1..], "those that are new");
        keep(&home, &key, agreement("one")).expect("it is kept");
        let kept = read(&home, &key);
        assert!(kept.has_typed(&typed[0]) && kept.has_typed(&typed[1]) && !kept.covers(&typed[0], ""));
        forget_typed(&home, &key, &typed).expect("they go");
        assert!(!read(&home, &key).has_typed(&typed[0]) && read(&home, &key).covers(&named("one"), ""));
    }

    #[test]
    fn only_the_last_agreements_are_kept() {
        let (_top, home, key) = home();
        for number in 0..MOST + 3 {
            keep(&home, &key, agreement(&number.to_string())).expect("it is kept");
        }
        let kept = read(&home, &key);
        assert_eq!(kept.agreed.len(), MOST);
        assert!(!kept.covers(&named("2"), "") && kept.covers(&named("3"), ""));
    }

    #[test]
    fn an_agreement_is_for_a_repository_with_one_origin() {
        let (_top, home, key) = home();
        let moved = ConsentKey { origin: "other".into(), ..key.clone() };
        keep(&home, &key, agreement("one")).expect("it is kept");
        let (one, two) = (named("one"), named("two"));
        let kept = read(&home, &moved);
        assert!(kept.covers(&one, "") && !kept.covers(&one, "other"));
        assert!(kept.is_of_another_origin(&one, "other") && !kept.is_of_another_origin(&two, "other"));
        keep(&home, &moved, agreement("one")).expect("it is kept");
        let kept = read(&home, &key);
        assert!(kept.covers(&one, "") && kept.covers(&one, "other"));
        assert!(revoke(&home, &moved).expect("it goes"));
        assert_eq!(read(&home, &key), ConsentRecord::default(), "revoked for the place, whatever its origin");
    }
}
