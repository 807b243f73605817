//! The variables and placeholders that scripts get in addition to their arguments.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use vx_base::files::small_file::read_regular;
use vx_base::paths::{Home, user_home};
use vx_base::system::variables::ClientVariables as Environment;
use vx_project::Project;
use vx_project::trust::is_never_taken;

use super::error::ScriptRunError;
use crate::tools::route::search_path;
use crate::workspace::consent::Consent;
use crate::workspace::frontend::Frontend;
use crate::workspace::withheld_notice::tell_of_file;

/// Variables by name.
pub(crate) type Variables = BTreeMap<OsString, OsString>;

/// Reads a project's files of variables. Variables that steer programs are never taken from them; a notice says so
/// once.
pub(crate) struct VariableFiles<'a> {
    /// The home, which remembers the notices that each shell has had.
    pub home: &'a Home,
    /// The consent of the project; `None` if there is no project.
    pub consent: Option<&'a Consent>,
    /// The frontend that gets the notices.
    pub frontend: &'a dyn Frontend,
}

impl VariableFiles<'_> {
    /// The variables of a project's scripts: from its files of variables, unless parts of the project are withheld,
    /// then `tools`, then from its virtual environment.
    pub(crate) fn of_project(
        &self,
        project: &Project,
        tools: Vec<(OsString, OsString)>,
    ) -> Result<Variables, ScriptRunError> {
        let trusted = self.consent.is_none_or(Consent::complete);
        let mut variables = Variables::new();
        for file in [".env", ".env.local"].iter().filter(|_| trusted) {
            let path = project.directory.join(file);
            variables.extend(self.parse(&path, &content(&path)?)?);
        }
        variables.extend(tools);
        enter_python(project, &mut variables);
        Ok(variables)
    }

    /// The variables in the content of a file.
    pub(crate) fn parse(&self, path: &Path, content: &[u8]) -> Result<Variables, ScriptRunError> {
        let (mut taken, mut refused) = (Variables::new(), Vec::new());
        for line in dotenvy::from_read_iter(content) {
            let (name, value) = line.map_err(|error| unreadable(path, error))?;
            match self.consent.map_or_else(|| is_never_taken(&name, &[]), |consent| consent.refuses(&name)) {
                true => refused.push(name),
                false => drop(taken.insert(name.into(), value.into())),
            }
        }
        tell_of_file(self.home, path, refused, self.frontend);
        Ok(taken)
    }
}

/// The content of a file of variables; empty if there is no such file.
pub(crate) fn content(path: &Path) -> Result<Vec<u8>, ScriptRunError> {
    match read_regular(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        content => content.map_err(|error| unreadable(path, dotenvy::Error::Io(error))),
    }
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

/// The placeholders whose values are the same for all scripts.
pub(super) fn fixed_words(project: &Project, home: &Home) -> io::Result<BTreeMap<String, String>> {
    let root = project.directory.display().to_string();
    let named = project.entries.iter().find(|entry| entry.key == "project.name").map(|entry| entry.value.clone());
    let folder = || project.directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let user = user_home(&Environment::here()).unwrap_or_default().display().to_string();
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
