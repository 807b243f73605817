//! A program that a release provides.

use serde::{Deserialize, Serialize};

/// A program of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The name that users type.
    pub name: String,
    /// The path of its file in the release, with `/` between components.
    pub path: String,
    /// For a script, the program that runs it (`node` for `npm`), from the same release or from another tool that it
    /// needs.
    #[serde(default)]
    pub runner: Option<String>,
}
