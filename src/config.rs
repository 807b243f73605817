//! The configuration of one install: everything the plan decided, handed to the child once, as one document.
//!
//! It may hold credentials. They travel through the configuration pipe only: `Debug` hides them, and nothing prints,
//! logs or dumps the document.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// What one install is to do.
#[derive(Clone, Serialize, Deserialize)]
pub struct InstallConfig {
    /// The tool, by its name in `vx.toml`.
    pub tool_name: String,
    /// The exact version.
    pub version: String,
    /// Free settings of the tool: `options`, `components`, `exclude_patterns`, `install_env` of `vx.toml`.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// An address that replaces the first part's.
    #[serde(default)]
    pub download_url: Option<String>,
    /// `npm`, `pypi`, `url`.
    pub source: String,
    /// The source's name for it, without a host.
    #[serde(default)]
    pub package: String,
    /// What to fetch, in order; later parts may add to earlier ones, never replace their files.
    pub parts: Vec<Part>,
    /// The programs the release must provide.
    pub programs: Vec<Program>,
    /// Another tool that runs the programs of this one: `node` for a script. What is installed in the same run waits for
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    /// The home of store, cache and staging (`$VX_HOME`).
    pub home: PathBuf,
    /// Which attempt at this install this is, from 1.
    #[serde(default = "one")]
    pub attempt: u8,
    /// Give up when this many milliseconds have passed since the start.
    #[serde(default)]
    pub deadline_ms: Option<u64>,
    /// Give up a server that shows no sign of life for this many milliseconds, and another process that installs the
    /// same release after four times as many.
    #[serde(default)]
    pub stall_ms: Option<u64>,
    /// Where the parent keeps the child's whole output.
    #[serde(default)]
    pub log_file: Option<PathBuf>,
    /// The slot to report to; none when nobody watches.
    #[serde(default)]
    pub board: Option<BoardSlot>,
    /// A command to run in the staged release before it is activated.
    #[serde(default)]
    pub postinstall: Option<String>,
    /// Install even when the release is there already.
    #[serde(default)]
    pub force: bool,
    /// Use nothing but the download cache.
    #[serde(default)]
    pub offline: bool,
}

/// One archive of a release.
#[derive(Clone, Serialize, Deserialize)]
pub struct Part {
    /// Where it is.
    pub url: String,
    /// Its file name; the end of it tells the format.
    pub file_name: String,
    /// What its bytes must digest to.
    pub digest: Option<Digest>,
    /// Its size in bytes, where the source says; without a digest, what comes must have it.
    pub size: Option<u64>,
    /// How many leading path components to drop from each entry.
    pub strip: u32,
    /// The folder of the release to unpack into; empty for the top.
    #[serde(default)]
    pub into: String,
    /// The `Authorization` header for this address's host.
    #[serde(default)]
    pub authorization: Option<String>,
}

/// A program of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// What people type.
    pub name: String,
    /// The file inside the release, with `/` between components.
    pub path: String,
    /// For a script: the program that runs it (`node` for `npm`), of the same release or of the tool that it needs.
    #[serde(default)]
    pub runner: Option<String>,
}

/// The slot of a board that an install reports to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardSlot {
    /// The board's file.
    pub path: PathBuf,
    /// The slot reserved for this install.
    pub slot: u32,
    /// The generation of that reservation.
    pub generation: u32,
}

const fn one() -> u8 {
    1
}

impl fmt::Debug for InstallConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An address, an option's value and a command may each hold a credential.
        f.debug_struct("InstallConfig")
            .field("tool_name", &self.tool_name)
            .field("version", &self.version)
            .field("options", &self.options.keys().collect::<Vec<_>>())
            .field("source", &self.source)
            .field("package", &self.package)
            .field("parts", &self.parts)
            .field("programs", &self.programs)
            .field("needs", &self.needs)
            .field("home", &self.home)
            .field("attempt", &self.attempt)
            .field("deadline_ms", &self.deadline_ms)
            .field("stall_ms", &self.stall_ms)
            .field("log_file", &self.log_file)
            .field("board", &self.board)
            .field("force", &self.force)
            .field("offline", &self.offline)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("file_name", &self.file_name)
            .field("digest", &self.digest)
            .field("size", &self.size)
            .field("strip", &self.strip)
            .field("into", &self.into)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_prints_a_configuration_prints_no_credential() {
        let part = Part {
            url: "https://user:planted@host.invalid/a.tgz".into(),
            file_name: "a.tgz".into(),
            digest: None,
            size: None,
            strip: 0,
            into: String::new(),
            authorization: Some("Bearer planted".into()),
        };
        assert!(!format!("{part:?}").contains("planted"));
        let config = serde_json::from_value(serde_json::json!({
            "tool_name": "node", "version": "22.1.0", "source": "url", "parts": [], "programs": [], "home": "/h",
            "options": {"TOKEN": "planted"}, "download_url": "https://user:planted@host.invalid/a.tgz",
            "postinstall": "login --token planted"
        }));
        let config = InstallConfig { parts: vec![part], ..config.expect("a configuration") };
        let printed = format!("{config:?}");
        assert!(!printed.contains("planted") && printed.contains("TOKEN"), "{printed}");
    }
}
