//! A release's staging directory: only this module creates files from archives.
//!
//! The directory starts empty and only the tree writes to it, so the tree knows every entry. An entry is created only
//! below folders that the tree itself made, never below a link, and only at an unused path: no archive can write
//! through a link or over an earlier file. Names are compared as the directory's file system compares them.

use std::collections::hash_map;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use foldhash::{HashMap, HashMapExt};
use vx_inflate::{Pieced, next_piece};

use super::super::cancel::CancelWatch;
use super::super::disk::{DiskError, DiskErrorContext};
use super::super::reserved_space::reserve;
use super::error::UnpackErrorKind;
use super::files::{Root, add_execute_bits, symlink};
use super::limits::{Budget, Packed, UnpackLimits};
use super::links;
use super::names::NameCase;
use super::path::{EntryPath, Placement, parent, shown};
use crate::release::manifest::{Checksum, Manifest, ManifestEntry};

/// A release while it is unpacked.
pub(crate) struct ReleaseTree {
    root: Root,
    case: NameCase,
    known: HashMap<Box<str>, KeyedEntry>,
    links: Vec<EntryPath>,
    last_parent: String,
    budget: Budget,
    watch: CancelWatch,
    totals: TreeTotals,
    manifest: Manifest,
}

/// Totals over a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TreeTotals {
    pub(crate) files: u64,
    pub(crate) size_bytes: u64,
}

/// An entry, stored under the key of its path.
#[derive(Debug)]
struct KeyedEntry {
    kind: TreeEntryKind,
    /// The path as written, if it differs from the key.
    written: Option<Box<str>>,
}

#[derive(Debug, PartialEq, Eq)]
enum TreeEntryKind {
    Directory,
    File,
    Link(Box<str>),
}

impl ReleaseTree {
    /// Make a tree in this empty directory, whose file system compares names in this way.
    pub(crate) fn new(
        root: PathBuf,
        case: NameCase,
        limits: UnpackLimits,
        watch: CancelWatch,
    ) -> Result<Self, DiskError> {
        Ok(Self {
            root: Root::open(root)?,
            case,
            known: HashMap::new(),
            links: Vec::new(),
            last_parent: String::new(),
            budget: Budget::new(limits),
            watch,
            totals: TreeTotals::default(),
            manifest: Manifest::default(),
        })
    }

    /// Path of the directory.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Wrap a reader, so that the bytes it reads count as the archive's size.
    pub(super) fn packed<R>(&self, inner: R) -> Packed<R> {
        self.budget.packed(inner)
    }

    /// Count archive bytes that no [`ReleaseTree::packed`] reader counts.
    pub(super) fn add_packed(&self, bytes: u64) {
        self.budget.add_packed(bytes);
    }

    /// Count bytes that are unpacked but belong to no file.
    pub(super) fn count_bytes(&mut self, count: u64) -> Result<(), UnpackErrorKind> {
        self.watch.check()?;
        self.budget.add_bytes(None, count)
    }

    /// Number of entries, including folders.
    pub(super) fn entries(&self) -> usize {
        self.known.len()
    }

    /// Create a folder; it may exist already.
    pub(super) fn directory(&mut self, path: &EntryPath) -> Result<(), UnpackErrorKind> {
        self.watch.check()?;
        self.make_directory(path.as_str())
    }

    /// Create a file with this content, of `size_bytes` if that is declared. Setuid and similar bits are dropped from
    /// `mode`. Returns the content's checksum (CRC-32) and size.
    pub(super) fn file(
        &mut self,
        path: &EntryPath,
        mode: u32,
        size_bytes: Option<u64>,
        mut content: impl Pieced,
    ) -> Result<(u32, u64), UnpackErrorKind> {
        self.budget.check_declared(path.as_str(), size_bytes.unwrap_or(0))?;
        self.claim(path, TreeEntryKind::File)?;
        let mut file = self.root.create_file(path, mode)?;
        reserve(&file, size_bytes.unwrap_or(0));
        let mut written = 0;
        let mut sum = Checksum::default();
        loop {
            self.watch.check()?;
            // Write the piece from the decoder's own buffer, without a copy.
            let wanted = next_piece(written, size_bytes);
            let piece = content.piece(wanted).map_err(UnpackErrorKind::Damaged)?;
            let count = piece.len();
            if count == 0 {
                break;
            }
            written += count as u64;
            if size_bytes.is_some_and(|size| written > size) {
                return Err(UnpackErrorKind::damaged("an entry is longer than its header says"));
            }
            self.budget.add_bytes(Some(path.as_str()), count as u64)?;
            self.write(&mut file, piece, path, size_bytes)?;
            sum.update(piece);
            content.consume(count);
        }
        if size_bytes.is_some_and(|size| written < size) {
            return Err(UnpackErrorKind::damaged("an entry is shorter than its header says"));
        }
        self.totals.size_bytes += written;
        Ok(self.record_file(path, sum.file(mode)))
    }

    /// Create a file whose content is in memory. Returns its checksum and size.
    pub(super) fn small_file(
        &mut self,
        path: &EntryPath,
        mode: u32,
        content: &[u8],
    ) -> Result<(u32, u64), UnpackErrorKind> {
        self.watch.check()?;
        self.budget.add_bytes(Some(path.as_str()), content.len() as u64)?;
        self.claim(path, TreeEntryKind::File)?;
        let mut file = self.root.create_file(path, mode)?;
        self.write(&mut file, content, path, Some(content.len() as u64))?;
        self.totals.size_bytes += content.len() as u64;
        let mut sum = Checksum::default();
        sum.update(content);
        Ok(self.record_file(path, sum.file(mode)))
    }

    fn write(&self, file: &mut File, bytes: &[u8], path: &EntryPath, size_bytes: Option<u64>) -> Result<(), DiskError> {
        let result = file.write_all(bytes).with_lazy_path("write", || self.root.place(path.as_str()));
        result.map_err(|error| error.needing(size_bytes.unwrap_or(bytes.len() as u64)))
    }

    fn record_file(&mut self, path: &EntryPath, entry: ManifestEntry) -> (u32, u64) {
        self.manifest.record(path.as_str(), entry);
        entry.checks()
    }

    /// Create an executable file whose content is the whole download.
    pub(super) fn place_single(
        &mut self,
        content: impl Pieced,
        name: &str,
        placement: &Placement,
    ) -> Result<(), UnpackErrorKind> {
        match placement.place_whole(name)? {
            Some(path) => self.file(&path, 0o755, None, content).map(drop),
            None => Err(UnpackErrorKind::Empty { strip: 0 }),
        }
    }

    /// Create a symbolic link. Where it leads is known once all entries are there: [`ReleaseTree::finish`] checks it.
    pub(super) fn symlink(&mut self, path: &EntryPath, target: &[u8]) -> Result<(), UnpackErrorKind> {
        let outside = || UnpackErrorKind::LinkOutside { entry: shown(path.as_str().as_bytes()), target: shown(target) };
        let text = str::from_utf8(target).map_err(|_| outside())?;
        if text.is_empty() || text.starts_with('/') || text.contains(['\\', ':']) && cfg!(windows) {
            return Err(outside());
        }
        if text.contains(char::is_control) {
            return Err(outside());
        }
        self.claim(path, TreeEntryKind::Link(text.into()))?;
        let place = self.root.place(path.as_str());
        self.links.push(path.clone());
        symlink(text, &place).with_path("link", &place)?;
        self.manifest.record(path.as_str(), ManifestEntry::link(target));
        Ok(())
    }

    /// Create a second name for an existing file.
    pub(super) fn hardlink(&mut self, path: &EntryPath, target: &EntryPath) -> Result<(), UnpackErrorKind> {
        match self.lookup(target.as_str()) {
            Some(TreeEntryKind::File) => {}
            _ => {
                let (entry, target) = (path.as_str().to_owned(), target.as_str().to_owned());
                return Err(UnpackErrorKind::LinkOutside {
                    entry,
                    target: format!("{target}, no file of this archive"),
                });
            }
        }
        self.claim(path, TreeEntryKind::File)?;
        let (existing, place) = (self.root.place(target.as_str()), self.root.place(path.as_str()));
        if fs::hard_link(&existing, &place).is_err() {
            // The file system has no hard links, or too many to this file.
            fs::copy(&existing, &place).with_path("write", &place)?;
        }
        self.manifest.record_again(path.as_str(), target.as_str());
        Ok(())
    }

    /// Add a mode that became known only after the file's content.
    pub(super) fn set_mode(&mut self, path: &EntryPath, mode: u32) -> Result<(), UnpackErrorKind> {
        if mode & 0o111 != 0 && self.lookup(path.as_str()) == Some(&TreeEntryKind::File) {
            let place = self.root.place(path.as_str());
            add_execute_bits(&place, mode).with_path("set the mode of", &place)?;
            self.manifest.record_mode(path.as_str(), mode);
        }
        Ok(())
    }

    /// Replace a file by a symbolic link whose target is the file's content.
    pub(super) fn turn_into_symlink(&mut self, path: &EntryPath) -> Result<(), UnpackErrorKind> {
        const LONGEST: u64 = 4096;
        let place = self.root.place(path.as_str());
        let mut target = Vec::new();
        File::open(&place).and_then(|file| file.take(LONGEST).read_to_end(&mut target)).with_path("read", &place)?;
        fs::remove_file(&place).with_path("remove", &place)?;
        self.known.remove(&*self.case.key(path.as_str()));
        self.manifest.forget(path.as_str());
        self.totals.files -= 1;
        self.totals.size_bytes = self.totals.size_bytes.saturating_sub(target.len() as u64);
        self.symlink(path, &target)
    }

    /// Find the paths of all files with this name, sorted.
    pub(crate) fn files_named(&self, name: &str) -> Vec<String> {
        let files = self.known.iter().filter(|(_, known)| known.kind == TreeEntryKind::File);
        let paths = files.map(|(key, known)| known.written.as_deref().unwrap_or(key).to_owned());
        let mut found: Vec<String> = paths.filter(|path| path.rsplit('/').next() == Some(name)).collect();
        found.sort_unstable();
        found
    }

    /// Manifest of the entries created so far.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Check where all links lead, once all archives are unpacked and everything that a link can pass through is known.
    pub(crate) fn finish(&self) -> Result<TreeTotals, UnpackErrorKind> {
        let target_of = |path: &str| match self.lookup(path) {
            Some(TreeEntryKind::Link(target)) => Some(&**target),
            _ => None,
        };
        for link in &self.links {
            if !links::stays_inside(link.as_str(), target_of) {
                let target = target_of(link.as_str()).unwrap_or_default();
                let (entry, target) = (shown(link.as_str().as_bytes()), shown(target.as_bytes()));
                return Err(UnpackErrorKind::LinkOutside { entry, target });
            }
        }
        Ok(self.totals)
    }

    fn lookup(&self, path: &str) -> Option<&TreeEntryKind> {
        self.known.get(&*self.case.key(path)).map(|known| &known.kind)
    }

    /// Reserve the path of a new entry, and create the folders above it.
    fn claim(&mut self, path: &EntryPath, kind: TreeEntryKind) -> Result<(), UnpackErrorKind> {
        if let Some(above) = path.parent()
            && above != self.last_parent
        {
            self.make_directory(above)?;
            above.clone_into(&mut self.last_parent);
        }
        self.totals.files += 1;
        self.register(path.as_str(), kind)
    }

    fn make_directory(&mut self, path: &str) -> Result<(), UnpackErrorKind> {
        let key = self.case.key(path);
        if let Some(known) = self.known.get(&*key) {
            let same = known.kind == TreeEntryKind::Directory && known.written.as_deref().unwrap_or(&key) == path;
            return if same { Ok(()) } else { Err(self.twice(path)) };
        }
        if let Some(above) = parent(path) {
            self.make_directory(above)?;
        }
        self.register(path, TreeEntryKind::Directory)?;
        Ok(self.root.create_directory(path)?)
    }

    fn register(&mut self, path: &str, kind: TreeEntryKind) -> Result<(), UnpackErrorKind> {
        self.budget.add_entry()?;
        let key = self.case.key(path);
        let written = (key != path).then(|| path.into());
        match self.known.entry(key.into()) {
            hash_map::Entry::Occupied(_) => Err(self.twice(path)),
            hash_map::Entry::Vacant(place) => {
                place.insert(KeyedEntry { kind, written });
                Ok(())
            }
        }
    }

    fn twice(&self, path: &str) -> UnpackErrorKind {
        let key = self.case.key(path);
        let earlier = self.known.get(&*key).and_then(|known| known.written.as_deref());
        UnpackErrorKind::Twice { entry: shown(path.as_bytes()), earlier: shown(earlier.unwrap_or(&key).as_bytes()) }
    }
}
