//! The contents of a checkout, as far as its commands may name them.
//!
//! A checkout may be a stranger's. Regular files are read, links are followed as far as they stay in the checkout, and all
//! of it together is bounded: what is beyond a bound counts as not named.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use super::tracked::tracked;
use crate::agreed_file::{AgreedCheckout, AgreedFile, AgreedFileError, NamedKind};
use crate::digest::{Algorithm, Digest, Hasher};
use crate::small_file::open_regular;
use crate::trust::Whereabouts;
use crate::trust::part::NamedFile;

/// The most bytes that are read for all commands of a project.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// The most files that are read for them.
const MOST_FILES: usize = 4_000;
/// The most places that are looked at for them.
const MOST_LOOKS: usize = 20_000;
/// The most names in a folder that patterns are compared with.
const MOST_NAMES: usize = 10_000;

/// The things that commands may name.
pub trait Contents {
    /// The file at this path, if it lies in the checkout.
    fn file(&self, path: &Path) -> Option<NamedFile>;
    /// The folder at this path, if it lies in the checkout. Its content is that of all its files, or of those that git
    /// tracks.
    fn folder(&self, path: &Path) -> Option<NamedFile>;
    /// The names in this folder of the checkout.
    fn names(&self, folder: &Path) -> Vec<String>;
}

/// A checkout on disk.
pub struct Checkout {
    top: PathBuf,
    git_directory: Option<PathBuf>,
    tracked: OnceCell<Option<Vec<String>>>,
    /// The files and folders that were read, by their paths without links.
    known: RefCell<BTreeMap<PathBuf, Option<(NamedKind, Digest)>>>,
    bytes_left: Cell<u64>,
    files_left: Cell<usize>,
    looks_left: Cell<usize>,
}

impl Checkout {
    /// The checkout with the project of these whereabouts.
    pub fn of(whereabouts: &Whereabouts) -> Self {
        Self::at(whereabouts.top.clone(), whereabouts.git_directory())
    }

    /// The checkout with this top folder, of which git keeps what it knows in this directory.
    fn at(top: PathBuf, git_directory: Option<PathBuf>) -> Self {
        Self {
            top,
            git_directory,
            tracked: OnceCell::new(),
            known: RefCell::default(),
            bytes_left: Cell::new(MOST_BYTES),
            files_left: Cell::new(MOST_FILES),
            looks_left: Cell::new(MOST_LOOKS),
        }
    }

    /// The file or folder as it is now.
    pub fn again(&self, named: &NamedFile) -> Option<NamedFile> {
        let path = self.top.join(&named.path);
        if named.is_one_file() { self.file(&path) } else { self.folder(&path) }
    }

    /// The thing at this path, read by `read` the first time.
    fn named(
        &self,
        path: &Path,
        is_wanted: fn(&Path) -> bool,
        read: impl Fn(&Path) -> Option<(NamedKind, Digest)>,
    ) -> Option<NamedFile> {
        let real = self.inside(path).filter(|real| is_wanted(real))?;
        // A path through a link is named as the command has it, so that another target is another content.
        let goes_up = path.components().any(|component| component == Component::ParentDir);
        let lexical = path.strip_prefix(&self.top).ok().filter(|_| !goes_up);
        let shown: PathBuf = lexical.or_else(|| real.strip_prefix(&self.top).ok())?.components().collect();
        let known = self.known.borrow().get(&real).cloned();
        let (kind, digest) = known.unwrap_or_else(|| {
            let found = read(&real);
            self.known.borrow_mut().insert(real, found.clone());
            found
        })?;
        Some(NamedFile { path: shown.to_str()?.to_owned(), kind, digest })
    }

    /// The path without links, if it lies in the checkout.
    fn inside(&self, path: &Path) -> Option<PathBuf> {
        spend(&self.looks_left, 1)?;
        let real = fs::canonicalize(path).ok()?;
        let inside = real.strip_prefix(&self.top).ok()?;
        // What git keeps for itself is no part of what it tracks.
        let is_of_git = inside.components().any(|component| component.as_os_str() == ".git");
        (!is_of_git).then_some(real)
    }

    /// Add the content of a regular file, within the bounds.
    fn add_file(&self, path: &Path, hasher: &mut Hasher) -> Option<()> {
        let mut file = open_regular(path).ok()?;
        spend(&self.files_left, 1)?;
        if file.metadata().ok()?.len() > self.bytes_left.get() {
            return None;
        }
        let mut piece = [0; 16 * 1024];
        loop {
            match file.read(&mut piece).ok()? {
                0 => return Some(()),
                read => {
                    let left = self.bytes_left.get().checked_sub(read as u64)?;
                    self.bytes_left.set(left);
                    hasher.update(&piece[..read]);
                }
            }
        }
    }

    /// The files of a folder, and whether they are those that git tracks. A folder of which git tracks nothing counts as
    /// a whole.
    fn files_of(&self, folder: &Path) -> Option<(Vec<PathBuf>, bool)> {
        let below = folder.strip_prefix(&self.top).ok()?;
        let tracked = self.tracked.get_or_init(|| self.git_directory.as_deref().and_then(tracked));
        let of_folder = tracked.iter().flatten().filter(|path| Path::new(path).starts_with(below));
        let files: Vec<PathBuf> = of_folder.map(|path| self.top.join(path)).collect();
        match files.is_empty() {
            true => Some((files_below(folder, self.files_left.get())?, false)),
            false => Some((files, true)),
        }
    }

    fn read_folder(&self, folder: &Path) -> Option<(NamedKind, Digest)> {
        let (files, is_tracked) = self.files_of(folder)?;
        let mut hasher = Algorithm::Sha256.hasher();
        for file in &files {
            let name = file.strip_prefix(folder).ok()?.as_os_str().as_encoded_bytes();
            hasher.update(&(name.len() as u64).to_le_bytes());
            hasher.update(name);
            hasher.update(self.entry(file)?.to_string().as_bytes());
        }
        let files = files.len();
        let kind = if is_tracked { NamedKind::Tracked { files } } else { NamedKind::Whole { files } };
        Some((kind, hasher.finish()))
    }

    /// The digest of a file of a folder: of its content, of the text of a link, or of nothing if it is missing. `None`
    /// beyond a bound.
    fn entry(&self, path: &Path) -> Option<Digest> {
        let mut hasher = Algorithm::Sha256.hasher();
        let parent_is_inside = path.parent().is_some_and(|parent| self.inside(parent).is_some());
        match fs::symlink_metadata(path) {
            Ok(found) if parent_is_inside && found.is_symlink() => {
                hasher.update(b"link ");
                hasher.update(fs::read_link(path).ok()?.as_os_str().as_encoded_bytes());
            }
            Ok(found) if parent_is_inside && found.is_file() => {
                hasher.update(b"file ");
                self.add_file(path, &mut hasher)?;
            }
            _ => {}
        }
        Some(hasher.finish())
    }
}

impl Contents for Checkout {
    fn file(&self, path: &Path) -> Option<NamedFile> {
        self.named(path, Path::is_file, |real| {
            let mut hasher = Algorithm::Sha256.hasher();
            self.add_file(real, &mut hasher)?;
            Some((NamedKind::File, hasher.finish()))
        })
    }

    fn folder(&self, path: &Path) -> Option<NamedFile> {
        self.named(path, Path::is_dir, |real| self.read_folder(real))
    }

    fn names(&self, folder: &Path) -> Vec<String> {
        if self.inside(folder).is_none() {
            return Vec::new();
        }
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_NAMES);
        let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }
}

/// All files below a folder in their order, without following links; `None` if there are more.
fn files_below(folder: &Path, most: usize) -> Option<Vec<PathBuf>> {
    let (mut files, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).ok()?.flatten() {
            let is_folder = entry.file_type().ok()?.is_dir();
            match is_folder {
                true if entry.file_name() == ".git" => {}
                true => open.push(entry.path()),
                false => files.push(entry.path()),
            }
            if files.len() + open.len() > most {
                return None;
            }
        }
    }
    files.sort();
    Some(files)
}

/// Compare files and folders with what was agreed to.
///
/// # Errors
/// One of them is another now, or cannot be read.
pub fn compare_agreed<'a>(agreed: impl IntoIterator<Item = &'a AgreedFile>) -> Result<(), AgreedFileError> {
    let mut last: Option<(&AgreedCheckout, Checkout)> = None;
    for file in agreed {
        if file.kind == NamedKind::File {
            file.read()?;
            continue;
        }
        let of = &file.checkout;
        let (_, checkout) = match last.take() {
            Some(same) if same.0 == of => last.insert(same),
            _ => last.insert((of, Checkout::at(of.top.clone(), of.git_directory.clone()))),
        };
        let below = file.path.strip_prefix(&of.top).ok().and_then(Path::to_str);
        let named = |path: &str| NamedFile { path: path.to_owned(), kind: file.kind, digest: file.digest.clone() };
        let is_same = below.map(named).is_some_and(|named| checkout.again(&named).as_ref() == Some(&named));
        if !is_same {
            return Err(AgreedFileError::Changed(file.path.clone()));
        }
    }
    Ok(())
}

fn spend(left: &Cell<usize>, number: usize) -> Option<()> {
    left.set(left.get().checked_sub(number)?);
    Some(())
}

#[cfg(all(test, unix))]
mod tests;
