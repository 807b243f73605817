//! Resolves the project's requests, with the lock, to exact releases.
//!
//! Tools are resolved in parallel: first the version of each, then its archives for all platforms at once. The whole
//! takes about as long as the slowest tool alone. If a tool fails, the others are not affected.

mod aged;
mod archives;
mod attested;
mod changed;
mod entry;
mod forged;
mod lock_signatures;
mod lock_state;
mod newest;
mod pin;
mod runner_tools;
mod version;

use std::collections::BTreeMap;
use std::path::Path;

use vx_base::age::ReleaseAge;
use vx_base::digest::Digest;
use vx_base::package::Part;
use vx_base::package::candidate::Candidate;
use vx_base::package::source_kind::SourceKind;
use vx_base::system::parallel::in_parallel;
use vx_base::system::platform::Platform;
use vx_base::template;
use vx_base::trouble::{Explain, Trouble, TroubleKind};
use vx_fetch::{Artifact, NoRecipe, Recipe, SourceError, Sources};
use vx_project::{Lock, LockedPart, LockedTool, ToolRequest};

use super::plan::{ResolvedRelease, ResolvedTool, ToolResolution, claim};
pub use aged::{AgeRemark, Soon};
use archives::{Archives, MissingArchives};
pub use forged::Forged;
use lock_state::ToolLockState;
pub use newest::Newest;
pub use runner_tools::Undeclared;

/// Most tools that are resolved in parallel.
const TOOLS_AT_ONCE: usize = 32;

/// What resolving needs.
pub struct Resolver<'a> {
    /// Sources of releases.
    pub sources: &'a Sources,
    /// Platform to install for.
    pub platform: Platform,
    /// Order in which sources are tried, if the project sets it.
    pub order: &'a [SourceKind],
    /// The current lock.
    pub lock: &'a Lock,
    /// Versions that a lock of an older format pins; each applies if the project's request accepts it.
    pub pins: &'a BTreeMap<String, String>,
    /// Use only the lock, even if it doesn't match the project.
    pub frozen: bool,
    /// Resolve the archives of all platforms, for a lock, instead of only this platform's.
    pub all_platforms: bool,
    /// Tools whose lock entries are renewed at their present versions. Whatever their sources say now is accepted.
    pub renewed: &'a [String],
    /// All declared tools, including those that aren't resolved now, because a tool may need another.
    pub declared: &'a [ToolRequest],
    /// Versions of those declared tools that another project locks.
    pub locked_above: &'a BTreeMap<String, String>,
    /// Directory of the lock, if it belongs to a project further up.
    pub lock_above: Option<&'a Path>,
    /// Smallest age of a release, for tools that set none themselves.
    pub age: ReleaseAge,
    /// Computes the missing digest of an archive, if that is permitted.
    pub digest_of: Option<&'a DigestOf<'a>>,
}

/// Receives an archive to compute its digest and size.
pub type DigestOf<'a> = dyn Fn(&Artifact) -> Result<(Digest, u64), Trouble> + Sync + 'a;

/// What was resolved.
#[derive(Default)]
pub struct Resolution {
    /// Tools in the given order.
    pub wanted: Vec<ResolvedTool>,
    /// Lock entries to add or change.
    pub locked: BTreeMap<String, LockedTool>,
    /// Tools that could not be locked for all platforms, and tools whose packages have no signature to check.
    pub warnings: Vec<Trouble>,
    /// Remarks about the ages of the releases that were chosen.
    pub ages: Vec<AgeRemark>,
}

impl Resolver<'_> {
    /// Find a recipe for each tool on this platform, or return all the reasons why some have none, before anything
    /// starts.
    pub fn recipes(&self, asked: &[ToolRequest]) -> Result<(), Vec<NoRecipe>> {
        let wanted_here = asked.iter().filter(|ask| ask.wanted_on(self.platform.os));
        let missing: Vec<NoRecipe> = wanted_here.filter_map(|ask| self.recipe(ask, self.platform).err()).collect();
        if missing.is_empty() { Ok(()) } else { Err(missing) }
    }

    /// Whether a lock written on this platform can have an entry for the tool. Copies on `PATH` are never locked, nor
    /// is a tool for other systems that has no recipe on this one.
    pub fn lockable(&self, ask: &ToolRequest) -> bool {
        match self.recipe(ask, self.platform) {
            Ok(recipe) => recipe.source.facts().is_installed,
            Err(_) => ask.wanted_on(self.platform.os),
        }
    }

    /// Whether releases of the tool have a program of this name.
    pub fn provides(&self, ask: &ToolRequest, program: &str) -> bool {
        self.program_names(ask).iter().any(|provided| provided == program)
    }

    /// Names of the programs in the tool's locked release, or in any release if none is locked; for a package outside
    /// of the catalogue, the name that its program probably has.
    pub fn program_names(&self, ask: &ToolRequest) -> Vec<String> {
        let version = self.lock.tools.get(&ask.name).map_or("", |locked| locked.version.as_str());
        self.recipe(ask, self.platform).map(|recipe| recipe.likely_programs(version)).unwrap_or_default()
    }

    /// Programs to look for on `PATH` for a tool that is the system's.
    pub fn system_programs(&self, ask: &ToolRequest) -> Vec<String> {
        self.recipe(ask, self.platform).map(|recipe| recipe.system_programs().to_vec()).unwrap_or_default()
    }

    /// Resolve these tools; `upgrade` selects those whose lock entries are ignored.
    pub fn resolve(&self, asked: &[ToolRequest], upgrade: impl Fn(&str) -> bool + Sync) -> Resolution {
        self.resolve_as(asked, upgrade, false)
    }

    /// Resolve these tools for a complete lock: platforms and signatures that an entry lacks are requested again.
    pub fn resolve_completely(&self, asked: &[ToolRequest], upgrade: impl Fn(&str) -> bool + Sync) -> Resolution {
        let unfit = self.unfit(asked);
        let kept = |ask: &&ToolRequest| !unfit.contains(&ask.name) && !upgrade(&ask.name) && !self.renews(ask);
        let (signed, troubles) = self.with_signatures(asked.iter().filter(kept));
        let mut lock = self.lock.clone();
        lock.tools.extend(signed.clone());
        let mut resolution = Resolver { lock: &lock, ..*self }.resolve_as(asked, upgrade, true);
        for (tool, entry) in signed {
            resolution.locked.entry(tool).or_insert(entry);
        }
        resolution.warnings.extend(troubles);
        resolution
    }

    /// Names of the tools whose lock entries don't answer the project's present requests.
    fn unfit(&self, asked: &[ToolRequest]) -> Vec<String> {
        self.lock.differences(asked).into_iter().map(|difference| difference.tool).collect()
    }

    /// Whether the entry of a tool is renewed.
    fn renews(&self, ask: &ToolRequest) -> bool {
        self.renewed.contains(&ask.name)
    }

    fn resolve_as(&self, asked: &[ToolRequest], upgrade: impl Fn(&str) -> bool + Sync, complete: bool) -> Resolution {
        let unfit = self.unfit(asked);
        let standings: Vec<ToolLockState> = asked
            .iter()
            .map(|ask| {
                let upgraded = upgrade(&ask.name);
                let fits = !upgraded && !self.renews(ask) && (self.frozen || !unfit.contains(&ask.name));
                let locked = self.lock.tools.get(&ask.name).filter(|_| fits);
                match locked.and_then(|locked| self.incomplete(ask, locked).filter(|_| complete && !self.in_doubt(ask)))
                {
                    Some(standing) => standing,
                    None => self.standing(ask, locked, upgraded),
                }
            })
            .collect();
        let questions: Vec<_> = asked.iter().zip(&standings).collect();
        // If nothing has to be asked, no request is made, and a thread isn't worthwhile.
        let open = standings.iter().filter(|standing| !matches!(standing, ToolLockState::Settled(_))).count();
        let answers = in_parallel(questions, open.min(TOOLS_AT_ONCE), |(ask, standing)| {
            let version = self.version_by(ask, standing, &upgrade);
            let archives = match &version {
                Some(Ok(release)) => self.archives(ask, standing, &release.version, complete),
                _ => Archives::new(),
            };
            (version, archives)
        });
        self.assemble(asked, standings, answers, complete)
    }

    fn recipe(&self, ask: &ToolRequest, platform: Platform) -> Result<Recipe, NoRecipe> {
        let wanted = vx_fetch::RecipeRequest {
            source: ask.named_source(),
            package: ask.package.clone(),
            url: ask.url.as_ref().and_then(|url| url.for_platform(platform)).map(str::to_owned),
            digest: ask.digest_of(platform, self.platform).cloned(),
            cutoff: self.age.for_tool(ask.minimum_release_age).cutoff(),
            bin: ask.bin.clone(),
            strip: ask.strip,
        };
        Recipe::for_tool(&ask.name, &wanted, self.order, platform)
    }

    fn locked_release(
        &self,
        ask: &ToolRequest,
        recipe: &Recipe,
        locked: &LockedTool,
        parts: &[LockedPart],
    ) -> ToolResolution {
        let found: Result<Vec<Part>, SourceError> =
            parts.iter().map(|part| self.locked_part(ask, locked, part)).collect();
        match found {
            Ok(found) => {
                if let Some(error) = self.unclaimed(ask, parts) {
                    return failed(&error);
                }
                let release = self.release(ask, recipe, &locked.version, found);
                ToolResolution::Release(Box::new(ResolvedRelease { locked: parts.to_vec(), ..release }))
            }
            Err(error) => failed(&error),
        }
    }

    /// Make a part of a locked release. A lock holds no address in full, so the address is the project's.
    fn locked_part(&self, ask: &ToolRequest, locked: &LockedTool, part: &LockedPart) -> Result<Part, SourceError> {
        if locked.source.signs() {
            self.sources.check_claim(locked.source, &claim(part))?;
        }
        let own = ask.url.as_ref().filter(|_| part.url.is_some()).and_then(|url| url.for_platform(self.platform));
        let own = own.map(|url| template::expand(url, &locked.version, self.platform));
        let origin = own.map(|url| self.sources.locate_url(&url)).transpose()?;
        Ok(Part { archive: part.archive().clone(), origin })
    }

    /// Find the version of a tool that isn't settled; `None` for a settled tool.
    fn version_by(
        &self,
        ask: &ToolRequest,
        standing: &ToolLockState,
        upgrade: &dyn Fn(&str) -> bool,
    ) -> Option<Result<Candidate, Trouble>> {
        match standing {
            ToolLockState::Settled(_) => None,
            ToolLockState::Partly(_, locked) => {
                let release = Candidate::new(&locked.version, locked.source.scheme());
                Some(Ok(Candidate { published: locked.published, ..release }))
            }
            ToolLockState::Open(recipe, pin) => {
                let runner = self.runner(recipe, upgrade);
                Some(self.version(ask, recipe, pin.as_ref(), runner.as_ref()).map(|choice| choice.release))
            }
        }
    }

    fn assemble(
        &self,
        asked: &[ToolRequest],
        standings: Vec<ToolLockState>,
        answers: Vec<(Option<Result<Candidate, Trouble>>, Archives)>,
        complete: bool,
    ) -> Resolution {
        let mut resolution = Resolution::default();
        for ((ask, standing), (version, archives)) in asked.iter().zip(standings).zip(answers) {
            resolution.warnings.extend(self.passed_over(&standing));
            let found = match (standing, version) {
                (ToolLockState::Settled(found), _) => found,
                (_, None) => ToolResolution::NotHere,
                (ToolLockState::Open(recipe, Some(pin)), Some(Err(error))) if pin.aged && !complete => {
                    self.keep_in_doubt(ask, &recipe, error, &mut resolution)
                }
                (_, Some(Err(error))) => ToolResolution::Nothing { error },
                (ToolLockState::Partly(recipe, locked), Some(Ok(release))) => {
                    self.answer(ask, &recipe, &release, Some(locked), archives, &mut resolution)
                }
                (ToolLockState::Open(recipe, _), Some(Ok(release))) => {
                    resolution.ages.extend(self.remark(ask, &recipe, &release));
                    let release = self.timed_as_locked(ask, &recipe, release);
                    self.answer(ask, &recipe, &release, None, archives, &mut resolution)
                }
            };
            let found = if ask.wanted_on(self.platform.os) { found } else { ToolResolution::NotHere };
            resolution.wanted.push(wanted(ask, found));
        }
        resolution
    }

    /// Report the unusable entries of a tool's lists.
    fn passed_over(&self, standing: &ToolLockState) -> Vec<Trouble> {
        match standing {
            ToolLockState::Open(recipe, _) | ToolLockState::Partly(recipe, _) => {
                self.sources.passed_over(recipe).iter().map(Trouble::from_error).collect()
            }
            ToolLockState::Settled(_) => Vec::new(),
        }
    }

    /// Keep the locked release of a tool that may be too young, if its source doesn't answer: a project whose tools are
    /// locked works without a network. Any other error counts.
    fn keep_in_doubt(
        &self,
        ask: &ToolRequest,
        recipe: &Recipe,
        error: Trouble,
        resolution: &mut Resolution,
    ) -> ToolResolution {
        let unanswered = matches!(error.kind, TroubleKind::Network | TroubleKind::Offline);
        let locked = self.lock.tools.get(&ask.name).filter(|_| unanswered);
        let Some((locked, parts)) = locked.and_then(|locked| Some((locked, locked.platforms.get(&self.platform)?)))
        else {
            return ToolResolution::Nothing { error };
        };
        let subject = format!("`{}` keeps its locked version, although that may be too young", ask.name);
        resolution.warnings.push(error.about(subject));
        self.locked_release(ask, recipe, locked, parts)
    }

    fn release(&self, ask: &ToolRequest, recipe: &Recipe, version: &str, parts: Vec<Part>) -> ResolvedRelease {
        let file = parts.first().map_or("", |part| part.archive.file.as_str());
        ResolvedRelease {
            version: version.to_owned(),
            source: recipe.source,
            programs: recipe.programs(version, file),
            ships_programs: recipe.ships_programs(),
            needs: recipe.needs().map(|needed| self.needed(needed).map_or(needed, |ask| &ask.name).to_owned()),
            options: ask.options.clone(),
            postinstall: ask.postinstall.clone(),
            agreed: ask.agreed.clone(),
            parts,
            locked: Vec::new(),
        }
    }

    /// Make the release for this platform; new lock entries and warnings go into the resolution.
    fn answer(
        &self,
        ask: &ToolRequest,
        recipe: &Recipe,
        release: &Candidate,
        known: Option<&LockedTool>,
        mut archives: Archives,
        resolution: &mut Resolution,
    ) -> ToolResolution {
        if let Some(error) = archives.values().find_map(badly_signed) {
            return ToolResolution::Nothing { error };
        }
        match self.changed(ask, &archives) {
            // A change is reported even if it is allowed.
            Some(changed) if self.renews(ask) => {
                resolution.warnings.push(Trouble { hint: None, ..Trouble::from_error(&changed) });
            }
            Some(changed) => return failed(&changed),
            None => {}
        }
        if let Some(error) = self.unattested(ask, &archives) {
            return failed(&error);
        }
        let before = self.lock.tools.get(&ask.name);
        let entry = entry::entry(ask, recipe, release, known, before.filter(|_| !self.renews(ask)), &archives);
        if let Some(error) = entry.as_ref().and_then(|entry| self.unwritable(ask, entry)) {
            return ToolResolution::Nothing { error };
        }
        resolution.warnings.extend(entry::unsigned(&ask.name, &archives));
        resolution.warnings.extend(attested::warning(&ask.name, before, &archives));
        let found = match archives.remove(&self.platform) {
            Some(Ok(artifacts)) => {
                let parts = artifacts.into_iter().map(Artifact::part).collect();
                ToolResolution::Release(Box::new(self.release(ask, recipe, &release.version, parts)))
            }
            Some(Err(
                MissingArchives::Absent(error) | MissingArchives::Unknown(error) | MissingArchives::Forged(error),
            )) => {
                return ToolResolution::Nothing { error };
            }
            None => match known.and_then(|known| Some((known, known.platforms.get(&self.platform)?))) {
                Some((known, parts)) => self.locked_release(ask, recipe, known, parts),
                None => ToolResolution::NotHere,
            },
        };
        resolution.locked.extend(entry.map(|entry| (ask.name.clone(), entry)));
        resolution.warnings.extend(entry::warning(&ask.name, &archives));
        found
    }

    /// Say why an entry would be refused when it is read again; such an entry isn't written.
    fn unwritable(&self, ask: &ToolRequest, entry: &LockedTool) -> Option<Trouble> {
        let forgery = || self.forgery(ask, entry, &Platform::ALL).map(|forged| forged.difference.to_string());
        let reason = entry.check().err().or_else(forgery)?;
        let text = format!("what its source answers cannot be locked: {reason}");
        Some(Trouble::new(TroubleKind::BadAnswer, text).hinted("name another mirror, or ask for another version"))
    }
}

/// The error of a platform whose archives fail the check of their signature.
fn badly_signed(answer: &Result<Vec<Artifact>, MissingArchives>) -> Option<Trouble> {
    match answer {
        Err(MissingArchives::Forged(error)) => Some(error.clone()),
        _ => None,
    }
}

fn wanted(ask: &ToolRequest, found: ToolResolution) -> ResolvedTool {
    ResolvedTool { tool: ask.name.clone(), optional: ask.optional, found }
}

fn failed(error: &(impl std::fmt::Display + Explain)) -> ToolResolution {
    ToolResolution::Nothing { error: Trouble::from_error(error) }
}
