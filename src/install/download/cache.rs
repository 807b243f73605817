//! The download cache: whole archives by digest, and what there is of unfinished ones.
//!
//! `<digest>` was verified when it was put there, and is verified again whenever it is read. `<digest>.part` is the
//! beginning of one, and `<digest>.part.etag` says which version of it at the server. One process at a time works on
//! a part; others that want the same archive meanwhile receive it into a file of their own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::paths::Home;

use super::super::disk::{At, DiskError, create_directories};
use super::super::file_lock::FileLock;

/// Where one download is kept while it is received.
#[derive(Debug)]
pub(super) struct PartFile {
    path: PathBuf,
    etag_path: PathBuf,
    file: File,
    length: u64,
    /// The exclusive right to a shared part; none for a private file.
    _lock: Option<FileLock>,
}

/// The file of a whole archive.
pub(in crate::install) fn whole_path(home: &Home, digest: &Digest) -> PathBuf {
    home.downloads().join(digest.file_name())
}

impl PartFile {
    /// The part of the archive with this digest, with what there is of it; `private` when another process works on it
    /// or nobody knows its digest.
    pub(super) fn open(home: &Home, digest: Option<&Digest>, private: &Path) -> Result<Self, DiskError> {
        if let Some(digest) = digest {
            create_directories(&home.downloads())?;
            let lock_path = home.locks().join(format!("{}.lock", digest.file_name()));
            if let Some(lock) = FileLock::try_acquire(&lock_path).at("lock", &lock_path)? {
                let path = home.downloads().join(format!("{}.part", digest.file_name()));
                return Self::at(path, Some(lock));
            }
        }
        Self::at(private.to_owned(), None)
    }

    fn at(path: PathBuf, lock: Option<FileLock>) -> Result<Self, DiskError> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(&path).at("open", &path)?;
        let length = file.metadata().at("read", &path)?.len();
        let mut etag_path = path.clone().into_os_string();
        etag_path.push(".etag");
        Ok(Self { path, etag_path: etag_path.into(), file, length, _lock: lock })
    }

    /// How many bytes there are.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Another handle, for reading from the start.
    pub(super) fn reader(&self) -> Result<File, DiskError> {
        File::open(&self.path).at("read", &self.path)
    }

    /// Add the next bytes.
    pub(super) fn append(&mut self, bytes: &[u8], need_bytes: Option<u64>) -> Result<(), DiskError> {
        let result = self.file.write_all(bytes).at("write", &self.path);
        result.map_err(|error| error.needing(need_bytes.unwrap_or(bytes.len() as u64)))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Forget what there is.
    pub(super) fn clear(&mut self) -> Result<(), DiskError> {
        self.say_etag(None);
        self.file.set_len(0).at("empty", &self.path)?;
        self.length = 0;
        Ok(())
    }

    /// Which version of the archive the bytes belong to, as its server names it.
    pub(super) fn etag(&self) -> Option<String> {
        fs::read_to_string(&self.etag_path).ok().filter(|etag| !etag.is_empty())
    }

    /// A wrong or missing name costs a restart at most: the digest decides in the end.
    pub(super) fn say_etag(&self, etag: Option<&str>) {
        let _ = match etag {
            Some(etag) => fs::write(&self.etag_path, etag),
            None => fs::remove_file(&self.etag_path),
        };
    }

    /// The bytes are whole and verified: give the file its final name, which is returned.
    pub(super) fn finish(self, home: &Home, digest: &Digest) -> Result<PathBuf, DiskError> {
        create_directories(&home.downloads())?;
        let whole = whole_path(home, digest);
        self.say_etag(None);
        fs::rename(&self.path, &whole).at("create", &whole)?;
        Ok(whole)
    }

    /// The bytes are worthless.
    pub(super) fn discard(self) -> Result<(), DiskError> {
        self.say_etag(None);
        remove_file(&self.path)
    }
}

/// Remove a file; one that is not there counts as removed.
pub(super) fn remove_file(path: &Path) -> Result<(), DiskError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.at("remove", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_keeps_its_bytes_and_its_etag_between_processes() {
        let top = tempfile::tempdir().expect("a temporary directory");
        let home = Home::at(top.path().to_owned());
        let digest: Digest = "0".repeat(64).parse().expect("a digest");
        let private = top.path().join("private");
        let mut part = PartFile::open(&home, Some(&digest), &private).expect("a part");
        part.append(b"abc", None).expect("written");
        part.say_etag(Some("\"1\""));

        let second = PartFile::open(&home, Some(&digest), &private).expect("a part");
        assert_eq!((second.length(), private.exists()), (0, true), "the second works on its own");
        drop((part, second));

        let part = PartFile::open(&home, Some(&digest), &private).expect("a part");
        assert_eq!((part.length(), part.etag().as_deref()), (3, Some("\"1\"")));
        let whole = part.finish(&home, &digest).expect("finished");
        assert_eq!(fs::read(&whole).expect("the archive"), b"abc");
        assert_eq!(fs::read_dir(home.downloads()).expect("the cache").count(), 1);
    }
}
