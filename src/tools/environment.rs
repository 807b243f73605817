//! The environment of a project's tools, for shells, editors and build runners: folders for the search path, and
//! variables.

mod github;

pub use github::{GithubError, append_for_github};

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use vx_base::nearest::near_misses;
use vx_base::trouble::{Explain, TroubleKind};

use super::routes::{Routes, Target};
use crate::tools::route::{Invocation, search_path};

/// The variables to set: the search path, which is `path` with the tools in front, and the projects' variables.
pub fn variables(routes: &Routes, path: Option<OsString>) -> Vec<(String, OsString)> {
    let path = ("PATH".to_owned(), search_path(&routes.search(), path));
    std::iter::once(path).chain(routes.exports().into_iter().map(|(name, value)| (name, value.into()))).collect()
}

/// Why a tool has no folder of programs.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The tool is declared, but not installed as the project wants it.
    #[error("{tool} is not installed as the project wants it")]
    NotInstalled {
        /// The tool.
        tool: String,
    },
    /// No project here declares the tool.
    #[error("no project here declares `{tool}`")]
    Undeclared {
        /// The tool.
        tool: String,
        /// The most similar name that a project declares.
        near: Option<String>,
    },
}

impl Explain for FolderError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::NotInstalled { .. } => TroubleKind::NotFound,
            Self::Undeclared { .. } => TroubleKind::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotInstalled { .. } => "run `vx sync`".into(),
            Self::Undeclared { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Self::Undeclared { near: None, .. } => "add it to [tools] in vx.toml".into(),
        })
    }
}

/// The folders for the search path, of this tool or of all tools, the project's in front.
///
/// # Errors
/// The tool is not installed, or not declared.
pub fn folders(routes: &Routes, tool: Option<&str>) -> Result<Vec<PathBuf>, FolderError> {
    let Some(tool) = tool else { return Ok(routes.folders(None)) };
    let folders = routes.folders(Some(tool));
    let (tool, names) = (tool.to_owned(), routes.names());
    if !folders.is_empty() {
        return Ok(folders);
    }
    if names.contains(&tool) {
        return match routes.target(&tool) {
            Target::Ready(Invocation { file, .. }) | Target::System(Invocation { file, .. }) => {
                Ok(file.parent().map(Path::to_owned).into_iter().collect())
            }
            _ => Err(FolderError::NotInstalled { tool }),
        };
    }
    let near = near_misses(&tool, names.iter().map(String::as_str)).first().map(|near| (*near).to_owned());
    Err(FolderError::Undeclared { tool, near })
}
