//! Finds the project's file, and reads its text.

use std::io;
use std::path::{Path, PathBuf};

use vx_base::files::small_file::read_regular_within;
use vx_base::trouble::{Explain, TroubleKind};

use super::problem::{ConfigErrors, LineStarts};

/// Name of the file, and its former name.
pub(crate) const NAMES: [&str; 2] = ["vx.toml", ".vx.toml"];

/// Largest file: it is read at each prompt of a shell whose directory is in the project.
const MOST_BYTES: u64 = 1024 * 1024;

/// Why there's no project.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// No directory from here up has a `vx.toml`.
    #[error("no vx.toml in `{}` or any directory above it", from.display())]
    Missing {
        /// Start of the search.
        from: PathBuf,
    },
    /// The directory given as the project has no `vx.toml`.
    #[error("there is no vx.toml in `{}`", directory.display())]
    NotThere {
        /// Path of the directory.
        directory: PathBuf,
    },
    /// The file exists but cannot be read.
    #[error("`{}` cannot be read: {cause}", path.display())]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// The cause.
        cause: io::Error,
    },
    /// The file is too large to be a description of a project.
    #[error("`{}` has more than 1 MiB, the most that a vx.toml may have", path.display())]
    TooLarge {
        /// Path of the file.
        path: PathBuf,
    },
    /// The file has errors.
    #[error(transparent)]
    Wrong(#[from] ConfigErrors),
}

impl Explain for ProjectError {
    fn kind(&self) -> TroubleKind {
        match self {
            ProjectError::Missing { .. } | ProjectError::NotThere { .. } => TroubleKind::NotFound,
            ProjectError::Unreadable { .. } => TroubleKind::Disk,
            ProjectError::TooLarge { .. } => TroubleKind::Configuration,
            ProjectError::Wrong(errors) => errors.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            ProjectError::Missing { .. } => {
                Some("create a vx.toml with a [tools] table, or name the project with `--project DIR`".into())
            }
            ProjectError::NotThere { .. } => Some("name the directory that holds it".into()),
            ProjectError::Unreadable { .. } => Some("check the file's permissions".into()),
            ProjectError::TooLarge { .. } => Some("move data of other programs into separate files".into()),
            ProjectError::Wrong(errors) => errors.hint(),
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            ProjectError::Wrong(errors) => errors.details(),
            _ => Vec::new(),
        }
    }
}

/// Find the nearest project file from `directory` upwards. If a directory has both, `vx.toml` precedes `.vx.toml`.
pub fn find(directory: &Path) -> Option<PathBuf> {
    find_with(directory, |_| true)
}

/// Find the nearest project file. Each file that the search depends on is passed to `look` first; if that returns
/// `false`, the file counts as missing.
pub fn find_with(directory: &Path, mut look: impl FnMut(&Path) -> bool) -> Option<PathBuf> {
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    absolute.ancestors().find_map(|directory| find_in(directory, &mut look))
}

/// Find the project file in exactly this directory; it is passed to `look` first.
pub fn find_in(directory: &Path, mut look: impl FnMut(&Path) -> bool) -> Option<PathBuf> {
    NAMES.iter().map(|name| directory.join(name)).find(|path| look(path) && path.is_file())
}

/// Read the text of a project file.
///
/// # Errors
/// The file can't be read, is too large, or isn't text.
pub fn text(path: &Path) -> Result<String, ProjectError> {
    let bytes = read_regular_within(path, MOST_BYTES).map_err(|cause| match cause.kind() {
        io::ErrorKind::FileTooLarge => ProjectError::TooLarge { path: path.to_owned() },
        _ => ProjectError::Unreadable { path: path.to_owned(), cause },
    })?;
    String::from_utf8(bytes).map_err(|error| not_text(path, &error))
}

fn not_text(path: &Path, error: &std::string::FromUtf8Error) -> ProjectError {
    let text = String::from_utf8_lossy(error.as_bytes());
    let at = error.utf8_error().valid_up_to();
    let advice = Some("save the file as UTF-8".to_owned());
    let problem = LineStarts::from_text(&text).problem(at..at + 1, "these bytes are not UTF-8 text", advice);
    ProjectError::Wrong(ConfigErrors { path: path.to_owned(), problems: vec![problem] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_of_that_name_is_no_project_file() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("vx.toml"), "").unwrap();
        std::fs::create_dir_all(root.path().join("a/vx.toml")).unwrap();
        assert_eq!(find(&root.path().join("a")), Some(root.path().join("vx.toml")));
    }
}
