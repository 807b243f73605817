//! From what was resolved to the steps of a run: what is installed already, and where the archives of the rest are.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use super::args::RunArguments;
use crate::candidate::SourceKind;
use crate::config::{InstallConfig, Part};
use crate::hint::told;
use crate::install::Store;
use crate::paths::Home;
use crate::source::{SourceError, Sources};
use crate::sync::{Action, Found, InstalledRelease, Place, Plan, Release, ReleasePart, Step, Want, Wanted, plan};

/// The releases that a project wants, of what was resolved.
pub(super) fn wants(wanted: &[Wanted]) -> Vec<Want> {
    let release = |wanted: &Wanted| match &wanted.found {
        Found::Release(release) => Some(Want { tool: wanted.tool.clone(), version: release.version.clone() }),
        _ => None,
    };
    wanted.iter().filter_map(release).collect()
}

/// The plan, by what this home's store holds.
pub(super) fn plan_for(home: &Home, wanted: Vec<Wanted>, force: bool) -> Plan {
    let store = Store::new(home.clone());
    let installed = |tool: &str, version: &str| {
        let release = store.installed(tool, version)?;
        Some(InstalledRelease { digests: release.receipt.parts.into_iter().map(|part| part.digest).collect() })
    };
    plan(wanted.into_iter().map(refuse_unverified).collect(), installed, force)
}

/// Nothing is installed from an address without a digest to hold it to.
fn refuse_unverified(wanted: Wanted) -> Wanted {
    let unverified = matches!(&wanted.found, Found::Release(release)
        if [SourceKind::Url, SourceKind::Vendor].map(SourceKind::name).contains(&release.source.as_str()) && release.parts.iter().any(|part| part.digest.is_none()));
    if !unverified {
        return wanted;
    }
    let error = format!(
        "`{}` comes from an address, and no digest says what it must be\nhint: add `sha256 = \"…\"` to it in vx.toml, or \
         run `vx lock`, which fetches it once and records its digest",
        wanted.tool
    );
    Wanted { found: Found::Nothing { error }, ..wanted }
}

/// The steps that carry a plan out. Where the archives are that only a lock names is found out as part of each step.
pub(super) fn steps(plan: Plan, home: &Home, sources: &Arc<Sources>, run: &RunArguments) -> Vec<Step> {
    plan.into_steps(|tool, release, replaces| {
        let version = release.version.clone();
        let (tool, home, sources) = (tool.to_owned(), home.clone(), Arc::clone(sources));
        let bounds = Bounds { offline: run.offline, timeout: run.timeout, stall_timeout: run.stall_timeout };
        let name = tool.clone();
        let preparation = move || {
            let release = locate(release.clone(), &sources, bounds.offline).map_err(|error| told(&error))?;
            Ok(config(&name, release, replaces, &home, bounds))
        };
        Step { tool, version, action: Action::Install(Box::new(preparation)) }
    })
}

fn locate(mut release: Release, sources: &Sources, offline: bool) -> Result<Release, SourceError> {
    let Ok(source) = SourceKind::from_str(&release.source) else { return Ok(release) };
    for part in &mut release.parts {
        if part.place.is_none() {
            part.place = match sources.locate(source, &part.package, &part.file_name) {
                Ok(at) => Some(Place { url: at.url, authorization: at.authorization }),
                // The download cache goes by digest and may hold it all the same.
                Err(_) if offline => None,
                Err(error) => return Err(error),
            };
        }
    }
    Ok(release)
}

/// What an install may use: the network or not, and how much time.
#[derive(Clone, Copy)]
struct Bounds {
    offline: bool,
    timeout: Option<Duration>,
    stall_timeout: Option<Duration>,
}

fn config(tool: &str, release: Release, replaces: bool, home: &Home, bounds: Bounds) -> InstallConfig {
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    InstallConfig {
        tool_name: tool.to_owned(),
        version: release.version,
        options: release.options,
        download_url: None,
        source: release.source,
        package: release.parts.first().map(|part| part.package.clone()).unwrap_or_default(),
        parts: release.parts.into_iter().map(part).collect(),
        programs: release.programs,
        needs: release.needs,
        home: home.root().to_owned(),
        attempt: 1,
        deadline_ms: bounds.timeout.map(ms),
        stall_ms: bounds.stall_timeout.map(ms),
        log_file: None,
        board: None,
        postinstall: release.postinstall,
        force: replaces,
        offline: bounds.offline,
    }
}

fn part(part: ReleasePart) -> Part {
    let (url, authorization) = part.place.map(|place| (place.url, place.authorization)).unwrap_or_default();
    Part {
        url,
        file_name: part.file_name,
        digest: part.digest,
        size: part.size,
        strip: part.strip,
        into: part.into,
        authorization,
    }
}
