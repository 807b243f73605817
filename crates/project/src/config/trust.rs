//! `[trust]` in the user's own `vx.toml`, in the home of vx: folders whose projects may act without asking, and
//! variables that projects may set although they steer programs. In any other file this table is ignored.

use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::reader::ConfigReader;
use crate::discover::{self, ProjectError};
use crate::problem::ConfigErrors;

const KEYS: [&str; 2] = ["folders", "variables"];

/// The user's trust settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustSettings {
    /// Folders whose projects are trusted; absolute, with `~` expanded.
    pub folders: Vec<PathBuf>,
    /// Variables that projects may set although they steer programs.
    pub variables: Vec<String>,
}

impl TrustSettings {
    /// Read the settings in the project file of this home; empty if there's no file. `user` is the user's directory.
    ///
    /// # Errors
    /// The file can't be read, or `[trust]` has an error.
    pub fn of_home(home: &Path, user: Option<&Path>) -> Result<Self, ProjectError> {
        match discover::find_in(home, |_| true) {
            Some(path) => Self::parse(&path, &discover::text(&path)?, user).map_err(ProjectError::Wrong),
            None => Ok(Self::default()),
        }
    }

    fn parse(path: &Path, text: &str, user: Option<&Path>) -> Result<Self, ConfigErrors> {
        let (document, mut reader) = ConfigReader::of_document(text);
        let trust = read(&mut reader, &document, user);
        match reader.finish().0 {
            problems if problems.is_empty() => Ok(trust),
            problems => Err(ConfigErrors { path: path.to_owned(), problems }),
        }
    }
}

fn read(reader: &mut ConfigReader<'_>, document: &DeTable<'_>, user: Option<&Path>) -> TrustSettings {
    let Some(table) = reader.section(document, "trust") else { return TrustSettings::default() };
    reader.known_keys("[trust]", table, &KEYS);
    let mut trust = TrustSettings::default();
    for (text, span) in table.get("folders").map(|value| reader.strings("`folders`", value)).unwrap_or_default() {
        match folder(&text, user) {
            Some(folder) => trust.folders.push(folder),
            None => reader.error(
                span,
                format!("the folder `{text}` is not an absolute path"),
                Some("begin it with / or ~/".into()),
            ),
        }
    }
    let variables = table.get("variables").map(|value| reader.strings("`variables`", value)).unwrap_or_default();
    trust.variables.extend(variables.into_iter().map(|(name, _)| name));
    trust
}

fn folder(text: &str, user: Option<&Path>) -> Option<PathBuf> {
    let below = text.strip_prefix("~/").or_else(|| (text == "~").then_some(""));
    let path = match below {
        Some(below) => user?.join(below),
        None => PathBuf::from(text),
    };
    path.is_absolute().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<TrustSettings, String> {
        TrustSettings::parse(Path::new("/h/vx.toml"), text, Some(Path::new("/home/me")))
            .map_err(|errors| errors.render())
    }

    #[test]
    fn folders_are_absolute_and_variables_are_named_one_by_one() {
        let trust =
            parse("[trust]\nfolders = [\"~/work\", \"/srv\", \"~\"]\nvariables = [\"NODE_OPTIONS\"]\n").expect("good");
        assert_eq!(trust.folders, [Path::new("/home/me/work"), Path::new("/srv"), Path::new("/home/me")]);
        assert_eq!(trust.variables, ["NODE_OPTIONS"]);
        assert_eq!(parse("[tools]\nnode = 7\n"), Ok(TrustSettings::default()), "the rest of the file is not checked");
        assert!(parse("[trust]\nfolders = [\"work\"]\n").expect_err("relative").contains("vx.toml:2:"));
        assert!(parse("[trust]\nfolders = 3\n").is_err());
    }
}
