//! From resolved tools to the steps of a run: which releases are installed already, and where the archives of the rest are.

use std::sync::Arc;
use std::time::Duration;

use super::options::RunOptions;
use crate::config::InstallConfig;
use crate::install::Store;
use crate::paths::Home;
use crate::source::{SourceError, Sources};
use crate::sync::{Action, Made, Plan, Resolved, ResolvedRelease, ResolvedTool, Step, Want, plan};
use crate::trouble::Trouble;

/// The releases among the resolved tools.
pub fn wants(wanted: &[ResolvedTool]) -> Vec<Want> {
    let release = |wanted: &ResolvedTool| match &wanted.found {
        Resolved::Release(release) => Some(Want { tool: wanted.tool.clone(), version: release.version.clone() }),
        _ => None,
    };
    wanted.iter().filter_map(release).collect()
}

/// The plan, given the releases in the store of this home.
pub fn plan_for(home: &Home, wanted: Vec<ResolvedTool>, force: bool) -> Plan {
    let store = Store::new(home.clone());
    let installed = |tool: &str, version: &str| {
        let receipt = store.installed(tool, version)?.receipt;
        Some(Made { source: receipt.source, archives: receipt.parts })
    };
    plan(wanted, installed, force)
}

/// The steps that carry a plan out. Each step requests the addresses of archives that only the lock names.
pub fn steps(plan: Plan, home: &Home, sources: &Arc<Sources>, options: &RunOptions) -> Vec<Step> {
    plan.into_steps(|tool, release, replaces| {
        let version = release.version.clone();
        let (tool, home, sources, options) = (tool.to_owned(), home.clone(), Arc::clone(sources), options.clone());
        let name = tool.clone();
        let preparation = move || {
            let release = locate(release.clone(), &sources, options.offline).map_err(|error| Trouble::of(&error))?;
            Ok(config(&name, release, replaces, &home, &options))
        };
        Step { tool, version, action: Action::Install(Box::new(preparation)) }
    })
}

fn locate(mut release: ResolvedRelease, sources: &Sources, offline: bool) -> Result<ResolvedRelease, SourceError> {
    for part in &mut release.parts {
        if part.origin.is_none() {
            part.origin = match sources.locate(release.source, &part.archive.package, &part.archive.file) {
                Ok(origin) => Some(origin),
                // The download cache is keyed by digest, so it may hold the archive even if the address is unknown.
                Err(_) if offline => None,
                Err(error) => return Err(error),
            };
        }
    }
    Ok(release)
}

fn config(tool: &str, release: ResolvedRelease, replaces: bool, home: &Home, options: &RunOptions) -> InstallConfig {
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    InstallConfig {
        tool_name: tool.to_owned(),
        version: release.version,
        options: release.options,
        download_url: None,
        source: release.source.name().to_owned(),
        package: release.parts.first().map(|part| part.archive.package.clone()).unwrap_or_default(),
        parts: release.parts,
        programs: release.programs,
        needs: release.needs,
        home: home.root().to_owned(),
        attempt: 1,
        deadline_ms: options.timeout.map(ms),
        stall_ms: options.stall_timeout.map(ms),
        log_file: None,
        board: None,
        postinstall: release.postinstall,
        force: replaces,
        offline: options.offline,
    }
}
