//! The commands that look at the store and take from it: `list`, `which`, `uninstall`, `cache`.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::args::CacheCommand;
use super::failure::{FAILED, Failure, Outcome, USAGE};
use super::{print, shims, tool_and_version};
use crate::hint::nearest;
use crate::install::{Release, Store};
use crate::paths::Home;
use crate::sync::{Want, wanted_by};

/// This user's home.
pub(super) fn home() -> Result<Home, Failure> {
    Home::from_environment().map_err(|error| Failure::hinted(USAGE, &error))
}

/// Run `vx list`.
pub(super) fn list(as_json: bool) -> Outcome {
    let home = home()?;
    let releases = Store::new(home.clone()).list().map_err(|error| Failure::hinted(FAILED, &error))?;
    let wanted = wanted_by(&home);
    let projects = |release: &Release| {
        let want = Want { tool: release.receipt.tool.clone(), version: release.receipt.version.clone() };
        wanted.get(&want).cloned().unwrap_or_default()
    };
    if as_json {
        let rows: Vec<_> = releases.iter().map(|release| row(release, &projects(release))).collect();
        print::data(format_args!("{:#}", json!(rows)));
        return Ok(ExitCode::SUCCESS);
    }
    for release in &releases {
        let receipt = &release.receipt;
        let projects: Vec<String> = projects(release).iter().map(|path| path.display().to_string()).collect();
        let wanted_by = if projects.is_empty() { "no project".into() } else { projects.join(", ") };
        print::data(format_args!("{:<16} {:<14} {:<5} {wanted_by}", receipt.tool, receipt.version, receipt.source));
    }
    if releases.is_empty() {
        print::note("nothing is installed; `vx sync` installs what vx.toml declares");
    }
    Ok(ExitCode::SUCCESS)
}

fn row(release: &Release, projects: &[impl AsRef<Path>]) -> serde_json::Value {
    let receipt = &release.receipt;
    let programs: Vec<_> = receipt
        .programs
        .iter()
        .map(|program| json!({"name": program.name, "path": release.path.join(&program.path).display().to_string()}))
        .collect();
    json!({
        "tool": receipt.tool,
        "version": receipt.version,
        "path": release.path.display().to_string(),
        "programs": programs,
        "source": receipt.source,
        "digest": receipt.parts.first().map(|part| part.digest.to_string()),
        "size": receipt.size_bytes,
        "installed_at": receipt.installed_at.to_string(),
        "wanted_by": projects.iter().map(|path| path.as_ref().display().to_string()).collect::<Vec<_>>(),
    })
}

/// Run `vx uninstall`.
pub(super) fn uninstall(tools: &[String]) -> Outcome {
    let store_home = home()?;
    let store = Store::new(store_home.clone());
    let releases = store.list().map_err(|error| Failure::hinted(FAILED, &error))?;
    let mut doomed = Vec::new();
    for wanted in tools {
        let (tool, version) = tool_and_version(wanted);
        let matching = releases
            .iter()
            .map(|release| &release.receipt)
            .filter(|receipt| receipt.tool == tool && version.is_none_or(|version| receipt.version == version));
        let before = doomed.len();
        doomed.extend(matching.map(|receipt| (receipt.tool.clone(), receipt.version.clone())));
        if doomed.len() == before {
            let near = nearest(tool, releases.iter().map(|release| release.receipt.tool.as_str()));
            let failure = Failure::failed(format!("`{wanted}` is not installed"));
            return Err(failure.hint(match near.first() {
                Some(near) if *near != tool => format!("did you mean `{near}`? `vx list` shows what is installed"),
                _ => "`vx list` shows what is installed".into(),
            }));
        }
    }
    for (tool, version) in doomed {
        store.remove(&tool, &version).map_err(Failure::failed)?;
        print::note(format_args!("removed {tool} {version}"));
    }
    shims::refresh(&store_home);
    Ok(ExitCode::SUCCESS)
}

/// Run `vx cache …`.
pub(super) fn cache(command: CacheCommand) -> Outcome {
    let home = home()?;
    let caches = [home.downloads(), home.index()];
    match command {
        CacheCommand::Size => {
            for cache in &caches {
                print::data(format_args!("{:>14} {}", size_bytes(cache), cache.display()));
            }
        }
        CacheCommand::Clean => {
            for cache in &caches {
                match std::fs::remove_dir_all(cache) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(Failure::failed(format!("cannot empty `{}`: {error}", cache.display())));
                    }
                    _ => print::note(format_args!("emptied `{}`", cache.display())),
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn size_bytes(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size_bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Nobody provides this program: what was probably meant, or how to get it.
pub(super) fn unknown_program(name: &str, known: &[String]) -> Failure {
    let near = nearest(name, known.iter().map(String::as_str));
    Failure::failed(format!("`{name}` is not installed")).hint(match near.first() {
        Some(near) if *near != name => format!("did you mean `{near}`?"),
        _ => "`vx sync` installs what vx.toml declares; `vx search` lists the tools vx knows".into(),
    })
}
