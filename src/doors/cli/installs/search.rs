//! `vx search`: the tools that vx knows.

use std::process::ExitCode;

use serde_json::{Value, json};
use vx_base::system::platform::Platform;
use vx_fetch::tools::catalogue;

use crate::doors::cli::output::failure::{CommandFailure, CommandResult};
use crate::doors::cli::output::print;

/// Run `vx search`.
pub(in crate::doors::cli) fn run(text: &str, as_json: bool) -> CommandResult {
    let found = catalogue::search(text);
    if found.is_empty() {
        return Err(CommandFailure::failed(format!("vx knows no tool like `{text}`")).hint(
            "a package of a registry is named `npm:NAME` or `pypi:NAME`; a tool from an address has `url` in vx.toml",
        ));
    }
    if as_json {
        let rows = found.iter().map(|tool| {
            let sources: Vec<&str> = tool.sources().iter().map(|source| source.name()).collect();
            json!({ "name": tool.name, "about": tool.about, "sources": sources })
        });
        print::data(Value::Array(rows.collect()));
        return Ok(ExitCode::SUCCESS);
    }
    for tool in found {
        let sources: Vec<&str> = tool.sources().iter().map(|source| source.name()).collect();
        let here = Platform::current().is_some_and(|platform| tool.platforms().contains(&platform));
        let sources = match sources.as_slice() {
            [] => "system".to_owned(),
            names if here => names.join(","),
            names => format!("{}, not for this machine", names.join(",")),
        };
        print::data(format_args!("{:<14} {:<10} {}", tool.name, sources, tool.about));
    }
    Ok(ExitCode::SUCCESS)
}
