//! Errors about missing consent.

use std::io;
use std::path::PathBuf;

use vx_base::trouble::{Explain, TroubleKind};
use vx_project::trust::UntrustedLocation;

use super::policy::{PolicyError, way_to_consent};

/// Why a consent is missing or cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// Tools need the consent of the project's user.
    #[error("{0}")]
    Withheld(Withheld),
    /// The user has not agreed.
    #[error("nothing was agreed to: `{}` stays as it is", file.display())]
    Declined {
        /// The project's file.
        file: PathBuf,
    },
    /// There is no terminal to ask the question on.
    #[error("nothing was agreed to: nobody can answer here whether `{}` may act", file.display())]
    Unanswered {
        /// The project's file.
        file: PathBuf,
    },
    /// No consent counts for the project.
    #[error("{stranger}, so no consent counts for it")]
    Stranger {
        /// The reason.
        stranger: UntrustedLocation,
    },
    /// A file has changed since it was shown.
    #[error("`{}` has changed since it was shown", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// There are no tracked files to which the consent could be tied.
    #[error("the files that git tracks in `{}` cannot be compared, so no consent can be tied to them", top.display())]
    Untracked {
        /// The top folder of the repository, or the project's directory.
        top: PathBuf,
    },
    /// The consent cannot be stored.
    #[error("cannot store the consent in `{}`: {cause}", path.display())]
    NotKept {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// `VX_TRUST` has an unknown value.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// Tools that need consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// The project's file.
    pub file: PathBuf,
    /// The tools.
    pub tools: Vec<String>,
    /// The parts that they need.
    pub lines: Vec<String>,
    /// The reason why no consent counts for the project, if none does.
    pub stranger: Option<UntrustedLocation>,
}

impl std::fmt::Display for Withheld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tools: Vec<String> = self.tools.iter().map(|tool| format!("`{tool}`")).collect();
        let need = if tools.len() == 1 { "needs" } else { "need" };
        write!(f, "{} {need} your consent to what `{}` would do", tools.join(", "), self.file.display())
    }
}

/// The hint if no consent counts.
pub(crate) const FOR_STRANGERS: &str =
    "make the project's files and folders your own, or set VX_TRUST=all for one command to let it act";

impl Explain for ConsentError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Policy(error) => error.kind(),
            Self::NotKept { .. } => TroubleKind::Disk,
            _ => TroubleKind::Consent,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Withheld(Withheld { stranger: Some(stranger), .. }) => format!("{stranger}: {FOR_STRANGERS}"),
            Self::Withheld(_) => way_to_consent(),
            Self::Declined { .. } => return None,
            Self::Unanswered { .. } => "`vx trust --yes` agrees to everything that is listed above".into(),
            Self::Stranger { .. } => FOR_STRANGERS.into(),
            Self::Changed { .. } => "review it again with `vx trust`".into(),
            Self::Untracked { .. } => {
                "this needs a git repository with one index file, and at most 20000 files and 256 MiB; `vx trust --revoke` unties".into()
            }
            Self::NotKept { .. } => "check the permissions of the home of vx".into(),
            Self::Policy(error) => return error.hint(),
        })
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Withheld(withheld) => withheld.lines.iter().map(|line| format!("  {line}")).collect(),
            _ => Vec::new(),
        }
    }
}
