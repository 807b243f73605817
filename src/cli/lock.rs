//! `vx lock`: resolve every tool for every platform and write vx.lock.

use std::path::Path;
use std::process::ExitCode;

use super::args::LockArguments;
use super::failure::{FAILED, Failure, Outcome};
use super::print;
use super::workspace::{Workspace, all_of};
use crate::config::Part;
use crate::digest::Digest;
use crate::hint::told;
use crate::install::{CancelToken, Patience, fetch, shown_address};
use crate::paths::Home;
use crate::project::LockedTool;
use crate::report::Silent;
use crate::source::Artifact;
use crate::sync::{Found, Resolution, Resolver};

/// Run `vx lock`.
pub(super) fn run(project: Option<&Path>, arguments: &LockArguments) -> Outcome {
    let mut workspace = Workspace::open(project)?;
    let upgrade = match &arguments.upgrade {
        Some(named) => workspace.select(named)?.into_iter().map(|tool| tool.name).collect(),
        None => Vec::new(),
    };
    let asked = workspace.project.tools.clone();
    let sources = workspace.sources(false);
    let digest_of = |artifact: &Artifact| fetch_digest(&workspace.home, artifact);
    let resolver = Resolver { digest_of: Some(&digest_of), ..workspace.resolver(&sources) };
    resolver.recipes(&asked).map_err(all_of)?;
    let upgraded = |tool: &str| upgrade.iter().any(|name| name == tool);
    let Resolution { wanted, locked, warnings } = resolver.resolve_completely(&asked, upgraded);
    let mut failed = 0;
    for wanted in &wanted {
        if let Found::Nothing { error } = &wanted.found {
            print::error(format_args!("{}: {error}", wanted.tool), None);
            failed += 1;
        }
    }
    for warning in warnings {
        print::warning(warning);
    }
    for (tool, entry) in &locked {
        print::note(line(tool, workspace.lock.tools.get(tool), entry));
    }
    let changed = workspace.write_lock(locked)?;
    match changed {
        true => print::note("wrote vx.lock"),
        // Of an old lock that had to stay it was said why.
        false if failed == 0 && workspace.pins.is_empty() => print::note("vx.lock is up to date"),
        false => {}
    }
    match failed {
        0 => Ok(ExitCode::SUCCESS),
        failed => Err(Failure::hinted_text(
            FAILED,
            format!("{failed} of {} tools could not be locked", wanted.len()),
            match workspace.pins.is_empty() {
                true => "the others are; run `vx lock` again once the errors above are mended",
                false => "vx.lock stays as it was; run `vx lock` again once the errors above are mended",
            },
        )),
    }
}

/// Receive an archive that nobody gives a digest for; it stays in the download cache for the install.
fn fetch_digest(home: &Home, artifact: &Artifact) -> Result<(Digest, u64), String> {
    let shown = shown_address(&artifact.url);
    print::note(format_args!("fetching `{shown}` once: no digest is given for it"));
    let part = Part {
        url: artifact.url.clone(),
        file_name: artifact.file_name.clone(),
        digest: None,
        size: artifact.size,
        strip: artifact.strip,
        into: artifact.into.clone(),
        authorization: artifact.authorization.clone(),
    };
    fetch(home, &part, &Patience::default(), &Silent, &CancelToken::new()).map_err(|error| told(&error))
}

fn line(tool: &str, before: Option<&LockedTool>, now: &LockedTool) -> String {
    let platforms: Vec<String> = now.platforms.keys().map(ToString::to_string).collect();
    let was = match before {
        Some(before) if before.version != now.version => format!(" (was {})", before.version),
        _ => String::new(),
    };
    format!("locked {tool} {}{was} from {} for {}", now.version, now.source, platforms.join(", "))
}
