//! Where npm, uv and pip look for the settings of their user and of the system.

use std::path::{Path, PathBuf};

use vx_base::paths::SettingsOwner;

/// Reads a variable; `None` if it is not set, or empty.
type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

/// List the files in which npm, uv and pip keep settings of their user or of the system, each with its owner, for a
/// project whose repository has the root folder `top`.
///
/// A file that a variable names is the user's, since the environment is. For a folder that a variable names, this
/// doesn't follow: if the folder is in the project or around it, its files came with the project or with an unpacked
/// archive.
pub(crate) fn known(top: &Path, variable: Variable<'_>) -> Vec<(PathBuf, SettingsOwner)> {
    let named = ["UV_CONFIG_FILE", "PIP_CONFIG_FILE"].into_iter().filter_map(variable).map(PathBuf::from);
    let npm = npm_global(variable).into_iter().chain(npm_of_user(variable));
    let outside = environments(variable).into_iter().filter(|folder| !is_inside_or_around(folder, top));
    let of_user = named
        .chain(npm)
        .chain(uv_of_user(variable))
        .chain(pip_of_user(variable))
        .chain(outside.map(|folder| folder.join(pip_name())));
    let of_system = uv_of_system(variable).into_iter().chain(pip_of_system(variable));
    of_user.map(|file| (file, SettingsOwner::User)).chain(of_system.map(|file| (file, SettingsOwner::System))).collect()
}

fn is_inside_or_around(folder: &Path, top: &Path) -> bool {
    let is = |folder: &Path| folder.starts_with(top) || top.starts_with(folder);
    is(folder) || folder.canonicalize().is_ok_and(|folder| is(&folder))
}

/// Home directory of the user, by the environment.
pub(crate) fn home(variable: Variable<'_>) -> Option<PathBuf> {
    variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from)
}

/// npm's global file. npm accepts its own variables in upper and lower case.
pub(crate) fn npm_global(variable: Variable<'_>) -> Option<PathBuf> {
    let either = |name: &str| variable(name).or_else(|| variable(&name.to_lowercase())).map(PathBuf::from);
    either("NPM_CONFIG_GLOBALCONFIG").or_else(|| Some(either("NPM_CONFIG_PREFIX")?.join("etc").join("npmrc")))
}

/// `.npmrc` of the user.
pub(crate) fn npm_of_user(variable: Variable<'_>) -> Option<PathBuf> {
    let named = variable("NPM_CONFIG_USERCONFIG").or_else(|| variable("npm_config_userconfig"));
    named.map(PathBuf::from).or_else(|| Some(home(variable)?.join(".npmrc")))
}

/// `uv.toml` of the user.
pub(crate) fn uv_of_user(variable: Variable<'_>) -> Option<PathBuf> {
    Some(user_configuration(variable)?.join("uv/uv.toml"))
}

/// `uv.toml` files of the system.
pub(crate) fn uv_of_system(variable: Variable<'_>) -> Vec<PathBuf> {
    let data = variable("PROGRAMDATA").map(|data| PathBuf::from(data).join("uv/uv.toml"));
    data.into_iter().chain(cfg!(unix).then(|| PathBuf::from("/etc/uv/uv.toml"))).collect()
}

/// What pip calls its files.
pub(crate) fn pip_name() -> &'static str {
    if cfg!(windows) { "pip.ini" } else { "pip.conf" }
}

/// pip's files for the system; later ones win.
pub(crate) fn pip_of_system(variable: Variable<'_>) -> Vec<PathBuf> {
    let name = pip_name();
    if cfg!(windows) {
        return variable("PROGRAMDATA").map(|data| PathBuf::from(data).join("pip").join(name)).into_iter().collect();
    }
    let machine = variable("XDG_CONFIG_DIRS").unwrap_or_else(|| "/etc/xdg".into());
    let folders = std::env::split_paths(&machine).map(|folder| folder.join("pip").join(name));
    let mut files: Vec<PathBuf> = folders.chain([PathBuf::from("/etc").join(name)]).collect();
    if cfg!(target_os = "macos") {
        files.push(PathBuf::from("/Library/Application Support/pip").join(name));
    }
    files
}

/// pip's files for the user; later ones win.
pub(crate) fn pip_of_user(variable: Variable<'_>) -> Vec<PathBuf> {
    let name = pip_name();
    let home = home(variable);
    let mut files = Vec::new();
    if cfg!(target_os = "macos") {
        files.extend(home.as_ref().map(|home| home.join("Library/Application Support/pip").join(name)));
    }
    files.extend(home.map(|home| home.join(if cfg!(windows) { "pip" } else { ".pip" }).join(name)));
    files.extend(user_configuration(variable).map(|folder| folder.join("pip").join(name)));
    files
}

/// Virtual environments that a variable names; each may hold a file of pip.
pub(crate) fn environments(variable: Variable<'_>) -> Vec<PathBuf> {
    variable("VIRTUAL_ENV").map(PathBuf::from).into_iter().collect()
}

fn user_configuration(variable: Variable<'_>) -> Option<PathBuf> {
    let named = variable(if cfg!(windows) { "APPDATA" } else { "XDG_CONFIG_HOME" }).map(PathBuf::from);
    named.or_else(|| Some(home(variable)?.join(".config")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_environment_in_the_project_or_around_it_holds_no_file_of_the_user() {
        let top = tempfile::tempdir().expect("a directory");
        let real = top.path().canonicalize().expect("it is there");
        std::fs::create_dir_all(real.join("app/.venv")).expect("directories");
        std::fs::create_dir_all(real.join("other")).expect("a directory");
        let knows = |named: PathBuf| {
            let variable = |name: &str| (name == "VIRTUAL_ENV").then(|| named.display().to_string());
            known(&real.join("app"), &variable).contains(&(named.join(pip_name()), SettingsOwner::User))
        };
        assert!(knows(real.join("other")));
        assert!(!knows(real.join("app/.venv")));
        assert!(!knows(real.join("other/../app/.venv")), "another name of the same folder");
        assert!(!knows(real.clone()) && !knows(real.join("other/..")), "a folder around the project");
    }
}
