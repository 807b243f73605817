//! Turns resolved tools into the steps of a run: finds which releases are installed, and where the archives of the rest
//! are.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use vx_base::package::Part;
use vx_base::package::shipped::NamedPackage;
use vx_base::paths::Home;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_fetch::tools::catalogue;
use vx_fetch::{Attestation, AttestationFault, Proof, SourceError, SourceErrorKind, Sources};
use vx_http::TlsTrust;
use vx_plan::{
    InstalledRelease, Plan, PlanStep, ResolvedRelease, ResolvedTool, ServerWaitReporter, ToolAction, ToolResolution,
    claim, plan,
};
use vx_store::Store;
use vx_store::config::InstallConfig;

use super::server_wait_slot::showing_the_silent;
use crate::tools::installs::wanted_by::WantedRelease;
use crate::workspace::frontend::options::RunOptions;

/// The releases among the resolved tools.
pub fn wants(wanted: &[ResolvedTool]) -> Vec<WantedRelease> {
    let release = |wanted: &ResolvedTool| match &wanted.found {
        ToolResolution::Release(release) => {
            Some(WantedRelease { tool: wanted.tool.clone(), version: release.version.clone() })
        }
        _ => None,
    };
    wanted.iter().filter_map(release).collect()
}

/// The plan, given the releases in the store of this home. Before any archive of a release is requested, the signatures
/// that the lock holds for it are checked.
pub fn plan_for(home: &Home, sources: &Sources, wanted: Vec<ResolvedTool>, force: bool) -> Plan {
    let store = Store::new(home.clone());
    let installed =
        |tool: &str, version: &str| Some(InstalledRelease::from_receipt(&store.installed(tool, version)?.receipt));
    let doubts = RefCell::new(Doubts::default());
    let proved = |tool: &str, release: &ResolvedRelease| prove(sources, tool, release, &mut doubts.borrow_mut());
    let plan = plan(wanted, installed, proved, force);
    Plan { doubts: doubts.into_inner().troubles(), ..plan }
}

/// Warnings about signatures in the lock, for all releases of a plan.
#[derive(Default)]
struct Doubts {
    /// The tools for which the lock names keys but holds no signatures.
    not_kept: Vec<String>,
    /// The tools for which the lock has no signature, although their registry signs.
    missing: Vec<String>,
    /// The tools whose signatures cannot be checked here, each with the reason.
    unchecked: Vec<(String, String)>,
}

impl Doubts {
    /// One warning of each kind, however many tools it is about.
    fn troubles(self) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        let listed = |tools: &[String]| tools.iter().map(|tool| format!("`{tool}`")).collect::<Vec<_>>().join(", ");
        if !self.missing.is_empty() {
            let text = format!(
                "vx.lock has no signature for {}, although the registry signs packages: somebody may have removed it",
                listed(&self.missing)
            );
            let hint =
                format!("look at the history of vx.lock; `vx lock {}` adds the signatures", self.missing.join(" "));
            troubles.push(Trouble::new(TroubleKind::Signature, text).hinted(hint));
        }
        if !self.not_kept.is_empty() {
            let tools = listed(&self.not_kept);
            let text = format!("vx.lock names the keys that signed {tools}, but holds no signatures to check");
            troubles.push(Trouble::new(TroubleKind::Signature, text).hinted("run `vx lock`, which adds them"));
        }
        if !self.unchecked.is_empty() {
            let lines = self.unchecked.iter().map(|(tool, reason)| format!("  {tool}: {reason}"));
            let text = "signatures in vx.lock cannot be checked here; only digests are checked:";
            troubles.push(Trouble::new(TroubleKind::Signature, text).detailed(lines));
        }
        troubles
    }
}

/// Check the signatures that the lock holds for a release.
fn prove(sources: &Sources, tool: &str, release: &ResolvedRelease, doubts: &mut Doubts) -> Result<(), Trouble> {
    attested(sources, tool, release)?;
    for part in release.locked.iter().filter(|_| release.source.signs()) {
        match sources.proof(release.source, &claim(part)) {
            Ok(Proof::Good | Proof::Unclaimed) => {}
            Ok(Proof::NotKept) if doubts.not_kept.iter().any(|known| known == tool) => {}
            Ok(Proof::NotKept) => doubts.not_kept.push(tool.to_owned()),
            Ok(Proof::Missing) if doubts.missing.iter().any(|known| known == tool) => {}
            Ok(Proof::Missing) => doubts.missing.push(tool.to_owned()),
            Ok(Proof::Unchecked(reason)) => doubts.unchecked.push((tool.to_owned(), reason)),
            Err(error) => {
                let trouble = Trouble::from_error(&error);
                let text = format!("vx.lock: {}", trouble.text);
                let hint = "look at the history of vx.lock; to lock the tool again by what its registry signs, run";
                return Err(Trouble { text, ..trouble }.hinted(format!("{hint} `vx lock {tool}`")));
            }
        }
    }
    Ok(())
}

/// Check the builders that the lock names for a release, if the settings require them: whoever writes a lock can name
/// any builder. The attestations are requested unless the home has them.
fn attested(sources: &Sources, tool: &str, release: &ResolvedRelease) -> Result<(), Trouble> {
    if !sources.requires_provenance(tool) {
        return Ok(());
    }
    for part in &release.locked {
        let archive = part.archive();
        let fault = match (sources.attestation_now(release.source, archive), &part.attested) {
            (Err(error), _) => return Err(Trouble::from_error(&error)),
            (Ok(Attestation::By(by)), Some(locked)) if by == *locked => continue,
            (Ok(Attestation::By(by)), Some(locked)) => AttestationFault::NotAsLocked(Box::new((locked.clone(), by))),
            (Ok(Attestation::By(_)), None) => AttestationFault::Required("vx.lock names nobody who built it".into()),
            (Ok(lacking), _) => AttestationFault::Required(lacking.lack().unwrap_or_default().to_owned()),
        };
        let what = format!("{} {}", archive.package, archive.version);
        return Err(Trouble::from_error(&SourceError { what, host: None, kind: SourceErrorKind::Attestation(fault) }));
    }
    Ok(())
}

/// The steps that carry a plan out. Each step looks up the addresses of archives for which the lock has none.
pub fn steps(plan: Plan, home: &Home, sources: &Arc<Sources>, options: &RunOptions) -> Vec<PlanStep> {
    plan.into_steps(|tool, release, replaces| {
        let (version, size_bytes) = (release.version.clone(), release.whole_size_bytes());
        let (tool, home, sources, options) = (tool.to_owned(), home.clone(), Arc::clone(sources), options.clone());
        let name = tool.clone();
        let preparation = move |waits: ServerWaitReporter<'_>| {
            let located = showing_the_silent(&sources, waits, || {
                let release = locate(release.clone(), &sources, options.offline)?;
                let trial = trial(&name, &release, &sources);
                Ok((release, trial))
            });
            let (release, trial) = located.map_err(|error: SourceError| Trouble::from_error(&error))?;
            Ok(InstallConfig { trial, ..config(&name, release, replaces, &home, sources.trust(), &options) })
        };
        PlanStep { tool, version, size_bytes, optional: false, action: ToolAction::Install(Box::new(preparation)) }
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

/// The arguments for a trial of a release, if its source has several archives of it for this machine, so that the wrong
/// one may have been chosen.
fn trial(tool: &str, release: &ResolvedRelease, sources: &Sources) -> Option<Vec<String>> {
    let among = |part: &Part| sources.has_alternatives(release.source, &part.archive.package, &part.archive.file);
    let of_package = || NamedPackage::of_tool(tool).and_then(|named| catalogue::find(named.bare()));
    let arguments = match catalogue::find(tool).or_else(of_package) {
        Some(known) => known.version_arguments(),
        None if release.ships_programs => vec!["--version".to_owned()],
        None => return None,
    };
    release.parts.iter().any(among).then_some(arguments)
}

fn config(
    tool: &str,
    release: ResolvedRelease,
    replaces: bool,
    home: &Home,
    trust: &TlsTrust,
    options: &RunOptions,
) -> InstallConfig {
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
        ships_programs: release.ships_programs,
        needs: release.needs,
        home: home.root().to_owned(),
        attempt: 1,
        deadline_ms: options.timeout.map(ms),
        stall_ms: options.stall_timeout.map(ms),
        lowest_rate: options.lowest_rate,
        log_file: None,
        board: None,
        postinstall: release.postinstall,
        agreed: release.agreed,
        trial: None,
        force: replaces,
        offline: options.offline,
        trust: trust.clone(),
    }
}
