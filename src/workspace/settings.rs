//! Every setting with its value and its origin: a line of a file, a variable of the environment, or vx itself.

use std::path::{Path, PathBuf};

use vx_base::age::MINIMUM_RELEASE_AGE;
use vx_base::nearest::nearest;
use vx_base::package::source_kind::SourceKind;
use vx_base::paths::{Home, RuntimeError, find_runtime_directory};
use vx_base::shown_address::shown_value;
use vx_base::trouble::{Explain, TroubleKind};
use vx_fetch::tools::catalogue;
use vx_project::dotted_key::key_segment;
use vx_project::trust::ActingPart;
use vx_project::{ConfigEntry, ConfigErrors, Project, ToolRequest, Ui, lineage};

use super::consent::Consent;
use super::error::WorkError;
use super::frontend::Frontend;
use super::look;
use super::withheld_notice::tell;
use crate::workspace::project::{FRESH_FOR, Lineage};

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its key, such as `settings.jobs`.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What a value such as `auto` means on this machine.
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

/// The setting with this key and those below it, or all settings: of the home, of a project with what it inherits, and of
/// the views.
///
/// # Errors
/// A value cannot be used, or no setting has the key.
pub fn list(home: &Home, lineage: &Lineage, ui: &Ui, key: Option<&str>) -> Result<Vec<Setting>, SettingsError> {
    let mut settings = Vec::from(places(home)?);
    settings.extend(of_projects(&lineage.projects));
    settings.extend(views(ui));
    settings.extend(keys(ui)?);
    settings.extend(others(lineage));
    match key {
        None => Ok(settings),
        Some(key) => at_or_below(settings, key),
    }
}

/// Remove from the projects what may not act, so that every listed value is in force. The frontend gets a notice of the
/// removed parts, once for each shell.
///
/// # Errors
/// A project's consent cannot be determined.
pub fn without_withheld(home: &Home, lineage: &mut Lineage, frontend: &dyn Frontend) -> Result<(), WorkError> {
    for project in &mut lineage.projects {
        let consent = Consent::for_project(home, project)?;
        tell(home, &consent, frontend);
        let withheld = consent.withheld().iter().filter_map(|part| match part {
            ActingPart::Variable { name, .. } => Some(format!("env.{}", key_segment(name))),
            ActingPart::Setting { name, .. } => Some(format!("settings.{name}")),
            _ => None,
        });
        let refused = consent.refused.iter().map(|name| format!("env.{}", key_segment(name)));
        let keys: Vec<String> = withheld.chain(refused).collect();
        project.entries.retain(|entry| !keys.contains(&entry.key));
        consent.apply(project);
    }
    Ok(())
}

/// The home, and the directory of the boards.
fn places(home: &Home) -> Result<[Setting; 2], RuntimeError> {
    let runtime = find_runtime_directory()?;
    // The session's directory is used only if it is suitable for boards, so the variable alone does not decide the
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

/// The other tables: all tables of the project, and the tools and variables that it inherits. `[settings]` is listed
/// already, and `[ui]` only counts in the user's own file.
fn others(lineage: &Lineage) -> Vec<Setting> {
    let files: Vec<&Project> = lineage.projects.iter().chain(&lineage.own).collect();
    let mut settings = Vec::new();
    for (depth, project) in files.iter().enumerate() {
        let (nearer, is_own) = (&files[..depth], depth >= lineage.projects.len());
        let counts = |entry: &&ConfigEntry| match entry.key.split_once('.') {
            Some(("settings" | "ui", _)) => false,
            _ if depth == 0 && !is_own => true,
            Some(("tools" | "runtimes", below)) => {
                let is_it = |tool: &&ToolRequest| below.strip_prefix(&*key_segment(&tool.name)).is_some_and(ends_name);
                let tool = project.tools.iter().find(is_it);
                tool.is_some_and(|tool| !lineage::speaks_about(nearer, &tool.name, catalogue::is_same))
            }
            Some(("env", name)) => {
                let is_it = |known: &String| name.starts_with('"') && key_segment(known) == name;
                !nearer.iter().any(|near| near.env.contains_key(name) || near.env.keys().any(is_it))
            }
            _ => false,
        };
        settings.extend(project.entries.iter().filter(counts).map(|entry| written(entry, &project.path)));
    }
    settings
}

/// Whether a key ends after a name, or continues with a field of it.
fn ends_name(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('.')
}

/// Each of `[settings]` from the nearest project that sets it, or else its default.
fn of_projects(projects: &[Project]) -> Vec<Setting> {
    let sources: Vec<&str> = SourceKind::ALL.iter().map(|kind| kind.name()).collect();
    let defaults = [
        ("auto_install", "true".to_owned()),
        ("jobs", "as many as fill the processors, at most 16".to_owned()),
        ("sources", sources.join(", ")),
        ("cache_duration", format!("{}s", FRESH_FOR.as_secs())),
        ("minimum_release_age", format!("{}h", MINIMUM_RELEASE_AGE.as_secs() / 3_600)),
        ("verify_checksums", "true".to_owned()),
        ("require_signatures", "false".to_owned()),
        ("require_provenance", "[]".to_owned()),
        ("mirrors", "none".to_owned()),
    ];
    let mut settings = Vec::new();
    for (name, default) in defaults {
        let key = format!("settings.{name}");
        let below = format!("{key}.");
        let before = settings.len();
        for project in projects {
            let entries = project.entries.iter().filter(|entry| entry.key == key || entry.key.starts_with(&below));
            // A table is inherited by its keys, a list as a whole.
            let fresh: Vec<Setting> = entries
                .filter(|entry| !settings[before..].iter().any(|known: &Setting| known.key == entry.key))
                .map(|entry| written(entry, &project.path))
                .collect();
            settings.extend(fresh);
        }
        if settings.len() == before {
            settings.push(Setting { key, value: default, means: None, origin: SettingOrigin::Default });
        }
    }
    settings
}

fn written(entry: &ConfigEntry, path: &Path) -> Setting {
    let origin = SettingOrigin::File { path: path.to_owned(), line: entry.line };
    Setting { key: entry.key.clone(), value: shown_value(&entry.value), means: None, origin }
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
    [
        of_ui(ui, "ui.refresh_hz", &look::standard_refresh_hz().to_string()),
        theme,
        of_ui(ui, "ui.colours", "auto"),
        glyphs,
        of_ui(ui, "ui.mouse", &look::standard_mouse().to_string()),
    ]
}

/// `[ui.keys]` of the user's own file, and the default keys of the other actions.
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
