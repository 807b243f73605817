//! A post-install command, with the files that the user has agreed to.
//!
//! Each file is read once and compared. A file that a word of the command names by its whole path runs from a copy of the
//! compared bytes, in a folder that only this user can read, so that it cannot change in between. Other files, and
//! folders, are compared right before the command.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use vx_base::files::agreed_file::{AgreedFile, AgreedFileError, NamedKind};
use vx_base::files::replace_file::set_mode;
use vx_project::trust::{compare_agreed, with_other_paths};

use crate::tools::shell::system::quote;

/// A command, and the copies that it names. Dropping this value removes the copies.
pub(super) struct AgreedCommand {
    /// The command.
    pub text: String,
    _copies: Option<tempfile::TempDir>,
}

/// Why a command cannot run as it was agreed to.
#[derive(Debug, thiserror::Error)]
pub(super) enum AgreedCommandError {
    /// A file has changed since it was agreed to.
    #[error("{0}; `vx trust` shows what it would do now")]
    File(#[from] AgreedFileError),
    /// A copy cannot be made.
    #[error("its files cannot be copied to the folder that they run from: {0}")]
    Copy(#[from] io::Error),
}

impl AgreedCommand {
    /// The command, with copies of these files in a new folder in `place`.
    pub(super) fn new(command: &str, files: &[AgreedFile], place: &Path) -> Result<Self, AgreedCommandError> {
        if files.is_empty() {
            return Ok(Self { text: command.to_owned(), _copies: None });
        }
        let folder = tempfile::Builder::new().prefix("agreed-").tempdir_in(place)?;
        let (files, others): (Vec<&AgreedFile>, Vec<&AgreedFile>) =
            files.iter().partition(|file| file.kind == NamedKind::File);
        let mut copies = Vec::with_capacity(files.len());
        for (number, file) in files.into_iter().enumerate() {
            let bytes = file.read()?;
            let own = folder.path().join(number.to_string());
            fs::create_dir(&own)?;
            let copy = own.join(file.path.file_name().unwrap_or_default());
            let mut written = File::create(&copy)?;
            written.write_all(&bytes)?;
            // Keep the mode, so that a program can be started by its path.
            set_mode(&written, &fs::metadata(&file.path)?.permissions())?;
            copies.push((file, copy));
        }
        compare_agreed(others)?;
        let replacement = |path: &Path| {
            let copy = copies.iter().find(|(file, _)| file.is_at(path))?;
            Some(quote(&copy.1.to_string_lossy()))
        };
        // Only the words of a POSIX shell are understood here.
        let text = if cfg!(unix) { with_other_paths(command, &replacement) } else { command.to_owned() };
        Ok(Self { text, _copies: Some(folder) })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use vx_base::digest::{Algorithm, Digest};
    use vx_base::files::agreed_file::AgreedCheckout;
    use vx_project::trust::{Checkout, NamedFileLookup, Whereabouts};

    fn file(path: &Path, digest: Digest) -> AgreedFile {
        AgreedFile { path: path.to_owned(), kind: NamedKind::File, digest, checkout: AgreedCheckout::default() }
    }

    #[test]
    fn a_file_that_the_command_names_runs_from_the_bytes_that_were_compared() {
        let top = tempfile::tempdir().expect("a directory");
        let script = top.path().join("set up.sh");
        fs::write(&script, "good").expect("a file");
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(b"good");
        let agreed = [file(&script, hasher.finish())];
        let command = format!("sh '{0}' --all && cat \"{0}\" x{0}", script.display());
        let made = AgreedCommand::new(&command, &agreed, top.path()).expect("a command");
        let copy = made._copies.as_ref().expect("copies").path().join("0/set up.sh");
        fs::write(&script, "evil").expect("a file");
        assert_eq!(fs::read_to_string(&copy).expect("the copy"), "good");
        let copy = quote(&copy.to_string_lossy());
        let expected = format!("sh {copy} --all && cat {copy} x{}", script.display());
        assert_eq!(made.text, expected);
        let refused = AgreedCommand::new(&command, &agreed, top.path()).err().expect("the file has changed");
        assert!(refused.to_string().contains("has changed since you agreed to it"), "{refused}");
        drop(made);
        assert_eq!(fs::read_dir(top.path()).expect("a directory").count(), 1, "the copies are gone");
    }

    #[test]
    fn a_folder_that_the_command_names_is_compared_before_it_runs() {
        let top = tempfile::tempdir().expect("a directory");
        let top = top.path().canonicalize().expect("it is there");
        fs::create_dir(top.join("tools")).expect("a directory");
        fs::write(top.join("tools/go.sh"), "good").expect("a file");
        let named = Checkout::from_whereabouts(&Whereabouts::locate(&top))
            .file_or_folder(&top.join("tools"))
            .expect("a folder");
        let checkout = AgreedCheckout { top: top.clone(), git_directory: None };
        let agreed = [AgreedFile { kind: named.kind, checkout, ..file(&top.join("tools"), named.digest) }];
        let made = || AgreedCommand::new("run-parts tools", &agreed, &top);
        assert_eq!(made().expect("a command").text, "run-parts tools");
        fs::write(top.join("tools/go.sh"), "evil").expect("a file");
        let refused = made().err().expect("a file of the folder has changed");
        assert!(refused.to_string().contains("tools` has changed since you agreed to it"), "{refused}");
    }
}
