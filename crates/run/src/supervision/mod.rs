//! The supervision of a run: jobs as processes, a limited number at once, until the verdict on the last.

pub(crate) mod concurrency;
pub(crate) mod control;
pub(crate) mod end;
pub(crate) mod hold;
pub(crate) mod job;
pub(crate) mod supervisor;
pub(crate) mod verdict;
