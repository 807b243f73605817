//! The settings of npm and uv that lie in a project: where packages come from, and with which credentials.

use std::path::{Path, PathBuf};

use super::pypi::uv_index;
use crate::paths::leads_outside;
use crate::small_file::{read_regular, read_regular_text};

/// A setting in a file of the project that the sources would follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectSetting {
    /// The file.
    pub file: PathBuf,
    /// The setting's name.
    pub name: String,
    /// Its value, which may be a credential.
    pub value: String,
}

/// The settings of npm and uv in a project's directory, and of uv in the folders from there up to `top`. The user's own
/// `.npmrc`, in the user's directory, is no project's.
pub fn project_settings(directory: &Path, top: &Path) -> Vec<ProjectSetting> {
    let npm = directory.join(".npmrc");
    let own = std::env::home_dir().is_some_and(|home| home == directory);
    let mut settings = if own { Vec::new() } else { lines(&npm) };
    let folders = directory.ancestors().take_while(|folder| folder.starts_with(top));
    settings.extend(folders.filter_map(|folder| index(folder.join("uv.toml"))));
    settings
}

fn index(file: PathBuf) -> Option<ProjectSetting> {
    let table: toml::Table = read_regular_text(&file).ok()?.parse().ok()?;
    let value = uv_index(&table)?;
    Some(ProjectSetting { file, name: "index".into(), value })
}

/// The lines of an `.npmrc`, without comments, and without plain settings that no source follows. A file that is a link out of
/// the project is one setting, since the name of a setting may be anything that the file says.
fn lines(file: &Path) -> Vec<ProjectSetting> {
    let text = read_regular(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    if !text.is_empty() && leads_outside(file) {
        return vec![ProjectSetting { file: file.to_owned(), name: "what it is a link to".into(), value: text }];
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with([';', '#']));
    let setting = |line: &str| {
        let (name, value) = line.split_once('=').map_or((line, ""), |(name, value)| (name.trim(), value.trim()));
        ProjectSetting { file: file.to_owned(), name: name.to_owned(), value: value.to_owned() }
    };
    lines.map(setting).filter(|setting| !is_harmless(&setting.name)).collect()
}

/// True for a name in plain letters that is none of the settings that the sources follow. Any other writing of a name,
/// such as in quotes, may be one of them.
fn is_harmless(name: &str) -> bool {
    const FOLLOWED: [&str; 9] = [
        "registry",
        "replace-registry-host",
        "min-release-age",
        "trust-policy",
        "trust-policy-ignore-after",
        "cafile",
        "strict-ssl",
        "cert",
        "key",
    ];
    let plain = name.chars().all(|character| character.is_ascii_lowercase() || character == '-');
    plain && !name.is_empty() && !FOLLOWED.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_sources_follow_is_found_and_the_rest_is_not() {
        let top = tempfile::tempdir().expect("a directory");
        let inner = top.path().join("a/b");
        std::fs::create_dir_all(&inner).expect("directories");
        let npm = "; x\nsave-exact=true\nstrict-ssl=false\ncafile=/x\ncert=x\nkey=x\n//h/:certfile=x\nregistry = https://a.invalid/\n\"registry\"=x\n@s:registry=y\n//h/:_authToken=z\n[s]\n";
        std::fs::write(inner.join(".npmrc"), npm).expect("a file");
        std::fs::write(top.path().join("uv.toml"), "index-url = \"https://b.invalid\"\n").expect("a file");
        let found = |directory: &Path| {
            let found = project_settings(directory, top.path());
            found.into_iter().map(|setting| setting.name).collect::<Vec<_>>()
        };
        let safety = ["strict-ssl", "cafile", "cert", "key", "//h/:certfile"];
        assert_eq!(found(&inner)[..5], safety);
        assert_eq!(found(&inner)[5..], ["registry", "\"registry\"", "@s:registry", "//h/:_authToken", "[s]", "index"]);
        assert_eq!(found(top.path()), ["index"]);
        assert_eq!(project_settings(&inner, &inner).len(), 10, "no further up than the top");
    }
}
