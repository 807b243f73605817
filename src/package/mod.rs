//! A package of a tool: the archives of a release, and the programs in them.

mod part;
mod program;

pub use part::Part;
pub use program::Program;
