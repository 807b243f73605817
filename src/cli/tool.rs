//! `vx TOOL …` and `vx x`: become the pinned program, and install it first where it is missing.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::{InstallArguments, RunArguments, RunToolArguments, SyncArguments};
use super::failure::{FAILED, Failure, Outcome, USAGE};
use super::routes::{Routes, Target, program};
use super::{install, store, sync, tool_and_version};
use crate::candidate::{Scheme, SourceKind};
use crate::hint::nearest;
use crate::install::{Release, Store};
use crate::paths::Home;
use crate::process::replace;
use crate::project::Request;
use crate::route::{self, Way};
use crate::source::{catalogue, program_on_path};

/// No first line of a script is longer that a system reads.
const LONGEST_LINE_BYTES: u64 = 512;

/// How a program is asked for.
struct Errand<'a> {
    name: &'a str,
    arguments: &'a [OsString],
    /// Whether what is missing may be installed.
    install: bool,
    /// Whether it was asked for by a link of its name: then a copy on `PATH` will do where no project declares it.
    shim: bool,
}

/// Become this program at once, if it is known what it comes to here. Comes back otherwise.
pub(super) fn take_shortcut(name: &OsStr, arguments: &[OsString]) {
    let way = Home::from_environment().ok().and_then(|home| route::shortcut(&home, name));
    if let Some(way) = way {
        // A file that cannot be run is looked into the long way.
        let _ = replace(&way.file, arguments, &way.variables);
    }
}

/// Run `vx TOOL …`.
pub(super) fn external(words: &[OsString]) -> Outcome {
    let (name, arguments) = words.split_first().ok_or_else(|| Failure::usage("no tool is named"))?;
    run(&Errand { name: &text(name)?, arguments, install: true, shim: false })
}

/// Run `vx x`.
pub(super) fn explicit(asked: &RunToolArguments) -> Outcome {
    let (tool, version) = tool_and_version(&asked.tool);
    let install = !asked.no_install;
    match version {
        Some(version) => run_version(tool, version, &asked.arguments, install),
        None => {
            take_shortcut(OsStr::new(tool), &asked.arguments);
            run(&Errand { name: tool, arguments: &asked.arguments, install, shim: asked.shim })
        }
    }
}

fn text(name: &OsStr) -> Result<String, Failure> {
    let known = name.to_str().map(str::to_owned);
    known.ok_or_else(|| Failure::usage(format!("no tool is called `{}`", name.to_string_lossy())))
}

fn run(errand: &Errand) -> Outcome {
    let directory = std::env::current_dir()
        .map_err(|error| Failure::failed(format!("the working directory cannot be told: {error}")))?;
    let mut may_install = errand.install;
    loop {
        let routes = Routes::of(&directory, store::home()?)?;
        match routes.target(errand.name) {
            Target::Ready(way) => {
                let home = routes.home().clone();
                if let Some(draft) = routes.into_draft() {
                    route::keep(&home, &draft);
                }
                return become_program(&way, errand.arguments);
            }
            Target::Absent { tool, project, install } => {
                if !std::mem::take(&mut may_install) || !install {
                    return Err(absent(&tool, install));
                }
                if let Some(code) = sync_tools(&project, vec![tool])? {
                    return Ok(code);
                }
            }
            Target::System(project) => return on_path(errand, &routes, &project),
            Target::Undeclared => return undeclared(errand, &routes, &mut may_install),
        }
    }
}

fn become_program(way: &Way, arguments: &[OsString]) -> Outcome {
    replace(&way.file, arguments, &way.variables).map_err(|error| match interpreter(&way.file) {
        // The system says of it what is true of its interpreter.
        Some(missing) if error.kind() == std::io::ErrorKind::NotFound && way.file.exists() => {
            Failure::failed(format!("cannot run `{}`: there is no `{missing}`, which it is for", way.file.display()))
                .hint(format!("install what `{missing}` belongs to"))
        }
        _ => Failure::failed(format!("cannot run `{}`: {error}", way.file.display()))
            .hint("`vx sync --force` installs it again"),
    })
}

/// The program that a script names in its first line.
fn interpreter(file: &Path) -> Option<String> {
    let mut line = Vec::new();
    BufReader::new(std::fs::File::open(file).ok()?.take(LONGEST_LINE_BYTES)).read_until(b'\n', &mut line).ok()?;
    let named = String::from_utf8_lossy(line.strip_prefix(b"#!")?).trim().to_owned();
    named.split_whitespace().next().map(str::to_owned)
}

fn absent(tool: &str, wanted: bool) -> Failure {
    let why = if wanted { "" } else { ", and vx.toml has `auto_install = false`" };
    Failure::failed(format!("{tool} is not installed as vx.toml and vx.lock want it{why}")).hint("run `vx sync`")
}

/// Install these tools of a project; the exit code to leave with when that did not succeed.
pub(super) fn sync_tools(project: &Path, tools: Vec<String>) -> Result<Option<ExitCode>, Failure> {
    // Shown on standard error, which is not the program's own output.
    let run = RunArguments::default();
    let arguments = SyncArguments { tools, run, check: false, dry_run: false, locked: false, frozen: false };
    unless_done(sync::run(Some(project), &arguments)?)
}

fn unless_done(code: ExitCode) -> Result<Option<ExitCode>, Failure> {
    Ok((code != ExitCode::SUCCESS).then_some(code))
}

/// The copy of this system, behind the links that lead back here.
fn on_path(errand: &Errand, routes: &Routes, project: &Path) -> Outcome {
    match elsewhere(errand.name, routes.home()) {
        Some(file) => become_program(&routes.way(file, None), errand.arguments),
        None => Err(Failure::failed(format!(
            "no `{}` is on PATH, and `{}` wants this system's own",
            errand.name,
            project.join("vx.toml").display()
        ))
        .hint("install it, or have vx install it: give its version in vx.toml")),
    }
}

fn elsewhere(name: &str, home: &Home) -> Option<PathBuf> {
    program_on_path(name, &std::env::var_os("PATH")?, &home.shims())
}

/// A name that no project declares: the newest release that has it, else the newest there is of a tool that vx knows.
fn undeclared(errand: &Errand, routes: &Routes, may_install: &mut bool) -> Outcome {
    let name = errand.name;
    if errand.shim
        && let Some(file) = elsewhere(name, routes.home())
    {
        return become_program(&routes.way(file, None), errand.arguments);
    }
    if let Some((release, file)) = newest(routes.home(), name, |_| true)? {
        return become_program(&routes.way(file, Some(&release.bin())), errand.arguments);
    }
    let Some(tool) = catalogue::providing(name) else { return Err(unknown(name, routes)) };
    if !std::mem::take(may_install) || errand.shim {
        return Err(Failure::failed(format!("`{name}` is not installed, and no vx.toml declares {}", tool.name))
            .hint(format!("add `{} = \"latest\"` to [tools] in vx.toml, and run `vx sync`", tool.name)));
    }
    if let Some(code) = install_one(&tool.name)? {
        return Ok(code);
    }
    match newest(routes.home(), name, |_| true)? {
        Some((release, file)) => become_program(&routes.way(file, Some(&release.bin())), errand.arguments),
        None => Err(Failure::failed(format!("{} was installed without a program `{name}`", tool.name))),
    }
}

fn install_one(tool: &str) -> Result<Option<ExitCode>, Failure> {
    let arguments = InstallArguments { tools: vec![tool.to_owned()], run: RunArguments::default(), ipc_channel: None };
    unless_done(install::run(None, &arguments)?)
}

/// Run this version of a tool, whatever a project declares.
fn run_version(tool: &str, version: &str, arguments: &[OsString], install: bool) -> Outcome {
    let request = Request::parse(version).map_err(|error| Failure::hinted(USAGE, &error))?;
    let home = store::home()?;
    let directory = std::env::current_dir()?;
    let routes = Routes::of(&directory, home.clone())?;
    for may_install in [install, false] {
        let fits = |release: &Release| release.receipt.tool == tool && fits(&request, release);
        if let Some((release, file)) = newest(&home, tool, fits)? {
            return become_program(&routes.way(file, Some(&release.bin())), arguments);
        }
        if !may_install {
            break;
        }
        if let Some(code) = install_one(&format!("{tool}@{version}"))? {
            return Ok(code);
        }
    }
    Err(Failure::failed(format!("{tool}@{version} is not installed"))
        .hint(format!("run `vx install {tool}@{version}`")))
}

/// Whether an installed release answers a request, as far as its version tells.
fn fits(request: &Request, release: &Release) -> bool {
    let scheme = if release.receipt.source == SourceKind::Npm.name() { Scheme::Semver } else { Scheme::Python };
    request.matches(&release.receipt.version, scheme)
}

/// The release installed last of those that have this program.
fn newest(home: &Home, name: &str, fits: impl Fn(&Release) -> bool) -> Result<Option<(Release, PathBuf)>, Failure> {
    let installed = Store::new(home.clone()).list().map_err(|error| Failure::hinted(FAILED, &error))?;
    let having = installed.into_iter().filter(fits);
    let mut having: Vec<_> = having.filter_map(|release| program(&release, name).map(|file| (release, file))).collect();
    having.sort_by_key(|(release, _)| release.receipt.installed_at);
    Ok(having.pop())
}

fn unknown(name: &str, routes: &Routes) -> Failure {
    let declared = routes.names();
    let known = catalogue::all().flat_map(|tool| std::iter::once(&tool.name).chain(&tool.aliases).chain(&tool.brings));
    let names = declared.iter().map(String::as_str).chain(known.map(String::as_str)).chain(super::COMMANDS);
    let near: Vec<String> = nearest(name, names).into_iter().map(|near| format!("`{near}`")).collect();
    Failure::usage(format!("`{name}` is no command of vx, and no tool that vx.toml declares or vx knows")).hint(
        match near.as_slice() {
            [] => "`vx --help` lists the commands, `vx search` the tools".into(),
            near => format!("did you mean {}?", near.join(" or ")),
        },
    )
}
