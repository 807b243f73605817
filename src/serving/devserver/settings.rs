//! The settings of a program that embeds development servers, and its functions.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vx_base::paths::runtime_directory;

use super::error::DevServerError;
use crate::serving::devserver::events::event::DevServerEvent;

/// The plugins as the program knows them.
pub trait PluginRef: Send + Sync {
    /// True for a plugin in development, and its directory; an empty one if there is none.
    fn get_dev_plugin_info(&self, id: &str) -> (bool, String);
}

/// The way in which the program loads a new build.
pub trait PluginReloader: Send + Sync {
    /// Load the program of the plugin anew. It has 10 s.
    ///
    /// # Errors
    /// It cannot; the text is the reason.
    fn reload_plugin(&self, id: &str) -> Result<(), String>;
}

/// The programs that build and run plugins; those on `PATH` where one is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BuildOpts {
    /// The program of Go.
    pub go_path: String,
    /// The program of pnpm, which runs vite where the plugin has none of its own.
    pub pnpm_path: String,
    /// The program of Node.
    pub node_path: String,
}

/// The settings of a manager, or of an instance that stands alone.
#[derive(Clone, Default)]
pub struct Settings {
    /// The `vx` program, for the guards; that on `PATH` without it.
    pub program: Option<PathBuf>,
    /// The directory for boards, records and reservations; the user's own without it.
    pub runtime: Option<PathBuf>,
    /// The folder whose direct subfolders may have `.devinfo` files; without it no other program's servers are known.
    pub plugins: Option<PathBuf>,
    /// The programs that build and run plugins.
    pub build: BuildOpts,
    /// The function for events. It is called from threads of the manager, and must not wait for one of its commands.
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

    /// The program for guards.
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
