//! `vx list`, `vx uninstall` and `vx cache`: the releases in the store, and the caches.

use std::process::ExitCode;

use serde_json::json;
use vx_project::tool_and_version;

use crate::doors::cli::args::CacheCommand;
use crate::doors::cli::output::failure::{CommandFailure, CommandResult, FAILED};
use crate::doors::cli::output::print;
use crate::doors::cli::workspace;
use crate::tools::installs::store::{self as work, Selection, StoredRelease};

/// Run `vx list`.
pub(in crate::doors::cli) fn list(as_json: bool) -> CommandResult {
    let installed = work::list(&workspace::home()?).map_err(|error| CommandFailure::hinted(FAILED, &error))?;
    if as_json {
        let rows: Vec<_> = installed.iter().map(row).collect();
        print::data(format_args!("{:#}", json!(rows)));
        return Ok(ExitCode::SUCCESS);
    }
    for StoredRelease { release, wanted_by } in &installed {
        let receipt = &release.receipt;
        let projects: Vec<String> = wanted_by.iter().map(|path| path.display().to_string()).collect();
        let projects = if projects.is_empty() { "no project".into() } else { projects.join(", ") };
        print::data(format_args!("{:<16} {:<14} {:<5} {projects}", receipt.tool, receipt.version, receipt.source));
    }
    if installed.is_empty() {
        print::message("nothing is installed; `vx sync` installs what vx.toml declares");
    }
    Ok(ExitCode::SUCCESS)
}

fn row(StoredRelease { release, wanted_by }: &StoredRelease) -> serde_json::Value {
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
        "digest": receipt.parts.first().and_then(|part| part.digest.as_ref()).map(ToString::to_string),
        "size": receipt.size_bytes,
        "installed_at": receipt.installed_at.to_string(),
        "wanted_by": wanted_by.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
    })
}

/// Run `vx uninstall`.
pub(in crate::doors::cli) fn uninstall(tools: &[String]) -> CommandResult {
    let selection = |text: &String| {
        let (tool, version) = tool_and_version(text);
        Selection { tool: tool.to_owned(), version: version.map(str::to_owned) }
    };
    let selections: Vec<Selection> = tools.iter().map(selection).collect();
    let removed = |tool: &str, version: &str| print::message(format_args!("removed {tool} {version}"));
    let uninstalled = work::uninstall(&workspace::home()?, &selections, removed)
        .map_err(|error| CommandFailure::hinted(FAILED, &error))?;
    if let Some(error) = uninstalled.shims {
        print::warning(error);
    }
    Ok(ExitCode::SUCCESS)
}

/// Run `vx cache …`.
pub(in crate::doors::cli) fn cache(command: CacheCommand) -> CommandResult {
    for cache in work::caches(&workspace::home()?) {
        let shown = cache.display();
        match command {
            CacheCommand::Size => print::data(format_args!("{:>14} {shown}", work::size_bytes(&cache))),
            CacheCommand::Clean => {
                let emptied = work::empty_cache(&cache);
                emptied.map_err(|error| CommandFailure::failed(format!("cannot empty `{shown}`: {error}")))?;
                print::message(format_args!("emptied `{shown}`"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
