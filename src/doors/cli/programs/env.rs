//! `vx env`: the environment of the project's tools, for shells, editors and build runners.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::doors::cli::args::{Dialect, EnvArguments};
use crate::doors::cli::output::failure::CommandResult;
use crate::doors::cli::output::notices::NoticePrintingFrontend;
use crate::doors::cli::output::print;
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::place_or_none;
use crate::tools::environment;
use crate::tools::routes::Routes;
use crate::tools::shell::{Shell, VariableChange};

/// Run `vx env`.
pub(in crate::doors::cli) fn run(project: Option<&Path>, asked: &EnvArguments) -> CommandResult {
    let routes = Routes::for_place(&place_or_none(project)?, workspace::home()?)?;
    routes.tell(&NoticePrintingFrontend);
    let absent = routes.absent();
    if !absent.is_empty() {
        print::warning(format_args!("{} not installed as the project wants; run `vx sync`", are(&absent)));
    }
    let variables = environment::variables(&routes, std::env::var_os("PATH"));
    match asked.shell.unwrap_or_else(own_dialect) {
        Dialect::Github => environment::append_for_github(&routes)?,
        Dialect::Json => print_object(variables),
        Dialect::Bash => print_lines(Shell::Bash, variables),
        Dialect::Zsh => print_lines(Shell::Zsh, variables),
        Dialect::Fish => print_lines(Shell::Fish, variables),
        Dialect::Powershell => print_lines(Shell::Powershell, variables),
    }
    Ok(ExitCode::SUCCESS)
}

fn print_object(variables: Vec<(String, OsString)>) {
    let text = |value: OsString| value.to_string_lossy().into_owned().into();
    let object = variables.into_iter().map(|(name, value)| (name, text(value))).collect();
    print::data(format_args!("{:#}", serde_json::Value::Object(object)));
}

fn print_lines(shell: Shell, variables: Vec<(String, OsString)>) {
    for (name, value) in variables {
        let change = VariableChange { name, value: Some(value) };
        match shell.line(&change) {
            Some(line) => print::data(line),
            None => {
                print::warning(format_args!("no shell takes a variable named `{}`; it is left out", change.name));
            }
        }
    }
}

fn are(names: &[String]) -> String {
    match names {
        [one] => format!("{one} is"),
        names => format!("{} are", names.join(", ")),
    }
}

fn own_dialect() -> Dialect {
    let shell = std::env::var_os("SHELL").map(PathBuf::from);
    match shell.as_deref().and_then(Path::file_name).and_then(OsStr::to_str) {
        Some("zsh") => Dialect::Zsh,
        Some("fish") => Dialect::Fish,
        Some("pwsh") => Dialect::Powershell,
        _ if cfg!(windows) => Dialect::Powershell,
        _ => Dialect::Bash,
    }
}
