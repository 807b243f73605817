//! The variables and the placeholders that scripts get besides their arguments.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::error::ScriptRunError;
use crate::paths::Home;
use crate::project::Project;
use crate::route::search_path;
use crate::small_file::read_regular;
use crate::trust::steers_programs;

/// Variables by name.
pub(in crate::work) type Variables = BTreeMap<OsString, OsString>;

/// The variables of a project's scripts: from its files of variables, unless something of the project is withheld, then
/// `tools`, then from its virtual environment. Variables that steer programs are taken from no file of a project.
pub(in crate::work) fn of_project(
    project: &Project,
    trusted: bool,
    tools: Vec<(OsString, OsString)>,
) -> Result<Variables, ScriptRunError> {
    let mut variables = Variables::new();
    for file in [".env", ".env.local"].iter().filter(|_| trusted) {
        let found = read(&project.directory.join(file))?;
        variables.extend(found.into_iter().filter(|(name, _)| !name.to_str().is_some_and(steers_programs)));
    }
    variables.extend(tools);
    enter_python(project, &mut variables);
    Ok(variables)
}

/// The variables in a file; none if there is no such file.
pub(in crate::work) fn read(path: &Path) -> Result<Variables, ScriptRunError> {
    match read_regular(path) {
        Ok(bytes) => parse(path, &bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Variables::new()),
        Err(error) => Err(unreadable(path, dotenvy::Error::Io(error))),
    }
}

/// The variables in the content of a file.
pub(in crate::work) fn parse(path: &Path, content: &[u8]) -> Result<Variables, ScriptRunError> {
    let lines = dotenvy::from_read_iter(content);
    let variable = |(name, value): (String, String)| (name.into(), value.into());
    lines.map(|line| line.map(variable).map_err(|error| unreadable(path, error))).collect()
}

fn unreadable(path: &Path, error: dotenvy::Error) -> ScriptRunError {
    ScriptRunError::Variables { path: path.to_owned(), error }
}

/// Put the virtual environment that `[python]` names first on the search path, if it exists.
fn enter_python(project: &Project, variables: &mut Variables) {
    let Some(named) = project.entries.iter().find(|entry| entry.key == "python.venv") else { return };
    let place = project.directory.join(&named.value);
    let bin = place.join(if cfg!(windows) { "Scripts" } else { "bin" });
    if bin.is_dir() {
        let path = variables.get(OsStr::new("PATH")).cloned();
        variables.insert("PATH".into(), search_path(bin.as_os_str(), path));
        variables.insert("VIRTUAL_ENV".into(), place.into());
    }
}

/// The words of one meaning.
pub(super) fn fixed_words(project: &Project, home: &Home) -> io::Result<BTreeMap<String, String>> {
    let root = project.directory.display().to_string();
    let named = project.entries.iter().find(|entry| entry.key == "project.name").map(|entry| entry.value.clone());
    let folder = || project.directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let user = std::env::home_dir().unwrap_or_default().display().to_string();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let words = [
        ("project.root", root.clone()),
        ("project_root", root),
        ("project.name", named.unwrap_or_else(folder)),
        ("cwd", std::env::current_dir()?.display().to_string()),
        ("os.name", std::env::consts::OS.to_owned()),
        ("os.arch", std::env::consts::ARCH.to_owned()),
        ("home", user),
        ("timestamp", now.to_string()),
        ("vx.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("vx.home", home.root().display().to_string()),
        ("vx.runtimes", home.store().display().to_string()),
    ];
    Ok(words.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
