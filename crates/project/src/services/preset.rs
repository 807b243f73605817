//! Services of a plugin in development: a front end under vite, and a back end in Go that another program loads.

use super::{DeclaredService, Port, Renewal, TARGET};

/// The program of vite, below the plugin's directory.
pub const VITE: &str = "node_modules/vite/bin/vite.js";
/// Arguments of vite. It gets exactly this address and port, and doesn't clear the screen.
pub const VITE_ARGUMENTS: [&str; 7] =
    ["--host", "127.0.0.1", "--port", "{port}", "--strictPort", "--clearScreen", "false"];
/// Name of the back end's program in the folder of a build.
const PROGRAM: &str = "plugin";
/// Files that the back end is built from.
const SOURCES: [&str; 3] = ["**/*.go", "go.mod", "go.sum"];

/// Name of this plugin's front end.
pub fn vite_name(plugin: &str) -> String {
    format!("{plugin}-vite")
}

/// Name of this plugin's back end.
pub fn go_name(plugin: &str) -> String {
    format!("{plugin}-go")
}

/// Find the existing keys that a name means: itself, or the front end and the back end of a plugin.
pub fn keys_meant(name: &str, is_there: impl Fn(&str) -> bool) -> Vec<String> {
    match is_there(name) {
        true => vec![name.to_owned()],
        false => [vite_name(name), go_name(name)].into_iter().filter(|key| is_there(key)).collect(),
    }
}

/// Make the front end and the back end of the plugin in this directory, below the project's. The back end has no
/// command: it is built, moved into place and reloaded.
pub fn vite_go(plugin: &str, path: &str) -> [DeclaredService; 2] {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
    let (mut vite, mut go) = (DeclaredService::named(&vite_name(plugin)), DeclaredService::named(&go_name(plugin)));
    vite.command = [words(&["node", VITE]), words(&VITE_ARGUMENTS)].concat();
    vite.port = Some(Port::Auto);
    go.renewal = Renewal {
        build: [words(&["go", "build", "-o"]), vec![format!("{{{TARGET}}}/{PROGRAM}")], words(&["."])].concat(),
        reload: None,
        errors: Some("go".to_owned()),
    };
    go.watch = words(&SOURCES);
    let part =
        |service| DeclaredService { directory: Some(path.to_owned()), plugin: Some(plugin.to_owned()), ..service };
    [part(vite), part(go)]
}
