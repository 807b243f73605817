//! The environment of the later steps of a GitHub workflow, written to the files that its runner reads.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use vx_base::trouble::{Explain, TroubleKind};

use crate::tools::routes::Routes;

/// Why the runner's files were not written.
#[derive(Debug, thiserror::Error)]
pub enum GithubError {
    /// The runner names no file, so this is not a step of a workflow.
    #[error("{variable} is not set: this is not a step of a GitHub workflow")]
    NotSet {
        /// The variable that names the file.
        variable: &'static str,
    },
    /// The file cannot be written.
    #[error("cannot write to `{}`, which {variable} names: {error}", path.display())]
    Write {
        /// The variable that names the file.
        variable: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
}

impl Explain for GithubError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::NotSet { .. } => TroubleKind::Usage,
            Self::Write { .. } => TroubleKind::Disk,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotSet { .. } => Some("name your shell".into()),
            Self::Write { .. } => None,
        }
    }
}

/// Append the folders and variables of the projects to the files that `GITHUB_PATH` and `GITHUB_ENV` name.
///
/// # Errors
/// A variable is not set, or its file cannot be written.
pub fn append_for_github(routes: &Routes) -> Result<(), GithubError> {
    let mut folders = String::new();
    // The runner puts each line in front of the earlier ones.
    for folder in routes.folders(None).iter().rev() {
        folders.push_str(&format!("{}\n", folder.display()));
    }
    let mut variables = String::new();
    for (name, value) in routes.exports() {
        let mut end = "vx_end".to_owned();
        while value.contains(&end) {
            end.push('_');
        }
        variables.push_str(&format!("{name}<<{end}\n{value}\n{end}\n"));
    }
    append("GITHUB_PATH", &folders)?;
    append("GITHUB_ENV", &variables)
}

fn append(variable: &'static str, text: &str) -> Result<(), GithubError> {
    let path = std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
    let path = path.ok_or(GithubError::NotSet { variable })?;
    // An earlier step may have left its last line without a line end.
    let before = fs::read(&path).unwrap_or_default();
    let separator = if before.last().is_none_or(|last| *last == b'\n') { "" } else { "\n" };
    let opened = OpenOptions::new().append(true).create(true).open(&path);
    let written = opened.and_then(|mut file| file.write_all(format!("{separator}{text}").as_bytes()));
    written.map_err(|error| GithubError::Write { variable, path, error })
}
