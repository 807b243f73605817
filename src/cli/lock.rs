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
    if arguments.check {
        return check(&workspace);
    }
    let upgrade = match &arguments.upgrade {
        Some(named) => workspace.select(named)?.into_iter().map(|tool| tool.name).collect(),
        None => Vec::new(),
    };
    let (failed, changed) = lock(&mut workspace, &upgrade)?;
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
            format!("{failed} of {} tools could not be locked", workspace.project.tools.len()),
            match workspace.pins.is_empty() {
                true => "the others are; run `vx lock` again once the errors above are mended",
                false => "vx.lock stays as it was; run `vx lock` again once the errors above are mended",
            },
        )),
    }
}

/// Bring the lock file up to what the project asks for, choosing anew for the tools of `upgrade`, and tell what changes.
/// How many tools could not be locked, and whether the file was written.
pub(super) fn lock(workspace: &mut Workspace, upgrade: &[String]) -> Result<(usize, bool), Failure> {
    let asked = workspace.project.tools.clone();
    // What is to be the newest is not taken from a list that was kept.
    let sources = if upgrade.is_empty() { workspace.sources(false) } else { workspace.fresh_sources() };
    let digest_of = |artifact: &Artifact| fetch_digest(&workspace.home, artifact);
    let resolver = Resolver { digest_of: Some(&digest_of), ..workspace.resolver(&sources) };
    resolver.recipes(&asked).map_err(all_of)?;
    let undeclared = resolver.undeclared(&asked);
    if !undeclared.is_empty() {
        return Err(all_of(undeclared));
    }
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
        let before = workspace.lock.tools.get(tool);
        if before != Some(entry) {
            print::note(line(tool, before, entry));
        }
    }
    Ok((failed, workspace.write_lock(locked)?))
}

/// Whether `vx lock` has nothing to do, as far as that can be told without asking anybody.
fn check(workspace: &Workspace) -> Outcome {
    let differences = workspace.lock_differences(&workspace.project.tools);
    if differences.is_empty() && workspace.pins.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for difference in &differences {
        print::data(difference);
    }
    let text = match workspace.pins.is_empty() {
        true => "vx.lock does not fit vx.toml",
        false => "vx.lock has an old format",
    };
    Err(Failure::hinted_text(FAILED, text, "run `vx lock` and commit vx.lock"))
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
    let version = match before {
        Some(before) if before.version != now.version => format!("{} → {}", before.version, now.version),
        _ => now.version.clone(),
    };
    let mut keys: Vec<&str> = now.platforms.values().flatten().filter_map(|part| part.signed_by.as_deref()).collect();
    keys.sort_unstable();
    keys.dedup();
    let signed = if keys.is_empty() { String::new() } else { format!(", signed by {}", keys.join(", ")) };
    format!("locked {tool} {version} from {} for {}{signed}", now.source, platforms.join(", "))
}
