//! Errors of finding the program for a name.

use vx_base::trouble::{Explain, Trouble, TroubleKind};

use super::naming::Naming;
use crate::workspace::error::WorkError;

/// Why a program cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The tool is missing, and may not be installed.
    #[error("{tool} is not installed as vx.toml and vx.lock want it{}", if *forbidden { ", and vx.toml has `auto_install = false`" } else { "" })]
    Absent {
        /// The tool.
        tool: String,
        /// Whether the project forbids its installation.
        forbidden: bool,
    },
    /// The copy on `PATH` that the project wants does not exist, or has another version.
    #[error("{}", .0.text)]
    NotOnPath(Trouble),
    /// No project declares the tool, and it is not on `PATH`.
    #[error("no vx.toml declares {tool}, and no `{name}` is on PATH")]
    Undeclared {
        /// The program.
        name: String,
        /// The tool with this program.
        tool: String,
    },
    /// This version of the tool is missing, and may not be installed.
    #[error("{tool}@{version} is not installed")]
    VersionAbsent {
        /// The tool.
        tool: String,
        /// The requested version.
        version: String,
    },
    /// No tool has a program of this name.
    #[error("`{name}` is {}", unknown(*naming))]
    Unknown {
        /// The name.
        name: String,
        /// How the name was given.
        naming: Naming,
        /// Something else of this name.
        namesake: Namesake,
        /// The names of tools and programs that are one typo away.
        near: Vec<String>,
    },
    /// The projects of the directory, or the store, cannot be used.
    #[error(transparent)]
    Work(#[from] WorkError),
}

/// Something else that an unknown name may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namesake {
    /// A script of the project.
    Script,
    /// A program of the search path.
    OnPath,
    /// A package of a registry.
    Package,
    /// A tool with its version, as in `TOOL@VERSION`.
    Version,
    /// Nothing.
    None,
}

/// The rest of a sentence about a name that no tool has.
fn unknown(naming: Naming) -> &'static str {
    match naming {
        Naming::Word => "neither a command of vx nor a tool that vx.toml declares or vx knows",
        Naming::Program | Naming::Link => "neither a tool that vx.toml declares or vx knows nor a program on PATH",
    }
}

impl Explain for ToolError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Absent { .. } | Self::Undeclared { .. } => TroubleKind::NotFound,
            Self::NotOnPath(trouble) => trouble.kind,
            Self::VersionAbsent { .. } => TroubleKind::NotFound,
            Self::Unknown { .. } => TroubleKind::Usage,
            Self::Work(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Absent { .. } => "run `vx sync`".into(),
            Self::NotOnPath(trouble) => return trouble.hint.clone(),
            Self::Undeclared { tool, .. } => {
                format!("add `{tool} = \"latest\"` to [tools] in vx.toml, or run it once with `vx x {tool}@latest`")
            }
            Self::VersionAbsent { tool, version } => format!("run `vx install {tool}@{version}`"),
            Self::Unknown { name, namesake: Namesake::Script, .. } => {
                format!("`vx run {name}` runs the script of that name")
            }
            Self::Unknown { name, namesake: Namesake::Package, .. } => {
                format!("`vx x {name}` runs the package of that name, and `vx use {name}` declares it")
            }
            Self::Unknown { name, namesake: Namesake::Version, .. } => format!("`vx x {name}` runs that version"),
            Self::Unknown { near, .. } if !near.is_empty() => {
                let near: Vec<String> = near.iter().map(|near| format!("`{near}`")).collect();
                format!("did you mean {}?", near.join(" or "))
            }
            Self::Unknown { name, namesake: Namesake::OnPath, .. } => {
                format!("`vx x {name}` runs the program on PATH; `vx --help` lists the commands")
            }
            Self::Unknown { naming: Naming::Word, .. } => {
                "`vx --help` lists the commands, `vx search` the tools".into()
            }
            Self::Unknown { .. } => "`vx search` lists the tools".into(),
            Self::Work(error) => return error.hint(),
        })
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Work(error) => error.details(),
            Self::NotOnPath(trouble) => trouble.details.clone(),
            _ => Vec::new(),
        }
    }
}
