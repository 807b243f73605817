//! Every setting with its value and its origin: a line of a file, a variable of the environment, or vx itself.

use std::path::{Path, PathBuf};

use super::look;
use super::workspace::FRESH_FOR;
use crate::age::MINIMUM_RELEASE_AGE;
use crate::candidate::SourceKind;
use crate::nearest::nearest;
use crate::paths::{Home, RuntimeError, find_runtime_directory};
use crate::project::{ConfigEntry, ConfigErrors, Project, Ui};
use crate::trouble::{Explain, TroubleKind};

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its key, such as `settings.jobs`.
    pub key: String,
    /// Its value.
    pub value: String,
    /// The meaning of a value such as `auto` here.
    pub means: Option<String>,
    /// The origin of the value.
    pub origin: SettingOrigin,
}

/// The origin of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingOrigin {
    /// A line of a file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A variable of the environment.
    Environment(&'static str),
    /// Nothing sets it.
    Default,
}

/// Why the settings cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// There is no directory for boards.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// `[ui.keys]` cannot be used.
    #[error(transparent)]
    Keys(#[from] ConfigErrors),
    /// No setting has this key.
    #[error("there is no setting `{key}`")]
    Unknown {
        /// The key.
        key: String,
        /// The most similar key, if there is one.
        near: Option<String>,
    },
}

impl Explain for SettingsError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Runtime(error) => error.kind(),
            Self::Keys(error) => error.kind(),
            Self::Unknown { .. } => TroubleKind::NotFound,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Runtime(error) => error.hint(),
            Self::Keys(error) => error.hint(),
            Self::Unknown { near: Some(near), .. } => {
                Some(format!("did you mean `{near}`? `vx config` prints them all"))
            }
            Self::Unknown { near: None, .. } => Some("`vx config` prints them all".into()),
        }
    }
}

/// The setting with this key and those below it, or all settings: of the home, of a project, and of the user's views.
///
/// # Errors
/// A value cannot be used, or no setting has the key.
pub fn list(home: &Home, project: Option<&Project>, ui: &Ui, key: Option<&str>) -> Result<Vec<Setting>, SettingsError> {
    let mut settings = Vec::from(places(home)?);
    settings.extend(of_project(project));
    settings.extend(views(ui));
    settings.extend(keys(ui)?);
    if let Some(project) = project {
        // `[settings]` is listed already, and `[ui]` only counts in the user's own file.
        let others =
            project.entries.iter().filter(|entry| !["settings.", "ui."].iter().any(|of| entry.key.starts_with(of)));
        settings.extend(others.map(|entry| written(entry, &project.path)));
    }
    match key {
        None => Ok(settings),
        Some(key) => at_or_below(settings, key),
    }
}

/// The home, and the directory of the boards.
fn places(home: &Home) -> Result<[Setting; 2], RuntimeError> {
    let runtime = find_runtime_directory()?;
    // The session's directory is used only if it is suitable for boards, so its variable alone does not decide the
    // origin.
    let session = std::env::var_os("XDG_RUNTIME_DIR").filter(|session| !session.is_empty());
    let of_session = session.zip(runtime.as_deref()).is_some_and(|(session, used)| used.starts_with(session));
    let runtime_variables = &["VX_RUNTIME_DIR", "XDG_RUNTIME_DIR"][..if of_session { 2 } else { 1 }];
    let shown =
        |path: Option<&Path>| path.map_or_else(|| "made when it is needed".into(), |path| path.display().to_string());
    Ok([
        by_variable("home", shown(Some(home.root())), &["VX_HOME"]),
        by_variable("runtime_directory", shown(runtime.as_deref()), runtime_variables),
    ])
}

/// A setting whose origin is the first of these variables that is set.
fn by_variable(key: &str, value: String, variables: &[&'static str]) -> Setting {
    let set = |name: &&&'static str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let origin = variables.iter().find(set).map_or(SettingOrigin::Default, |name| SettingOrigin::Environment(name));
    Setting { key: key.to_owned(), value, means: None, origin }
}

/// `[settings]` of the project, and the defaults of those that it does not set.
fn of_project(project: Option<&Project>) -> Vec<Setting> {
    let sources: Vec<&str> = SourceKind::ALL.iter().map(|kind| kind.name()).collect();
    let defaults = [
        ("auto_install", "true".to_owned()),
        ("jobs", "as many as fill the processors, at most 16".to_owned()),
        ("sources", sources.join(", ")),
        ("cache_duration", format!("{}s", FRESH_FOR.as_secs())),
        ("minimum_release_age", format!("{}h", MINIMUM_RELEASE_AGE.as_secs() / 3_600)),
        ("verify_checksums", "true".to_owned()),
        ("require_signatures", "false".to_owned()),
        ("mirrors", "none".to_owned()),
    ];
    let mut settings = Vec::new();
    for (name, default) in defaults {
        let key = format!("settings.{name}");
        let below = format!("{key}.");
        let entries = project.iter().flat_map(|project| project.entries.iter().map(|entry| (entry, &project.path)));
        let entries = entries.filter(|(entry, _)| entry.key == key || entry.key.starts_with(&below));
        let before = settings.len();
        settings.extend(entries.map(|(entry, path)| written(entry, path)));
        if settings.len() == before {
            settings.push(Setting { key, value: default, means: None, origin: SettingOrigin::Default });
        }
    }
    settings
}

fn written(entry: &ConfigEntry, path: &Path) -> Setting {
    let origin = SettingOrigin::File { path: path.to_owned(), line: entry.line };
    Setting { key: entry.key.clone(), value: without_passwords(&entry.value), means: None, origin }
}

/// A text whose addresses have no credentials: `https://***@host`.
fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        let end = after.find(|character: char| "/?#\"'`,<>".contains(character) || character.is_whitespace());
        let (authority, after) = after.split_at(end.unwrap_or(after.len()));
        shown.push_str(before);
        match authority.rsplit_once('@') {
            Some((_, host)) => shown.extend(["***@", host]),
            None => shown.push_str(authority),
        }
        rest = after;
    }
    shown + rest
}

/// `[ui]` of the user's own file.
fn views(ui: &Ui) -> [Setting; 5] {
    let environment = |name: &str| std::env::var(name).ok();
    let mut theme = of_ui(ui, "ui.theme", "auto");
    theme.means = Some(look::named(look::palette(ui, environment)).to_owned());
    if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        theme = Setting { value: "none".into(), means: None, origin: SettingOrigin::Environment("NO_COLOR"), ..theme };
    }
    let mut glyphs = of_ui(ui, "ui.glyphs", "auto");
    glyphs.means = Some(if look::ascii(ui, environment) { "ascii" } else { "unicode" }.to_owned());
    let standard = vx_tui::DashboardOptions::default();
    [
        of_ui(ui, "ui.refresh_hz", &standard.refresh_hz.to_string()),
        theme,
        of_ui(ui, "ui.colours", "auto"),
        glyphs,
        of_ui(ui, "ui.mouse", &standard.mouse.to_string()),
    ]
}

/// `[ui.keys]` of the user's own file, and the keys of the actions that it does not name.
fn keys(ui: &Ui) -> Result<Vec<Setting>, ConfigErrors> {
    let setting = |(action, keys): (&str, Vec<String>)| {
        let keys = keys.join(" ");
        Setting { value: keys.clone(), ..of_ui(ui, &format!("ui.keys.{action}"), &keys) }
    };
    Ok(look::keys(ui)?.chosen().map(setting).collect())
}

fn of_ui(ui: &Ui, key: &str, default: &str) -> Setting {
    match (ui.entry(key), &ui.path) {
        (Some(entry), Some(path)) => written(entry, path),
        _ => Setting { key: key.to_owned(), value: default.to_owned(), means: None, origin: SettingOrigin::Default },
    }
}

fn at_or_below(settings: Vec<Setting>, key: &str) -> Result<Vec<Setting>, SettingsError> {
    let below = format!("{key}.");
    let (found, others): (Vec<Setting>, Vec<Setting>) =
        settings.into_iter().partition(|setting| setting.key == key || setting.key.starts_with(&below));
    if found.is_empty() {
        let near = nearest(key, others.iter().map(|setting| setting.key.as_str()));
        let near = near.first().map(|near| (*near).to_owned());
        return Err(SettingsError::Unknown { key: key.to_owned(), near });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_credentials() {
        for (text, shown) in [
            ("https://user:secret@h.invalid/a@b?c=d", "https://***@h.invalid/a@b?c=d"),
            ("https://token@h.invalid:8080", "https://***@h.invalid:8080"),
            ("https://a:b@c@h.invalid", "https://***@h.invalid"),
            (
                "[\"https://u:p@one.invalid\", 'http://u:p@two.invalid']",
                "[\"https://***@one.invalid\", 'http://***@two.invalid']",
            ),
            (
                "curl https://u:p@h.invalid -o x && mail a@b.invalid",
                "curl https://***@h.invalid -o x && mail a@b.invalid",
            ),
            ("https://h.invalid/ me@h.invalid", "https://h.invalid/ me@h.invalid"),
            ("git@h.invalid:a/b ://", "git@h.invalid:a/b ://"),
        ] {
            assert_eq!(without_passwords(text), shown);
        }
    }
}
