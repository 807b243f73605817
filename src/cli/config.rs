//! `vx config`: every setting with its value and where that comes from: a line of a file, a variable, or vx itself.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::args::ConfigArguments;
use super::failure::{FAILED, Failure, Outcome};
use super::{look, print, store, workspace};
use crate::candidate::SourceKind;
use crate::hint::nearest;
use crate::paths::find_runtime_directory;
use crate::project::{Entry, Project, Ui, discover};

/// A setting, its value, and where that comes from.
struct Row {
    key: String,
    value: String,
    /// What a value such as `auto` comes to here.
    means: Option<String>,
    origin: Origin,
}

enum Origin {
    File(PathBuf, usize),
    Environment(&'static str),
    Default,
}

/// Run `vx config`.
pub(super) fn run(directory: Option<&Path>, arguments: &ConfigArguments) -> Outcome {
    let project = match directory {
        None if discover::find(&std::env::current_dir()?).is_none() => None,
        directory => Some(workspace::project(directory)?),
    };
    let ui = look::checked_settings()?;
    let mut rows = places()?;
    rows.extend(settings(project.as_ref()));
    rows.extend(views(&ui));
    rows.extend(keys(&ui)?);
    if let Some(project) = &project {
        // Those of `[settings]` are among the rows already, and `[ui]` counts in the user's own file alone.
        let others =
            project.entries.iter().filter(|entry| !["settings.", "ui."].iter().any(|of| entry.key.starts_with(of)));
        rows.extend(others.map(|entry| written(&entry.key, entry, &project.path)));
    }
    let rows = asked_for(rows, arguments.key.as_deref())?;
    match arguments.json {
        true => print::data(format_args!("{:#}", Value::Array(rows.iter().map(document).collect()))),
        false => table(&rows),
    }
    Ok(ExitCode::SUCCESS)
}

/// The home, and where boards are.
fn places() -> Result<Vec<Row>, Failure> {
    let home = store::home()?;
    let runtime = find_runtime_directory().map_err(|error| Failure::hinted(FAILED, &error))?;
    // The session's directory is used where it is fit for it, and nothing else is said by the variable.
    let session = std::env::var_os("XDG_RUNTIME_DIR").filter(|session| !session.is_empty());
    let of_session = session.zip(runtime.as_deref()).is_some_and(|(session, used)| used.starts_with(session));
    let runtime_variables = &["VX_RUNTIME_DIR", "XDG_RUNTIME_DIR"][..if of_session { 2 } else { 1 }];
    let shown =
        |path: Option<&Path>| path.map_or_else(|| "made when it is needed".into(), |path| path.display().to_string());
    Ok(vec![
        by_variable("home", shown(Some(home.root())), &["VX_HOME"]),
        by_variable("runtime_directory", shown(runtime.as_deref()), runtime_variables),
    ])
}

/// A value that the first of these variables decides that is set.
fn by_variable(key: &str, value: String, variables: &[&'static str]) -> Row {
    let set = |name: &&&'static str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let origin = variables.iter().find(set).map_or(Origin::Default, |name| Origin::Environment(name));
    Row { key: key.to_owned(), value, means: None, origin }
}

/// `[settings]` of the project, and what holds where it says nothing.
fn settings(project: Option<&Project>) -> Vec<Row> {
    let sources: Vec<&str> = SourceKind::ALL.iter().map(|kind| kind.name()).collect();
    let defaults = [
        ("auto_install", "true".to_owned()),
        ("jobs", "as many as fill the processors, at most 16".to_owned()),
        ("sources", sources.join(", ")),
        ("cache_duration", format!("{}s", workspace::FRESH_FOR.as_secs())),
        ("verify_checksums", "true".to_owned()),
        ("require_signatures", "false".to_owned()),
        ("mirrors", "none".to_owned()),
    ];
    let mut rows = Vec::new();
    for (name, default) in defaults {
        let key = format!("settings.{name}");
        let below = format!("{key}.");
        let said = project.iter().flat_map(|project| project.entries.iter().map(|entry| (entry, &project.path)));
        let said = said.filter(|(entry, _)| entry.key == key || entry.key.starts_with(&below));
        let before = rows.len();
        rows.extend(said.map(|(entry, path)| written(&entry.key, entry, path)));
        if rows.len() == before {
            rows.push(Row { key, value: default, means: None, origin: Origin::Default });
        }
    }
    rows
}

fn written(key: &str, entry: &Entry, path: &Path) -> Row {
    let origin = Origin::File(path.to_owned(), entry.line);
    Row { key: key.to_owned(), value: entry.value.clone(), means: None, origin }
}

/// `[ui]` of the user's own file.
fn views(ui: &Ui) -> Vec<Row> {
    let row = |name: &str, default: &str, means: Option<String>| {
        let key = format!("ui.{name}");
        match (ui.entry(&key), &ui.path) {
            (Some(entry), Some(path)) => Row { means, ..written(&key, entry, path) },
            _ => Row { key, value: default.to_owned(), means, origin: Origin::Default },
        }
    };
    let environment = |name: &str| std::env::var(name).ok();
    let palette = look::palette(ui, environment);
    let mut theme = row("theme", "auto", Some(look::named(palette).to_owned()));
    if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        theme = Row { value: "none".into(), means: None, origin: Origin::Environment("NO_COLOR"), ..theme };
    }
    let ascii = if look::ascii(ui, environment) { "ascii" } else { "unicode" };
    let standard = vx_tui::DashboardOptions::default();
    vec![
        row("refresh_hz", &standard.refresh_hz.to_string(), None),
        theme,
        row("colours", "auto", None),
        row("glyphs", "auto", Some(ascii.to_owned())),
        row("mouse", &standard.mouse.to_string(), None),
    ]
}

/// `[ui.keys]` of the user's own file, and the keys of what it does not name.
fn keys(ui: &Ui) -> Result<Vec<Row>, Failure> {
    let row = |(action, keys): (&str, Vec<String>)| {
        let key = format!("ui.keys.{action}");
        match (ui.entry(&key), &ui.path) {
            (Some(entry), Some(path)) => Row { value: keys.join(" "), ..written(&key, entry, path) },
            _ => Row { key, value: keys.join(" "), means: None, origin: Origin::Default },
        }
    };
    Ok(look::keys(ui)?.chosen().map(row).collect())
}

/// The rows of a key and of those below it.
fn asked_for(rows: Vec<Row>, key: Option<&str>) -> Result<Vec<Row>, Failure> {
    let Some(key) = key else { return Ok(rows) };
    let below = format!("{key}.");
    let known: Vec<String> = rows.iter().map(|row| row.key.clone()).collect();
    let found: Vec<Row> = rows.into_iter().filter(|row| row.key == key || row.key.starts_with(&below)).collect();
    if found.is_empty() {
        let failure = Failure::failed(format!("there is no setting `{key}`"));
        let near = nearest(key, known.iter().map(String::as_str));
        return Err(failure.hint(match near.first() {
            Some(near) => format!("did you mean `{near}`? `vx config` prints them all"),
            None => "`vx config` prints them all".to_owned(),
        }));
    }
    Ok(found)
}

fn document(row: &Row) -> Value {
    let origin = match &row.origin {
        Origin::File(path, line) => json!({ "kind": "file", "path": path.display().to_string(), "line": line }),
        Origin::Environment(variable) => json!({ "kind": "environment", "variable": variable }),
        Origin::Default => json!({ "kind": "default" }),
    };
    json!({ "key": row.key, "value": row.value, "means": row.means, "origin": origin })
}

fn table(rows: &[Row]) {
    // What a file spreads over several lines is one here.
    let value = |row: &Row| {
        let value = row.value.split_whitespace().collect::<Vec<_>>().join(" ");
        match row.means.as_ref().filter(|means| **means != row.value) {
            Some(means) => format!("{value} ({means})"),
            None => value,
        }
    };
    let longest = |text: &dyn Fn(&Row) -> usize| rows.iter().map(text).max().unwrap_or_default().min(48);
    let keys = longest(&|row| row.key.chars().count());
    let values = longest(&|row| value(row).chars().count());
    for row in rows {
        let origin = match &row.origin {
            Origin::File(path, line) => format!("{}:{line}", path.display()),
            Origin::Environment(variable) => format!("${variable}"),
            Origin::Default => "default".to_owned(),
        };
        print::data(format_args!("{:<keys$}  {:<values$}  {origin}", row.key, value(row)));
    }
}
