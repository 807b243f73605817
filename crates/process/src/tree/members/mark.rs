//! The mark of a tree: a variable that all its processes inherit, by which its owner finds them if its runner is
//! killed.
//!
//! The mark of an inner tree begins with that of the outer tree, so that the owner of the outer tree finds both. A
//! program that is meant to outlive the tree (a daemon, the supervisor of services and all that it starts) is started
//! without it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::getpid;
use vx_base::system::variables::WORK_TREE;

use super::handle::ProcessFacts;

/// The variable that holds the mark.
pub(in crate::tree) const TREE_MARK: &str = WORK_TREE;

/// Separates the marks of an outer tree and an inner one.
const INSIDE: u8 = b'/';

/// The number of trees that this process has started.
static TREES: AtomicUsize = AtomicUsize::new(0);

/// The mark of a tree of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tree) struct TreeMark(OsString);

impl TreeMark {
    /// A new mark: this process's id and time of start, which no other process has until the next boot, and a number.
    pub(in crate::tree) fn new() -> Self {
        Self::inside(std::env::var_os(TREE_MARK).unwrap_or_default())
    }

    fn inside(outer: OsString) -> Self {
        let (own, number) = (getpid(), TREES.fetch_add(1, Ordering::Relaxed));
        let start = ProcessFacts::from_pid(own).map_or(0, |facts| facts.start);
        let mut mark = outer;
        if !mark.is_empty() {
            mark.push(OsStr::from_bytes(&[INSIDE]));
        }
        mark.push(format!("{own}.{start}.{number}"));
        Self(mark)
    }

    /// The value of the variable.
    pub(in crate::tree) fn value(&self) -> &OsStr {
        &self.0
    }

    /// Returns whether a process with this value belongs to the tree.
    pub(in crate::tree) fn covers(&self, value: &OsStr) -> bool {
        let rest = value.as_bytes().strip_prefix(self.0.as_bytes());
        rest.is_some_and(|rest| rest.first().is_none_or(|byte| *byte == INSIDE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_covers_its_own_tree_and_those_inside_of_it_and_no_other() {
        let (one, other) = (TreeMark::inside(OsString::new()), TreeMark::inside(OsString::new()));
        let inner = TreeMark::inside(one.value().to_owned());
        assert!(one.covers(one.value()) && one.covers(inner.value()));
        assert!(!one.covers(other.value()) && !inner.covers(one.value()));
        let mut longer = one.value().to_owned();
        longer.push("0");
        assert!(!one.covers(&longer), "the number of another tree begins alike");
        assert!(!one.covers(OsStr::new("")));
    }
}
