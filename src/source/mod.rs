//! Where releases come from: npm, PyPI, vendors' own sites, plain addresses, the system; and the catalogue of known tools.
//!
//! No registry's address is written here. It comes from the user's own configuration of npm, pip and uv, and so do the
//! credentials, which go to the host they are for and to no other.

mod artifact;
mod cache;
pub mod catalogue;
mod credentials;
mod error;
mod http;
mod memo;
mod npm;
mod options;
mod pypi;
mod recipe;
mod settings;
mod signature;
mod sources;
mod system;
mod vendor;

pub use artifact::{Artifact, Located};
pub use error::{SourceError, SourceErrorKind};
pub use options::{Environment, Limits, ProgramOutput, Runner, SourceOptions};
pub use recipe::{NoRecipe, Recipe, Wanted};
pub use signature::{Signature, SignatureFault};
pub use sources::Sources;
pub use system::{SystemTool, is_program, program_on_path, programs_on_path};
