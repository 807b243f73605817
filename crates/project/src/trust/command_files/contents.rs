//! Contents of a checkout, as far as its commands may name them.
//!
//! A checkout may be a stranger's. Only regular files are read, links are followed as far as they stay in the checkout,
//! and the total is bounded: what is beyond a bound counts as not named.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use vx_base::digest::{Algorithm, Digest, Hasher};
use vx_base::files::agreed_file::{AgreedCheckout, AgreedFile, AgreedFileError, NamedKind};
use vx_base::files::small_file::open_regular;

use super::tracked::TrackedFiles;
use super::tree::tree;
use crate::trust::Whereabouts;
use crate::trust::part::NamedFile;

/// Most bytes that are read for all commands of a project.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// Most files that are read for them.
const MOST_FILES: usize = 4_000;
/// Most paths that are looked at for them. A deep path counts as several: each folder above it is looked at, too.
const MOST_LOOKS: usize = 20_000;
/// How many folders above a path cost one look.
const FOLDERS_PER_LOOK: usize = 16;
/// Most names in a folder that patterns are compared with.
const MOST_NAMES: usize = 10_000;
/// Most names that are read for all commands of a project.
const MOST_NAMES_OF_ALL: usize = 200_000;

/// What commands may name.
pub trait NamedFileLookup {
    /// Find the file at this path, if it is in the checkout.
    fn file(&self, path: &Path) -> Option<NamedFile>;
    /// Find the file or folder at this path, if it is in the checkout. A folder's content is the content of all its
    /// files, or of those that git tracks.
    fn file_or_folder(&self, path: &Path) -> Option<NamedFile>;
    /// Find the file or folder at this path, if it is in the checkout of a repository that tracks nothing of it. It has
    /// no content.
    fn untracked(&self, path: &Path) -> Option<NamedFile>;
    /// List the names in this folder of the checkout.
    fn names(&self, folder: &Path) -> Vec<String>;
    /// Whether a bound is reached, so that nothing more is looked at.
    fn is_spent(&self) -> bool;
}

/// A checkout on disk.
pub struct Checkout {
    top: PathBuf,
    git_directory: Option<PathBuf>,
    index: OnceCell<Option<TrackedFiles>>,
    /// Files and folders that were read, by their paths with links resolved.
    known: RefCell<BTreeMap<PathBuf, Option<(NamedKind, Digest)>>>,
    bytes_left: Cell<u64>,
    files_left: Cell<usize>,
    looks_left: Cell<usize>,
    names_left: Cell<usize>,
}

impl Checkout {
    /// Open the checkout that contains this project.
    pub fn from_whereabouts(whereabouts: &Whereabouts) -> Self {
        Self::with_top(whereabouts.top.clone(), whereabouts.git_directory())
    }

    /// Open the checkout with this top folder; its index is in `git_directory`.
    fn with_top(top: PathBuf, git_directory: Option<PathBuf>) -> Self {
        Self {
            top,
            git_directory,
            index: OnceCell::new(),
            known: RefCell::default(),
            bytes_left: Cell::new(MOST_BYTES),
            files_left: Cell::new(MOST_FILES),
            looks_left: Cell::new(MOST_LOOKS),
            names_left: Cell::new(MOST_NAMES_OF_ALL),
        }
    }

    /// Look at the file or folder again, as it is now.
    pub fn again(&self, named: &NamedFile) -> Option<NamedFile> {
        let path = self.top.join(&named.path);
        match named.kind {
            NamedKind::File => self.file(&path),
            NamedKind::Tracked { .. } | NamedKind::Whole { .. } => self.folder(&path),
            // The program that uses it may have removed it.
            NamedKind::Untracked if fs::symlink_metadata(&path).is_err() => {
                self.index().filter(|index| !index.knows(&named.path)).map(|_| named.clone())
            }
            NamedKind::Untracked => self.untracked(&path),
            NamedKind::Tree { .. } => self.tree(),
        }
    }

    /// Files of the checkout that git tracks, if they can be known.
    fn index(&self) -> Option<&TrackedFiles> {
        self.index.get_or_init(|| self.git_directory.as_deref().and_then(TrackedFiles::read)).as_ref()
    }

    /// Describe everything that git tracks here: what the index records, and the files as they are. `None` if that
    /// can't be compared.
    pub fn tree(&self) -> Option<NamedFile> {
        tree(&self.top, self.git_directory.as_deref()?)
    }

    /// Find the folder at this path, if it is in the checkout.
    fn folder(&self, path: &Path) -> Option<NamedFile> {
        self.named(path, Path::is_dir, |real| self.read_folder(real))
    }

    /// Find what is at this path; `read` reads it the first time.
    fn named(
        &self,
        path: &Path,
        is_wanted: fn(&Path) -> bool,
        read: impl Fn(&Path) -> Option<(NamedKind, Digest)>,
    ) -> Option<NamedFile> {
        let real = self.inside(path).filter(|real| is_wanted(real))?;
        let shown = self.shown(path, &real)?;
        let known = self.known.borrow().get(&real).cloned();
        let (kind, digest) = known.unwrap_or_else(|| {
            let found = read(&real);
            self.known.borrow_mut().insert(real, found.clone());
            found
        })?;
        Some(NamedFile { path: shown, kind, digest })
    }

    /// Path relative to the top of what is at `real`, its path with links resolved. A path through a link stays as the
    /// command has it, so that a link with another target has another content.
    fn shown(&self, path: &Path, real: &Path) -> Option<String> {
        let goes_up = path.components().any(|component| component == Component::ParentDir);
        let lexical = path.strip_prefix(&self.top).ok().filter(|_| !goes_up);
        let shown: PathBuf = lexical.or_else(|| real.strip_prefix(&self.top).ok())?.components().collect();
        Some(shown.to_str()?.to_owned())
    }

    /// Whether another repository is at this path, or between the top and this path.
    fn is_of_another_repository(&self, real: &Path) -> bool {
        let folders = real.ancestors().take_while(|folder| *folder != self.top);
        folders.into_iter().any(|folder| fs::symlink_metadata(folder.join(".git")).is_ok())
    }

    /// Resolve links, if the result is in the checkout.
    fn inside(&self, path: &Path) -> Option<PathBuf> {
        spend(&self.looks_left, 1 + path.components().count() / FOLDERS_PER_LOOK)?;
        let real = fs::canonicalize(path).ok()?;
        let inside = real.strip_prefix(&self.top).ok()?;
        // git's own files aren't among those that it tracks.
        let is_of_git = inside.components().any(|component| component.as_os_str() == ".git");
        (!is_of_git).then_some(real)
    }

    /// Digest a regular file, within the bounds.
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

    /// List a folder's files, and whether these are the ones that git tracks. If git tracks nothing in a folder, all
    /// its files count. `None` if there are too many.
    fn files_of(&self, folder: &Path) -> Option<(Vec<PathBuf>, bool)> {
        let below = folder.strip_prefix(&self.top).ok()?;
        let tracked = below.to_str().zip(self.index()).map_or(&[][..], |(below, index)| index.files_below(below));
        match tracked.len() {
            0 => Some((self.files_below(folder)?, false)),
            files if files > self.files_left.get() => None,
            _ => Some((tracked.iter().map(|path| self.top.join(path)).collect(), true)),
        }
    }

    /// List all files below a folder in their order, without following links; `None` if there are too many.
    fn files_below(&self, folder: &Path) -> Option<Vec<PathBuf>> {
        let (mut files, mut open) = (Vec::new(), vec![folder.to_owned()]);
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).ok()?.flatten() {
                spend(&self.names_left, 1)?;
                let is_folder = entry.file_type().ok()?.is_dir();
                match is_folder {
                    true if entry.file_name() == ".git" => {}
                    true => open.push(entry.path()),
                    false => files.push(entry.path()),
                }
                if files.len() + open.len() > self.files_left.get() {
                    return None;
                }
            }
        }
        files.sort();
        Some(files)
    }

    fn read_file(&self, file: &Path) -> Option<(NamedKind, Digest)> {
        let mut hasher = Algorithm::Sha256.hasher();
        self.add_file(file, &mut hasher)?;
        Some((NamedKind::File, hasher.finish()))
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

    /// Digest a file in a folder: its content, the text of a link, or nothing if it is missing. `None` beyond a bound.
    fn entry(&self, path: &Path) -> Option<Digest> {
        let mut hasher = Algorithm::Sha256.hasher();
        let parent_is_inside = path.parent().is_some_and(|parent| self.inside(parent).is_some());
        if !parent_is_inside && self.is_spent() {
            return None;
        }
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

impl NamedFileLookup for Checkout {
    fn file(&self, path: &Path) -> Option<NamedFile> {
        self.named(path, Path::is_file, |real| self.read_file(real))
    }

    fn file_or_folder(&self, path: &Path) -> Option<NamedFile> {
        self.named(
            path,
            |real| real.is_file() || real.is_dir(),
            |real| match real.is_dir() {
                true => self.read_folder(real),
                false => self.read_file(real),
            },
        )
    }

    fn untracked(&self, path: &Path) -> Option<NamedFile> {
        let index = self.index()?;
        let real = self.inside(path).filter(|real| real.is_file() || real.is_dir())?;
        let (shown, below) = (self.shown(path, &real)?, real.strip_prefix(&self.top).ok()?.to_str()?);
        // macOS spells names that are not ASCII in two ways.
        let is_plain = shown.is_ascii() && below.is_ascii() || !cfg!(target_os = "macos");
        let is_free = is_plain && !below.is_empty() && !index.knows(&shown) && !index.knows(below);
        if !is_free || self.is_of_another_repository(&real) {
            return None;
        }
        Some(NamedFile { path: shown, kind: NamedKind::Untracked, digest: Algorithm::Sha256.hasher().finish() })
    }

    fn names(&self, folder: &Path) -> Vec<String> {
        if self.inside(folder).is_none() {
            return Vec::new();
        }
        let most = MOST_NAMES.min(self.names_left.get());
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(most);
        let read: Vec<OsString> = entries.map(|entry| entry.file_name()).collect();
        self.names_left.set(self.names_left.get() - read.len());
        let mut names: Vec<String> = read.into_iter().filter_map(|name| name.into_string().ok()).collect();
        names.sort();
        names
    }

    fn is_spent(&self) -> bool {
        self.looks_left.get() == 0
    }
}

/// Compare files and folders with what was agreed to.
///
/// # Errors
/// One of them has changed, or can't be read.
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
            _ => last.insert((of, Checkout::with_top(of.top.clone(), of.git_directory.clone()))),
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
    let rest = left.get().checked_sub(number);
    left.set(rest.unwrap_or_default());
    rest.map(drop)
}

#[cfg(all(test, unix))]
mod tests;
