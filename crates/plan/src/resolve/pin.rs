//! The version of a tool that a lock pins although its entry can't be used as it is.

use std::slice;

use vx_project::lock::LockMismatch;
use vx_project::{LockedTool, ToolRequest, VersionRequest};

use super::Resolver;

/// A pinned version.
pub(super) struct Pin {
    /// Request for exactly this version.
    pub(super) request: VersionRequest,
    /// Whether the version counts only if its release is old enough.
    pub(super) aged: bool,
}

impl Resolver<'_> {
    /// Find this tool's pinned version: in a lock of an older format, in an entry for the same request with other
    /// instructions, or in an entry that is renewed.
    pub(super) fn pin(&self, ask: &ToolRequest) -> Option<Pin> {
        let differences = self.lock.differences(slice::from_ref(ask));
        let made_otherwise = differences.iter().any(|difference| difference.change == LockMismatch::Instructions);
        let locked = self.lock.tools.get(&ask.name).filter(|_| made_otherwise).map(|locked| &locked.version);
        let pin = |version: &String| VersionRequest::parse(version).ok().map(|request| Pin { request, aged: false });
        let renewed = || self.lock.tools.get(&ask.name).filter(|_| self.renews(ask));
        match locked.or_else(|| self.pins.get(&ask.name)) {
            Some(version) => pin(version),
            None => renewed().and_then(|locked| self.pin_if_aged(locked)),
        }
    }

    /// Pin the version of a lock entry that may be too young. Its source may give a more precise time of publication
    /// than the lock, and then the version stays.
    pub(super) fn pin_if_aged(&self, locked: &LockedTool) -> Option<Pin> {
        VersionRequest::parse(&locked.version).ok().map(|request| Pin { request, aged: true })
    }
}
