//! `vx run --list` and `vx run SCRIPT -H`: the scripts, and the definition of one.

use std::process::ExitCode;

use serde_json::{Value, json};
use vx_project::Project;
use vx_project::scripts::{ProjectScript, takes_arguments};
use vx_project::trust::shown_command;

use crate::doors::cli::output::failure::CommandResult;
use crate::doors::cli::output::print;

/// Run `vx run --list`.
pub(super) fn list(project: &Project, as_json: bool) -> CommandResult {
    if as_json {
        print::data(Value::Array(project.scripts.iter().map(row).collect()));
        return Ok(ExitCode::SUCCESS);
    }
    let width = project.scripts.iter().map(|script| script.name.chars().count()).max().unwrap_or(0);
    for ProjectScript { name, command, description, .. } in &project.scripts {
        let command = shown_command(command);
        match description {
            Some(description) if !command.is_empty() => {
                print::data(format_args!("{name:width$}  {description} · {command}"))
            }
            Some(description) => print::data(format_args!("{name:width$}  {description}")),
            None => print::data(format_args!("{name:width$}  {command}")),
        }
    }
    if project.scripts.is_empty() {
        print::message(format_args!("`{}` has no [scripts]", project.path.display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn row(script: &ProjectScript) -> Value {
    let ProjectScript { name, command, description, depends, .. } = script;
    json!({ "name": name, "command": shown_command(command), "description": description, "depends": depends })
}

/// Print the definition of a script, and the placeholders that it may use.
pub(super) fn help(order: &[&ProjectScript]) {
    let Some((script, before)) = order.split_last() else { return };
    print::data(format_args!("script:   {}", script.name));
    if let Some(description) = &script.description {
        print::data(format_args!("for:      {description}"));
    }
    let command = shown_command(&[&script.command[..], &script.args.join(" ")].join(" "));
    print::data(format_args!("command:  {}", command.trim()));
    if let Some(cwd) = &script.cwd {
        print::data(format_args!("in:       {cwd}"));
    }
    if !before.is_empty() {
        let names: Vec<&str> = before.iter().map(|script| script.name.as_str()).collect();
        print::data(format_args!("after:    {}", names.join(", ")));
    }
    let place = if takes_arguments(&script.command) { "at the placeholders" } else { "at the end" };
    print::data(format_args!("\nvx run {} [ARGUMENTS]: the arguments go {place}", script.name));
    print::data(WORDS);
}

const WORDS: &str = "
Placeholders in commands, directories and variables:
  {{args}} {{@}}               all arguments, quoted for the shell
  {{arg1}} {{arg2}} …          one of them
  {{#}}                        how many there are
  {{env.NAME}}                 a variable of the environment
  {{project.root}}             the project's directory; also {{project_root}}
  {{project.name}}             its name in [project], else that of its directory
  {{cwd}}                      the directory that vx was called in
  {{os.name}} {{os.arch}}      linux, macos or windows; x86_64 or aarch64
  {{home}} {{timestamp}}       the user's home; seconds since 1970
  {{vx.version}} {{vx.home}} {{vx.runtimes}}";
