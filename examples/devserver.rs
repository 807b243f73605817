//! A program that embeds development servers: `cargo run --example devserver DIRECTORY` starts the plugins in the
//! direct subfolders of a directory, prints what happens to them, and stops them at the end of its input.

#[cfg(target_os = "linux")]
use std::{
    env, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

#[cfg(target_os = "linux")]
use vx::devserver::{DevServerError, DevServerEvent, DevServerManager, PluginRef, PluginReloader, Settings};

/// The plugins of a directory. A real program would load them; this one only prints that it would.
#[cfg(target_os = "linux")]
struct Plugins(PathBuf);

#[cfg(target_os = "linux")]
impl PluginRef for Plugins {
    fn get_dev_plugin_info(&self, id: &str) -> (bool, String) {
        (true, self.0.join(id).to_string_lossy().into_owned())
    }
}

#[cfg(target_os = "linux")]
impl PluginReloader for Plugins {
    fn reload_plugin(&self, id: &str) -> Result<(), String> {
        println!("{id}: the program would load the new build now");
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn main() -> Result<(), DevServerError> {
    let directory = env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let plugins = Arc::new(Plugins(directory.canonicalize()?));
    let settings = Settings {
        plugins: Some(plugins.0.clone()),
        on_event: Some(Arc::new(|event| print(&event))),
        ..Settings::default()
    };
    let manager = DevServerManager::new(plugins.clone(), plugins.clone(), settings);
    manager.initialize()?;
    for id in plugins_of(&plugins.0)? {
        match manager.start_dev_server(&id) {
            Ok(state) => println!("{id}: port {}", state.vite_port),
            Err(error) => println!("{id}: {error}"),
        }
    }
    println!("the end of the input stops all");
    io::copy(&mut io::stdin(), &mut io::sink())?;
    manager.shutdown()
}

/// The direct subfolders that contain a Go program.
#[cfg(target_os = "linux")]
fn plugins_of(directory: &Path) -> io::Result<Vec<String>> {
    let entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    let plugins = entries.into_iter().filter(|entry| entry.path().join("go.mod").exists());
    Ok(plugins.filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

#[cfg(target_os = "linux")]
fn print(event: &DevServerEvent) {
    match event {
        DevServerEvent::Log(entries) => {
            entries.iter().for_each(|entry| println!("{} {} | {}", entry.plugin_id, entry.source, entry.message));
        }
        event => println!("{} {}", event.name(), event.params()),
    }
}

/// Guards need features that only Linux has.
#[cfg(not(target_os = "linux"))]
fn main() {
    println!("development servers run on Linux only");
}
