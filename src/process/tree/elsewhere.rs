//! Trees of processes on systems without subreapers: the group, or the job object, stands for the tree.

use std::ffi::OsString;
use std::io;
use std::process::{Child, ExitCode, ExitStatus};

use super::group::Member;

/// Nothing to adopt here.
#[derive(Debug)]
pub struct Adoption(());

impl Adoption {
    /// No orphan comes to a process here.
    pub fn begin() -> Option<Self> {
        None
    }
}

/// No runner is ever started here.
pub fn tree_runner(_: &[OsString]) -> Option<ExitCode> {
    None
}

/// Nothing that concerns the whole process is changed here.
pub fn this_is_vx() {}

#[cfg(unix)]
pub(super) fn end_adoption() {}

pub(super) fn end_orphans() -> Vec<Member> {
    Vec::new()
}

pub(super) fn starts_others() {}

/// Wait for the child's end.
pub(super) fn wait_or_end(mut child: Child) -> io::Result<ExitStatus> {
    child.wait()
}
