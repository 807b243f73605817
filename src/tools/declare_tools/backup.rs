//! The project as it was before tools were declared, so that a declaration that fails leaves nothing behind.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use vx_base::digest::Digest;
use vx_base::files::replace_file::replace_file;
use vx_base::paths::Home;
use vx_project::lock;
use vx_project::trust::{ConsentKey, consent_record};

use crate::workspace::consent::Consent;
use crate::workspace::error::WorkError;

/// A project's file, its lock and its consents, as they were.
pub(super) struct ProjectBackup<'a> {
    pub(super) home: &'a Home,
    /// The project's file.
    pub(super) file: &'a Path,
    project: FileBackup,
    lock: FileBackup,
    /// The consents that were stored since.
    agreed: Option<(ConsentKey, Vec<Digest>)>,
}

/// The contents of a file: as they were, and as this command left them, if it changed them.
struct FileBackup {
    path: PathBuf,
    before: Option<Vec<u8>>,
    left: Option<Vec<u8>>,
}

impl<'a> ProjectBackup<'a> {
    /// Back up the project of this file as it is now.
    pub(super) fn read(home: &'a Home, file: &'a Path) -> Result<Self, WorkError> {
        let contents = |path: PathBuf| match fs::read(&path) {
            Ok(bytes) => Ok(FileBackup { path, before: Some(bytes), left: None }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(FileBackup { path, before: None, left: None }),
            Err(cause) => Err(WorkError::ProjectWrite { path, cause }),
        };
        let lock = file.with_file_name(lock::FILE_NAME);
        Ok(Self { home, file, project: contents(file.to_owned())?, lock: contents(lock)?, agreed: None })
    }

    /// Note that the project's file was written with this text.
    pub(super) fn wrote(&mut self, text: String) {
        self.project.left = Some(text.into_bytes());
    }

    /// Note the lock as this command has left it.
    pub(super) fn locked(&mut self) {
        self.lock.left = fs::read(&self.lock.path).ok();
    }

    /// Note that consent to these parts of the project was stored.
    pub(super) fn agreed(&mut self, parts: Vec<Digest>, consent: &Consent) {
        self.agreed = Some((consent.key.clone(), parts));
    }

    /// Restore the former contents. A file that another process has changed meanwhile stays as it is.
    pub(super) fn restore(self) -> Result<(), WorkError> {
        if let Some((key, parts)) = self.agreed.filter(|(_, parts)| !parts.is_empty()) {
            let forgotten = consent_record::forget_typed(self.home, &key, &parts);
            forgotten
                .map_err(|cause| WorkError::ProjectWrite { path: consent_record::path(self.home, &key), cause })?;
        }
        for contents in [self.lock, self.project] {
            let path = contents.path.clone();
            contents.restore().map_err(|cause| WorkError::ProjectWrite { path, cause })?;
        }
        Ok(())
    }
}

impl FileBackup {
    fn restore(self) -> io::Result<()> {
        let Self { path, before, left } = self;
        if left.is_none() || left == before || fs::read(&path).ok() != left {
            return Ok(());
        }
        match before {
            Some(bytes) => replace_file(&path, |target| target.write_all(&bytes)),
            None => fs::remove_file(&path),
        }
    }
}
