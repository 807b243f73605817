//! `vx run`: the scripts of vx.toml, with the project's tools in front of the search path.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use super::args::RunScriptArguments;
use super::failure::{FAILED, Failure, Outcome, USAGE};
use super::routes::Routes;
use super::tool::sync_tools;
use super::workspace::project;
use super::{print, store};
use crate::process::{end_alike, foreground, replace};
use crate::project::Project;
use crate::project::scripts::{self, Script, Words, takes_arguments};

/// The shell that commands are given to, and the word before them.
#[cfg(not(windows))]
const SHELL: [&str; 2] = ["/bin/sh", "-c"];
#[cfg(windows)]
const SHELL: [&str; 2] = ["cmd", "/C"];

/// Variables by name.
type Variables = BTreeMap<OsString, OsString>;

/// Run `vx run`.
pub(super) fn run(directory: Option<&Path>, asked: &RunScriptArguments) -> Outcome {
    let project = project(directory)?;
    let words = asked.words.iter().map(|word| word.to_str().map(str::to_owned));
    let words: Option<Vec<String>> = words.collect();
    let words = words.ok_or_else(|| Failure::usage("an argument is not UTF-8, and scripts are text"))?;
    let Some((name, arguments)) = words.split_first().filter(|_| !asked.list) else {
        return if asked.list { list(&project) } else { Err(nothing_named(&project)) };
    };
    let wants_help = asked.script_help || matches!(arguments, [only] if only == "-H" || only == "--script-help");
    let arguments = match arguments {
        [first, rest @ ..] if first == "--" => rest,
        all => all,
    };
    let order = scripts::order(&project.scripts, name).map_err(|error| Failure::hinted(USAGE, &error))?;
    if wants_help {
        help(&order);
        return Ok(ExitCode::SUCCESS);
    }
    carry_out(&project, &order, arguments)
}

fn nothing_named(project: &Project) -> Failure {
    let names: Vec<&str> = project.scripts.iter().map(|script| script.name.as_str()).collect();
    Failure::usage("no script is named").hint(match names.as_slice() {
        [] => format!("add one to [scripts] in `{}`", project.path.display()),
        names => format!("`{}` has {}", project.path.display(), names.join(", ")),
    })
}

fn list(project: &Project) -> Outcome {
    let width = project.scripts.iter().map(|script| script.name.chars().count()).max().unwrap_or(0);
    for Script { name, command, description, .. } in &project.scripts {
        match description {
            Some(description) if !command.is_empty() => {
                print::data(format_args!("{name:width$}  {description} · {command}"))
            }
            Some(description) => print::data(format_args!("{name:width$}  {description}")),
            None => print::data(format_args!("{name:width$}  {command}")),
        }
    }
    if project.scripts.is_empty() {
        print::note(format_args!("`{}` has no [scripts]", project.path.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// What a script is, and what may stand in one.
fn help(order: &[&Script]) {
    let Some((script, before)) = order.split_last() else { return };
    print::data(format_args!("script:   {}", script.name));
    if let Some(description) = &script.description {
        print::data(format_args!("for:      {description}"));
    }
    print::data(format_args!("command:  {}", [&script.command[..], &script.args.join(" ")].join(" ").trim()));
    if let Some(cwd) = &script.cwd {
        print::data(format_args!("in:       {cwd}"));
    }
    if !before.is_empty() {
        let names: Vec<&str> = before.iter().map(|script| script.name.as_str()).collect();
        print::data(format_args!("after:    {}", names.join(", ")));
    }
    let place = if takes_arguments(&script.command) { "where its command has a word for them" } else { "at the end" };
    print::data(format_args!("\nvx run {} [ARGUMENTS]: they stand {place}", script.name));
    print::data(WORDS);
}

const WORDS: &str = "
Words that a command, a directory and a variable may hold:
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

/// Run each script; this process becomes the last.
fn carry_out(project: &Project, order: &[&Script], arguments: &[String]) -> Outcome {
    let home = store::home()?;
    let routes = installed(project)?;
    let mut variables = Variables::new();
    for file in [".env", ".env.local"] {
        variables.extend(read_variables(&project.directory.join(file))?);
    }
    let way = routes.way(PathBuf::from(SHELL[0]), None);
    variables.extend(way.variables);
    enter_python(project, &mut variables);
    let inherited = std::env::vars_os().chain(variables.clone());
    let environment = inherited.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let words = Words {
        fixed: fixed_words(project, home.root(), &home.store())?,
        environment: environment.collect(),
        arguments: Vec::new(),
        quote,
    };
    // All are understood before the first one runs.
    let mut steps = Vec::new();
    for script in order {
        // What was asked for gets the arguments in any case; what it depends on, where it has a word for them.
        let asked = script.name == order[order.len() - 1].name || takes_arguments(&script.command);
        let arguments = if asked { arguments } else { &[] };
        steps.push(step(project, script, arguments, &words, &variables)?);
    }
    let Some((last, before)) = steps.split_last() else { return Ok(ExitCode::SUCCESS) };
    for step in before.iter().filter(|step| !step.command.is_empty()) {
        let status = foreground(Path::new(SHELL[0]), &step.words(), &step.variables, &step.directory)
            .map_err(|error| step.failed(&error))?;
        if !status.success() {
            print::error(format_args!("the script `{}` did not succeed", step.name), None);
            return Ok(ExitCode::from(end_alike(status)));
        }
    }
    if last.command.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    std::env::set_current_dir(&last.directory).map_err(|error| last.failed(&error))?;
    replace(Path::new(SHELL[0]), &last.words(), &last.variables).map_err(|error| last.failed(&error))
}

/// A script ready to run.
struct Step {
    name: String,
    command: String,
    variables: Vec<(OsString, OsString)>,
    directory: PathBuf,
}

impl Step {
    fn words(&self) -> Vec<OsString> {
        vec![SHELL[1].into(), self.command.clone().into()]
    }

    fn failed(&self, error: &std::io::Error) -> Failure {
        let (name, directory) = (&self.name, self.directory.display());
        Failure::failed(format!("the script `{name}` cannot be run in `{directory}`: {error}"))
    }
}

fn step(
    project: &Project,
    script: &Script,
    arguments: &[String],
    words: &Words,
    variables: &Variables,
) -> Result<Step, Failure> {
    let hinted = |error: scripts::ScriptError| Failure::hinted(USAGE, &error);
    let arguments = script.args.iter().chain(arguments).cloned().collect();
    let mut plain = Words { arguments, quote: str::to_owned, ..words.clone() };
    let mut own = variables.clone();
    for (name, value) in &script.env {
        let value = plain.expand(&script.name, value).map_err(hinted)?;
        plain.environment.insert(name.clone(), value.clone());
        own.insert(name.into(), value.into());
    }
    let cwd = script.cwd.as_deref().unwrap_or_default();
    let directory = project.directory.join(plain.expand(&script.name, cwd).map_err(hinted)?);
    let command = Words { quote, ..plain }.command(&script.name, &script.command).map_err(hinted)?;
    Ok(Step { name: script.name.clone(), command, variables: own.into_iter().collect(), directory })
}

/// The project's tools, after what is missing has been installed, if it may be.
fn installed(project: &Project) -> Result<Routes, Failure> {
    let routes = Routes::of(&project.directory, store::home()?)?;
    let absent = routes.absent();
    if absent.is_empty() || project.settings.auto_install == Some(false) {
        return Ok(routes);
    }
    match sync_tools(&project.directory, absent)? {
        Some(_) => Err(Failure::silent(FAILED)),
        None => Routes::of(&project.directory, store::home()?),
    }
}

fn read_variables(path: &Path) -> Result<Variables, Failure> {
    let unreadable = |error: dotenvy::Error| {
        Failure::usage(format!("`{}` cannot be read: {error}", path.display()))
            .hint("write NAME=value on each line, and values with spaces in quotes")
    };
    match dotenvy::from_path_iter(path) {
        Ok(lines) => {
            lines.map(|line| line.map(|(name, value)| (name.into(), value.into())).map_err(unreadable)).collect()
        }
        Err(dotenvy::Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(Variables::new()),
        Err(error) => Err(unreadable(error)),
    }
}

/// The virtual environment that `[python]` names is the first place for programs, where it is there.
fn enter_python(project: &Project, variables: &mut Variables) {
    let Some(named) = project.entries.iter().find(|entry| entry.key == "python.venv") else { return };
    let place = project.directory.join(&named.value);
    let bin = place.join(if cfg!(windows) { "Scripts" } else { "bin" });
    if bin.is_dir() {
        let path = variables.get(std::ffi::OsStr::new("PATH")).cloned();
        variables.insert("PATH".into(), crate::route::search_path(bin.as_os_str(), path));
        variables.insert("VIRTUAL_ENV".into(), place.into());
    }
}

fn fixed_words(project: &Project, home: &Path, store: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let root = project.directory.display().to_string();
    let named = project.entries.iter().find(|entry| entry.key == "project.name").map(|entry| entry.value.clone());
    let folder = || project.directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let user = std::env::home_dir().unwrap_or_default().display().to_string();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let words = [
        ("project.root", root.clone()),
        ("project_root", root),
        ("project.name", named.unwrap_or_else(folder)),
        ("cwd", std::env::current_dir()?.display().to_string()),
        ("os.name", std::env::consts::OS.to_owned()),
        ("os.arch", std::env::consts::ARCH.to_owned()),
        ("home", user),
        ("timestamp", now.to_string()),
        ("vx.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("vx.home", home.display().to_string()),
        ("vx.runtimes", store.display().to_string()),
    ];
    Ok(words.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// An argument as one word of the shell's.
#[cfg(not(windows))]
fn quote(text: &str) -> String {
    String::from_utf8_lossy(&shell_quote::Sh::quote_vec(text)).into_owned()
}

/// What `cmd` takes for one word: quotes around all that is not plain, and its own quotes doubled.
#[cfg(windows)]
fn quote(text: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "-_./\\:=@".contains(character);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('"', "\"\""))
    }
}
