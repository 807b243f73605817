//! A package of a tool: its names and versions, the archives of a release, and the programs in them.

pub mod archive;
pub mod candidate;
pub mod npm_range;
mod package_names;
mod part;
mod program;
pub mod shipped;
pub mod source_kind;

pub use part::Part;
pub use program::Program;
