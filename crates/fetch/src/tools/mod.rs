//! Tools as the catalogue and a project describe them: packages, layouts, recipes and archives.

pub(crate) mod artifact;
pub mod catalogue;
pub(crate) mod packaging;
pub(crate) mod recipe;
