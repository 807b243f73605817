//! npm, uv and pip settings in files of the project and of strangers around it: where packages come from, with which
//! credentials, and how that is checked.

use std::path::PathBuf;

use vx_base::package::source_kind::registries;

use crate::options::setting_files::{SettingFile, SettingFiles};
use crate::sources::followed_settings;

/// A setting in a file of the project or of a stranger that the sources would follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectSetting {
    /// Path of the file.
    pub file: PathBuf,
    /// The setting's name.
    pub name: String,
    /// Its value, which may be a credential.
    pub value: String,
}

/// List the settings in these files that need consent to count.
pub fn project_settings(files: &SettingFiles) -> Vec<ProjectSetting> {
    files.found().iter().flat_map(of_file).collect()
}

fn of_file(file: &SettingFile) -> Vec<ProjectSetting> {
    let text = file.text();
    let settings = match file.path.extension() {
        // The name of a setting is shown, and could be any text of the file. A file behind a link must not be quoted.
        None if file.leads_outside && !text.is_empty() => vec![("what it is a link to".to_owned(), text)],
        _ => registries().find_map(|kind| followed_settings(kind, &file.path, &text)).unwrap_or_default(),
    };
    let setting = |(name, value)| ProjectSetting { file: file.path.clone(), name, value };
    settings.into_iter().map(setting).collect()
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
        let pip = format!(".venv/{}", crate::options::setting_places::pip_name());
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
