//! The project: `vx.toml`, the versions it asks for, and the lock file. Nothing here touches the network.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod config;
pub mod discover;
pub mod dotted_key;
pub mod edit;
pub mod lineage;
pub mod lock;
pub mod problem;
pub mod procfile;
pub mod project_file;
pub mod scripts;
pub mod services;
pub mod trust;
pub mod version;
mod versioned_name;

pub use config::{
    ColourChoice, ConfigEntry, DeclaredAddresses, DeclaredAgent, DeclaredDigests, GlyphChoice, InstallSettings,
    ProgressForms, Project, Rebinding, SettingChoice, ThemeChoice, ToolRequest, TrustSettings, Ui, ValueKind,
};
pub use discover::{ProjectError, find};
pub use lock::{Lock, LockedPart, LockedTool};
pub use problem::{ConfigErrors, Problem};
pub use project_file::load;
pub use version::{NoMatch, VersionRequest};
pub use versioned_name::tool_and_version;
