//! The settings of npm, uv and pip in the files of a project and of strangers around it: where packages come from, with
//! which credentials, and how that is checked.

use std::path::PathBuf;

use super::pypi::{pip_value, uv_index};
use super::setting_files::{SettingFile, SettingFiles};

/// The settings of pip that the sources follow.
const OF_PIP: [&str; 4] = ["index-url", "cert", "client-cert", "trusted-host"];

/// A setting in a file of the project or of a stranger that the sources would follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectSetting {
    /// The file.
    pub file: PathBuf,
    /// The setting's name.
    pub name: String,
    /// Its value, which may be a credential.
    pub value: String,
}

/// The settings in these files that need consent to count.
pub fn project_settings(files: &SettingFiles) -> Vec<ProjectSetting> {
    files.found().iter().flat_map(of_file).collect()
}

fn of_file(file: &SettingFile) -> Vec<ProjectSetting> {
    let text = file.text();
    let settings = match file.path.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => of_uv(&text),
        Some(_) => of_pip(&text),
        // The name of a setting may be anything that the file says, and what a link leads to is not quoted.
        None if file.leads_outside && !text.is_empty() => vec![("what it is a link to".to_owned(), text)],
        None => of_npm(&text),
    };
    let setting = |(name, value)| ProjectSetting { file: file.path.clone(), name, value };
    settings.into_iter().map(setting).collect()
}

fn of_uv(text: &str) -> Vec<(String, String)> {
    let index = text.parse::<toml::Table>().ok().and_then(|table| uv_index(&table));
    index.map(|index| ("index".to_owned(), index)).into_iter().collect()
}

fn of_pip(text: &str) -> Vec<(String, String)> {
    OF_PIP.into_iter().filter_map(|name| Some((name.to_owned(), pip_value(text, name)?))).collect()
}

/// The lines of an `.npmrc`, without comments, and without plain settings that no source follows.
fn of_npm(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with([';', '#']));
    let setting = |line: &str| {
        let (name, value) = line.split_once('=').map_or((line, ""), |(name, value)| (name.trim(), value.trim()));
        (name.to_owned(), value.to_owned())
    };
    lines.map(setting).filter(|(name, _)| !is_harmless(name)).collect()
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
        let top = top.path().canonicalize().expect("it is there");
        let inner = top.join("a/b");
        std::fs::create_dir_all(inner.join(".venv")).expect("directories");
        let npm = "; x\nsave-exact=true\nstrict-ssl=false\ncafile=/x\ncert=x\nkey=x\n//h/:certfile=x\nregistry = https://a.invalid/\n\"registry\"=x\n@s:registry=y\n//h/:_authToken=z\n[s]\n";
        let pip = format!(".venv/{}", crate::setting_places::pip_name());
        for (file, text) in [
            (".npmrc", npm),
            ("../../uv.toml", "index-url = \"https://b.invalid\"\n"),
            (&pip, "[global]\nindex-url = https://c.invalid\nno-color = true\ntrusted-host = c.invalid\n"),
        ] {
            std::fs::write(inner.join(file), text).expect("a file");
        }
        let environment = inner.join(".venv").display().to_string();
        let files = SettingFiles::around(&inner, &inner, &top.join("vx"), &|name| {
            (name == "VIRTUAL_ENV").then(|| environment.clone())
        });
        let found = project_settings(&files);
        let names: Vec<&str> = found.iter().map(|setting| setting.name.as_str()).collect();
        assert_eq!(names[..5], ["strict-ssl", "cafile", "cert", "key", "//h/:certfile"]);
        assert_eq!(names[5..10], ["registry", "\"registry\"", "@s:registry", "//h/:_authToken", "[s]"]);
        assert_eq!(names[10..], ["index", "index-url", "trusted-host"]);
        assert_eq!(found[10].file, top.join("uv.toml"), "a file above the project is a stranger's, and is named");
    }
}
