//! The settings of a program that embeds development servers, and the functions that it provides.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vx_base::paths::runtime_directory;

use super::error::DevServerError;
use crate::serving::devserver::events::event::DevServerEvent;

/// The plugins as the program knows them.
pub trait PluginRef: Send + Sync {
    /// Whether the plugin is in development, and its directory; an empty text if it has none.
    fn get_dev_plugin_info(&self, id: &str) -> (bool, String);
}

/// How the program loads a new build.
pub trait PluginReloader: Send + Sync {
    /// Load the plugin's program again, within 10 s.
    ///
    /// # Errors
    /// The reason why it cannot be loaded.
    fn reload_plugin(&self, id: &str) -> Result<(), String>;
}

/// The programs that build and run plugins. For an empty one the program on `PATH` is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BuildOpts {
    /// The program of Go.
    pub go_path: String,
    /// The program of pnpm, which runs vite for a plugin without its own.
    pub pnpm_path: String,
    /// The program of Node.
    pub node_path: String,
}

/// The settings of a manager, or of an instance without a manager.
#[derive(Clone, Default)]
pub struct Settings {
    /// The `vx` program that runs the guards; `None` for the one on `PATH`.
    pub program: Option<PathBuf>,
    /// The directory for boards, records and reservations; `None` for the user's runtime directory.
    pub runtime: Option<PathBuf>,
    /// The folder whose direct subfolders may have `.devinfo` files; with `None`, servers of other programs are not
    /// found.
    pub plugins: Option<PathBuf>,
    /// The programs that build and run plugins.
    pub build: BuildOpts,
    /// The function for events. It is called on threads of the manager, and must not wait for a command of the manager.
    pub on_event: Option<Arc<dyn Fn(DevServerEvent) + Send + Sync>>,
}

impl Settings {
    /// The directory for boards, records and reservations.
    pub(super) fn runtime(&self) -> Result<PathBuf, DevServerError> {
        Ok(match &self.runtime {
            Some(directory) => directory.clone(),
            None => runtime_directory()?,
        })
    }

    /// The program that runs the guards.
    pub(super) fn guard(&self) -> Result<PathBuf, DevServerError> {
        let program = self.program.clone().unwrap_or_else(|| "vx".into());
        let found = match program.components().count() {
            1 if self.program.is_none() => on_path(&program),
            _ => Some(program.clone()).filter(|program| program.is_file()),
        };
        found.ok_or(DevServerError::NoProgram { program })
    }
}

fn on_path(program: &Path) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
