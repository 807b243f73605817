//! One turn: started, followed on a thread of its own, shown in a slot, and ended once.

pub(crate) mod active;
pub(crate) mod outcome;
pub(crate) mod queue;
pub(crate) mod slot;
pub(crate) mod spawn;
pub(crate) mod thread;
