//! The subject of all checks.

use std::ffi::OsString;

use vx_base::package::source_kind::{SourceKind, registries};
use vx_fetch::Sources;
use vx_store::ManifestCheckDepth;

use crate::workspace::project::Workspace;

/// The subject of all checks.
pub(super) struct Examination<'a> {
    /// The project with its lock, and the home.
    pub(super) workspace: &'a Workspace,
    /// The project's sources, caches only.
    pub(super) sources: &'a Sources,
    /// The project's sources over the network; `None` to skip the checks of registries.
    pub(super) online: Option<&'a Sources>,
    /// The depth to which releases are compared.
    pub(super) depth: ManifestCheckDepth,
    /// `PATH`.
    pub(super) search_path: Option<OsString>,
    /// The bytes of this vx's launcher, if it has one.
    pub(super) launcher: Option<&'a [u8]>,
}

impl Examination<'_> {
    /// The kinds of sources that the project's lock names; all registries if it names none.
    pub(super) fn kinds(&self) -> Vec<SourceKind> {
        let named = |kind: &SourceKind| self.workspace.lock.tools.values().any(|tool| tool.source == *kind);
        let used: Vec<SourceKind> = registries().filter(named).collect();
        if used.is_empty() { registries().collect() } else { used }
    }
}
