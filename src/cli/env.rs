//! `vx env` and `vx exec-path`: what the project's tools need, for shells, editors and build runners.

use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::{Dialect, EnvArguments, Shell};
use super::failure::{Failure, Outcome};
use super::routes::Routes;
use super::{print, shell, store};
use crate::hint::nearest;
use crate::route::search_path;

/// Run `vx env`.
pub(super) fn run(project: Option<&Path>, asked: &EnvArguments) -> Outcome {
    let routes = routes(project)?;
    let absent = routes.absent();
    if !absent.is_empty() {
        print::warning(format_args!("{} not installed as the project wants; `vx sync` installs", are(&absent)));
    }
    let path = search_path(&routes.search(), std::env::var_os("PATH"));
    let changes: Vec<(String, OsString)> = std::iter::once(("PATH".to_owned(), path))
        .chain(routes.exports().into_iter().map(|(name, value)| (name, value.into())))
        .collect();
    let shell = match asked.shell.unwrap_or_else(own_dialect) {
        Dialect::Github => return for_runner(&routes),
        Dialect::Json => {
            let text = |value: OsString| value.to_string_lossy().into_owned().into();
            let object: serde_json::Map<_, _> = changes.into_iter().map(|(name, value)| (name, text(value))).collect();
            print::data(format_args!("{:#}", serde_json::Value::Object(object)));
            return Ok(ExitCode::SUCCESS);
        }
        Dialect::Bash => Shell::Bash,
        Dialect::Zsh => Shell::Zsh,
        Dialect::Fish => Shell::Fish,
        Dialect::Powershell => Shell::Powershell,
    };
    for (name, value) in changes {
        match shell::line(shell, &(name.clone(), Some(value))) {
            Some(line) => print::data(line),
            None => print::warning(format_args!("no shell takes a variable named `{name}`; it is left out")),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Run `vx exec-path`.
pub(super) fn folders(project: Option<&Path>, tool: Option<&str>) -> Outcome {
    let routes = routes(project)?;
    let folders = routes.folders(tool);
    if let Some(tool) = tool.filter(|_| folders.is_empty()) {
        let names = routes.names();
        let known = names.iter().any(|name| name == tool);
        let near =
            nearest(tool, names.iter().map(String::as_str)).first().map(|near| format!("did you mean `{near}`?"));
        return Err(match known {
            true => Failure::failed(format!("{tool} is not installed as the project wants it")).hint("run `vx sync`"),
            false => Failure::usage(format!("no project here declares `{tool}`"))
                .hint(near.unwrap_or_else(|| "add it to [tools] in vx.toml".into())),
        });
    }
    folders.iter().for_each(|folder| print::data(folder.display()));
    Ok(ExitCode::SUCCESS)
}

/// The routes of the project in this directory, else of the working directory's.
pub(super) fn routes(project: Option<&Path>) -> Result<Routes, Failure> {
    let here = std::env::current_dir()?;
    let directory = project.map_or(here.clone(), |project| here.join(project));
    Routes::of(&directory, store::home()?)
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

/// Append to the files that GitHub's runner reads after this step.
fn for_runner(routes: &Routes) -> Outcome {
    let mut folders = String::new();
    // The runner puts each line in front of the ones before.
    for folder in routes.folders(None).iter().rev() {
        folders.push_str(&format!("{}\n", folder.display()));
    }
    let mut variables = String::new();
    for (name, value) in routes.exports() {
        let mut end = "vx_end".to_owned();
        while value.contains(&end) {
            end.push('_');
        }
        variables.push_str(&format!("{name}<<{end}\n{value}\n{end}\n"));
    }
    append("GITHUB_PATH", &folders)?;
    append("GITHUB_ENV", &variables)?;
    Ok(ExitCode::SUCCESS)
}

fn append(variable: &str, text: &str) -> Result<(), Failure> {
    let file = std::env::var_os(variable).filter(|file| !file.is_empty()).map(PathBuf::from).ok_or_else(|| {
        Failure::usage(format!("{variable} is not set: this is no step of a GitHub workflow"))
            .hint("name your shell with `--shell`")
    })?;
    // What another step left without an end of line stays a line of its own.
    let before = fs::read(&file).unwrap_or_default();
    let separator = if before.last().is_none_or(|last| *last == b'\n') { "" } else { "\n" };
    let written = OpenOptions::new().append(true).create(true).open(&file);
    written.and_then(|mut file| file.write_all(format!("{separator}{text}").as_bytes())).map_err(|error| {
        Failure::failed(format!("cannot write to `{}`, which {variable} names: {error}", file.display()))
    })
}
