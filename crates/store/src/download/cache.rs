//! The download cache: whole archives by digest, and parts of unfinished ones.
//!
//! `<digest>` was verified when it was stored, and is verified again on each read. `<digest>.part` is the beginning of
//! an archive, and `<digest>.part.etag` is the ETag of its version. One process at a time writes a part. Others that
//! want the same archive wait for it, and receive it into a private file only if the first makes no progress.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use vx_base::digest::Digest;
use vx_base::files::file_lock::FileLock;
use vx_base::files::small_file::read_small;
use vx_base::package::archive::Archive;
use vx_base::paths::Home;

use super::super::disk::{DiskError, DiskErrorContext, create_directories};
use super::super::lock::LockWaitError;
use super::super::reserved_space::{give_back, reserve};
use super::{DownloadErrorKind, DownloadSession};

/// Longest ETag that is stored.
const ETAG_BYTES: u64 = 1024;

/// Whether an ETag promises the same bytes, and can be sent back as it is. A weak one doesn't promise that.
pub(super) fn is_strong_etag(text: &str) -> bool {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let fits = text.len() as u64 <= ETAG_BYTES;
    fits && inner.is_some_and(|inner| inner.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'))
}

/// File of a download in progress.
#[derive(Debug)]
pub(super) struct PartFile {
    path: PathBuf,
    etag_path: PathBuf,
    file: File,
    length: u64,
    /// Size up to which space may be reserved.
    expected: u64,
    /// Lock on a shared part; `None` for a private file.
    lock: Option<FileLock>,
}

/// Path of a whole archive.
pub(crate) fn whole_path(home: &Home, digest: &Digest) -> PathBuf {
    home.downloads().join(digest.file_name())
}

impl PartFile {
    /// Open the part of this archive, with the bytes received before, once no other process writes it. The file is
    /// `private` if that process makes no progress, or if the archive's digest is unknown.
    pub(super) fn open(
        session: &DownloadSession<'_>,
        archive: &Archive,
        private: &Path,
    ) -> Result<Self, DownloadErrorKind> {
        let Some(digest) = &archive.digest else { return Ok(Self::private(private)?) };
        let lock_path = session.home.locks().join(format!("{}.lock", digest.file_name()));
        if let Some(lock) = session.wait.acquire_at_once(&lock_path)? {
            return Ok(Self::shared(session.home, digest, lock)?);
        }
        let lock = session.wait.acquire(&lock_path, &format!("downloading `{}`", archive.file));
        session.meter.interrupted();
        match lock {
            Ok(lock) => Ok(Self::shared(session.home, digest, lock)?),
            Err(LockWaitError::Stuck { .. }) => Ok(Self::private(private)?),
            Err(LockWaitError::Stop(stop)) => Err(stop.into()),
            Err(LockWaitError::Disk(error)) => Err(error.into()),
        }
    }

    fn shared(home: &Home, digest: &Digest, lock: FileLock) -> Result<Self, DiskError> {
        create_directories(&home.downloads())?;
        Self::open_with_lock(home.downloads().join(format!("{}.part", digest.file_name())), Some(lock))
    }

    fn private(path: &Path) -> Result<Self, DiskError> {
        Self::open_with_lock(path.to_owned(), None)
    }

    fn open_with_lock(path: PathBuf, lock: Option<FileLock>) -> Result<Self, DiskError> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(&path).with_path("open", &path)?;
        let length = file.metadata().with_path("read", &path)?.len();
        let mut etag_path = path.clone().into_os_string();
        etag_path.push(".etag");
        Ok(Self { path, etag_path: etag_path.into(), file, length, expected: 0, lock })
    }

    /// How many bytes were received.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Whether the next run can continue it.
    pub(super) fn is_kept(&self) -> bool {
        self.lock.is_some()
    }

    /// Open a second handle, which reads from the start.
    pub(super) fn reader(&self) -> Result<File, DiskError> {
        File::open(&self.path).with_path("read", &self.path)
    }

    /// Reserve space for the expected size of the whole archive.
    pub(super) fn expect(&mut self, size_bytes: u64) {
        self.expected = self.expected.max(size_bytes);
        reserve(&self.file, size_bytes);
    }

    /// Append the next bytes.
    pub(super) fn append(&mut self, bytes: &[u8], need_bytes: Option<u64>) -> Result<(), DiskError> {
        let result = self.file.write_all(bytes).with_path("write", &self.path);
        result.map_err(|error| error.needing(need_bytes.unwrap_or(bytes.len() as u64)))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Delete the received bytes.
    pub(super) fn clear(&mut self) -> Result<(), DiskError> {
        self.store_etag(None);
        self.file.set_len(0).with_path("empty", &self.path)?;
        self.length = 0;
        Ok(())
    }

    /// Read the ETag of the version that the bytes belong to; `None` if the file holds anything else.
    pub(super) fn etag(&self) -> Option<String> {
        let bytes = read_small(&self.etag_path, ETAG_BYTES)?;
        String::from_utf8(bytes).ok().filter(|etag| is_strong_etag(etag))
    }

    /// Store the ETag. A wrong or missing one costs a restart at most, since the digest decides in the end.
    pub(super) fn store_etag(&self, etag: Option<&str>) {
        let _ = match etag {
            Some(etag) => fs::write(&self.etag_path, etag),
            None => fs::remove_file(&self.etag_path),
        };
    }

    /// Rename a whole and verified part to its final path; returns that path.
    pub(super) fn finish(self, home: &Home, digest: &Digest) -> Result<PathBuf, DiskError> {
        create_directories(&home.downloads())?;
        let whole = whole_path(home, digest);
        self.store_etag(None);
        fs::rename(&self.path, &whole).with_path("create", &whole)?;
        Ok(whole)
    }

    /// Delete the part.
    pub(super) fn discard(self) -> Result<(), DiskError> {
        self.store_etag(None);
        remove_file(&self.path)
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if self.length < self.expected {
            let _ = give_back(&self.file);
        }
        // An empty part has nothing to continue. A finished part has been renamed already.
        if self.length == 0 {
            self.store_etag(None);
            let _ = remove_file(&self.path);
        }
    }
}

/// Remove a file; a missing file counts as removed.
pub(super) fn remove_file(path: &Path) -> Result<(), DiskError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.with_path("remove", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_keeps_its_bytes_and_its_etag_between_processes() {
        let top = tempfile::tempdir().expect("a temporary directory");
        let home = Home::from_root(top.path().to_owned());
        let digest: Digest = "0".repeat(64).parse().expect("a digest");
        let open = || {
            let lock = FileLock::try_acquire(&home.locks().join("a.lock")).expect("a lock file").expect("a free lock");
            PartFile::shared(&home, &digest, lock).expect("a part")
        };
        let mut part = open();
        part.expect(1 << 20);
        part.append(b"abc", None).expect("written");
        part.store_etag(Some("\"1\""));
        drop(part);

        let part = open();
        #[cfg(unix)]
        assert!(std::os::unix::fs::MetadataExt::blocks(&part.file.metadata().expect("a part")) < 256, "too much room");
        assert_eq!((part.length(), part.etag().as_deref()), (3, Some("\"1\"")));
        let whole = part.finish(&home, &digest).expect("finished");
        assert_eq!(fs::read(&whole).expect("the archive"), b"abc");
        assert_eq!(fs::read_dir(home.downloads()).expect("the cache").count(), 1);
    }

    #[test]
    fn an_etag_that_could_not_have_been_received_is_none() {
        for good in ["\"\"", "\"1\"", "\"a-b/c=:,W\""] {
            assert!(is_strong_etag(good), "{good}");
        }
        let long = format!("\"{}\"", "x".repeat(2000));
        for bad in ["", "\"", "1", "W/\"1\"", "\"1", "\"a\"b\"", "\"a b\"", "\"a\0\"", "\"\u{e9}\"", "\"1\"\n", &long] {
            assert!(!is_strong_etag(bad), "{bad:?}");
        }
    }
}
