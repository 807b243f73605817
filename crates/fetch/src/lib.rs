//! The sources of releases: npm, PyPI, vendors' own sites, plain addresses and the system; and the catalogue of known
//! tools.
//!
//! The source code contains no registry's address. Addresses come from the user's own configuration of npm, pip and uv.
//! So do the credentials, which go to no other host than theirs.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod agreement;
mod artifact;
mod attestation;
mod cache;
pub mod catalogue;
mod credentials;
mod error;
mod http;
mod listed;
mod memo;
mod npm;
mod options;
mod packaging;
mod project_settings;
mod pypi;
mod recipe;
mod setting_files;
mod setting_places;
mod settings;
mod signature;
mod sources;
mod system;
mod trust;
mod undated;
mod vendor;

pub use agreement::Disagreement;
pub use artifact::Artifact;
pub use attestation::{Attestation, AttestationFault};
pub use error::{SourceError, SourceErrorKind};
pub use options::{Environment, Limits, ProgramOutput, Runner, SourceOptions};
pub use project_settings::{ProjectSetting, project_settings};
pub use recipe::{NoRecipe, Recipe, RecipeRequest, uncatalogued};
pub use setting_files::{SettingFile, SettingFiles};
pub use signature::{Claim, Proof, Signature, SignatureFault};
pub use sources::Sources;
pub use system::SystemTool;
