//! Sources of releases: npm, PyPI, vendors' own sites, plain addresses and the system; and the catalogue of known
//! tools.
//!
//! The source code contains no registry's address. Addresses and credentials come from the user's own configuration of
//! npm, pip and uv, and credentials go only to the host they're for.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod agreement;
mod documents;
mod error;
mod options;
mod proof;
mod settings;
mod source;
mod sources;
pub mod tools;
mod undated;

pub use agreement::Disagreement;
pub use error::{SourceError, SourceErrorKind};
pub use options::setting_files::{SettingFile, SettingFiles};
pub use options::{EnvironmentReader, ProgramOutput, ProgramRunner, RequestLimits, SourceOptions};
pub use proof::attestation::{Attestation, AttestationFault};
pub use proof::signature::{Claim, Proof, Signature, SignatureFault};
pub use settings::project_settings::{ProjectSetting, project_settings};
pub use sources::Sources;
pub use sources::system::SystemTool;
pub use tools::artifact::Artifact;
pub use tools::recipe::{NoRecipe, Recipe, RecipeRequest, uncatalogued};
