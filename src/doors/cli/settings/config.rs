//! `vx config`: every setting with its value and its origin.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use vx_project::Project;

use crate::doors::cli::args::ConfigArguments;
use crate::doors::cli::output::failure::{CommandFailure, CommandResult, FAILED, USAGE};
use crate::doors::cli::output::notices::NoticePrintingFrontend;
use crate::doors::cli::output::print;
use crate::doors::cli::screens::style;
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::place_or_none;
use crate::workspace::frontend::NullFrontend;
use crate::workspace::project::read_projects;
use crate::workspace::settings::{self, Setting, SettingOrigin, SettingsError};

/// Run `vx config`.
pub(in crate::doors::cli) fn run(directory: Option<&Path>, arguments: &ConfigArguments) -> CommandResult {
    if arguments.check {
        return check(directory);
    }
    let home = workspace::home()?;
    let mut lineage = read_projects(&home, &place_or_none(directory)?, &NoticePrintingFrontend)?;
    settings::without_withheld(&home, &mut lineage, &NoticePrintingFrontend)?;
    let ui = style::checked_settings()?;
    let settings = settings::list(&home, &lineage, &ui, arguments.key.as_deref())?;
    match arguments.json {
        true => print::data(format_args!("{:#}", Value::Array(settings.iter().map(document).collect()))),
        false => print_table(&settings),
    }
    Ok(ExitCode::SUCCESS)
}

/// Only look for errors.
fn check(directory: Option<&Path>) -> CommandResult {
    let projects = read_projects(&workspace::home()?, &place_or_none(directory)?, &NullFrontend)?.projects;
    let faults: Vec<String> =
        projects.iter().filter_map(Project::service_errors).map(|errors| errors.render()).collect();
    faults.iter().for_each(print::problems);
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(USAGE) })
}

fn document(setting: &Setting) -> Value {
    let origin = match &setting.origin {
        SettingOrigin::File { path, line } => {
            json!({ "kind": "file", "path": path.display().to_string(), "line": line })
        }
        SettingOrigin::Environment(variable) => json!({ "kind": "environment", "variable": variable }),
        SettingOrigin::Default => json!({ "kind": "default" }),
    };
    json!({ "key": setting.key, "value": setting.value, "means": setting.means, "origin": origin })
}

fn print_table(settings: &[Setting]) {
    // A value that a file spreads over several lines is printed in one.
    let value = |setting: &Setting| {
        let value = setting.value.split_whitespace().collect::<Vec<_>>().join(" ");
        match setting.means.as_ref().filter(|means| **means != setting.value) {
            Some(means) => format!("{value} ({means})"),
            None => value,
        }
    };
    let longest = |text: &dyn Fn(&Setting) -> usize| settings.iter().map(text).max().unwrap_or_default().min(48);
    let keys = longest(&|setting| setting.key.chars().count());
    let values = longest(&|setting| value(setting).chars().count());
    for setting in settings {
        let origin = match &setting.origin {
            SettingOrigin::File { path, line } => format!("{}:{line}", path.display()),
            SettingOrigin::Environment(variable) => format!("${variable}"),
            SettingOrigin::Default => "default".to_owned(),
        };
        print::data(format_args!("{:<keys$}  {:<values$}  {origin}", setting.key, value(setting)));
    }
}

impl From<SettingsError> for CommandFailure {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Keys(errors) => style::wrong(errors),
            error => Self::hinted(FAILED, &error),
        }
    }
}
