//! Why there is no recipe for a tool.

use vx_base::package::shipped::BadPackage;
use vx_base::system::platform::Platform;
use vx_base::trouble::{Explain, TroubleKind};

use crate::tools::catalogue::UnknownTool;

/// Why a tool can't be obtained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRecipe {
    /// No tool has this name.
    #[error(transparent)]
    Unknown(#[from] UnknownTool),
    /// The tool is named like a package, but the name is invalid in every registry.
    #[error("`{tool}`: {bad}")]
    Package {
        /// Name of the tool.
        tool: String,
        /// Why.
        bad: BadPackage,
    },
    /// The tool is known, but no permitted source has it for this platform.
    #[error("`{tool}` is not available for {platform}: {reason}")]
    NoSource {
        /// Name of the tool.
        tool: String,
        /// The platform.
        platform: Platform,
        /// Why.
        reason: String,
    },
}

impl Explain for NoRecipe {
    fn kind(&self) -> TroubleKind {
        match self {
            NoRecipe::Unknown(unknown) => unknown.kind(),
            NoRecipe::Package { .. } => TroubleKind::NotFound,
            NoRecipe::NoSource { .. } => TroubleKind::NotForPlatform,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            NoRecipe::Unknown(unknown) => unknown.hint(),
            NoRecipe::Package { tool, bad } => bad.advice_for_tool(tool),
            NoRecipe::NoSource { tool, .. } => Some(format!(
                "use the copy on PATH, {tool} = {{ version = \"*\", source = \"system\" }}, or give an address with `url`"
            )),
        }
    }
}
