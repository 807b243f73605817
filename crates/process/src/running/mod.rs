//! Starting a program: as a child, in the foreground, detached, in place of this process, or as a short command.

pub(crate) mod detached;
pub(crate) mod foreground;
pub(crate) mod interpreter;
pub(crate) mod launch;
pub(crate) mod replace;
pub(crate) mod short;
pub(crate) mod start;
pub(crate) mod wiring;
