//! Resolving: from what the project asks for, and what the lock holds, to exact releases.
//!
//! Tools are resolved side by side, each its version and then the archives of all platforms at once, so that the whole
//! takes about as long as the slowest tool alone. What fails for one tool is said for that tool; the others go on.

mod archives;
mod entry;
mod needed;
mod newest;
mod standing;
mod version;

use std::collections::BTreeMap;

use super::parallel::in_parallel;
use super::plan::{Found, Place, Release, ReleasePart, Wanted};
use crate::candidate::SourceKind;
use crate::digest::Digest;
use crate::hint::{Hint, told};
use crate::platform::Platform;
use crate::project::{Lock, LockedPart, LockedTool, ToolRequest};
use crate::source::{Artifact, NoRecipe, Recipe, SourceError, Sources};
use archives::{Archives, Missing};
pub use needed::Undeclared;
pub use newest::Newest;
use standing::Standing;

/// How many tools are resolved side by side.
const TOOLS_AT_ONCE: usize = 32;

/// What resolving needs.
pub struct Resolver<'a> {
    /// Where releases come from.
    pub sources: &'a Sources,
    /// The platform to install for.
    pub platform: Platform,
    /// The order in which sources are tried, where the project gives one.
    pub order: &'a [SourceKind],
    /// The lock, as it is.
    pub lock: &'a Lock,
    /// Versions pinned by a lock of an older format; each holds where the project's request accepts it.
    pub pins: &'a BTreeMap<String, String>,
    /// Whether to use the lock alone, even where it does not fit.
    pub frozen: bool,
    /// Whether the archives of every platform are wanted, for a lock, or only this platform's.
    pub all_platforms: bool,
    /// All tools that are declared where this is asked, also those that are not to be resolved: a tool may need another.
    pub declared: &'a [ToolRequest],
    /// Finds out what an archive digests to that nobody gives a digest for, where that is wanted.
    pub digest_of: Option<&'a DigestOf<'a>>,
}

/// The digest and the size of an archive, found out by receiving it.
pub type DigestOf<'a> = dyn Fn(&Artifact) -> Result<(Digest, u64), String> + Sync + 'a;

/// What resolving came to.
pub struct Resolution {
    /// Each tool asked for, in the order given.
    pub wanted: Vec<Wanted>,
    /// The new entries of the lock, for the tools whose entries are to change.
    pub locked: BTreeMap<String, LockedTool>,
    /// For which platforms a tool could not be locked though it may be there, and why; one text for each tool.
    pub warnings: Vec<String>,
}

impl Resolver<'_> {
    /// How to get each tool on this platform, or every reason why one cannot be got: to be said before anything starts.
    pub fn recipes(&self, asked: &[ToolRequest]) -> Result<(), Vec<NoRecipe>> {
        let wanted_here = asked.iter().filter(|ask| ask.wanted_on(self.platform.os));
        let missing: Vec<NoRecipe> = wanted_here.filter_map(|ask| self.recipe(ask, self.platform).err()).collect();
        if missing.is_empty() { Ok(()) } else { Err(missing) }
    }

    /// Whether a lock written on this platform can have an entry for the tool: the copies on `PATH` are never locked, nor
    /// is what only other systems want and this one has no recipe for.
    pub fn lockable(&self, ask: &ToolRequest) -> bool {
        match self.recipe(ask, self.platform) {
            Ok(recipe) => recipe.source != SourceKind::System,
            Err(_) => ask.wanted_on(self.platform.os),
        }
    }

    /// Whether releases of the tool have a program of this name.
    pub fn provides(&self, ask: &ToolRequest, program: &str) -> bool {
        let programs = self.recipe(ask, self.platform).map(|recipe| recipe.programs("", "")).unwrap_or_default();
        programs.iter().any(|provided| provided.name == program)
    }

    /// Resolve these tools; `upgrade` names those whose lock entries are not to be used.
    pub fn resolve(&self, asked: &[ToolRequest], upgrade: impl Fn(&str) -> bool + Sync) -> Resolution {
        self.resolve_as(asked, upgrade, false)
    }

    /// The same for a lock that is to be complete: of what it holds already, the platforms it lacks are asked for again.
    pub fn resolve_completely(&self, asked: &[ToolRequest], upgrade: impl Fn(&str) -> bool + Sync) -> Resolution {
        self.resolve_as(asked, upgrade, true)
    }

    fn resolve_as(&self, asked: &[ToolRequest], upgrade: impl Fn(&str) -> bool + Sync, complete: bool) -> Resolution {
        let unfit: Vec<String> = self.lock.differences(asked).into_iter().map(|difference| difference.tool).collect();
        let standings: Vec<Standing> = asked
            .iter()
            .map(|ask| {
                let upgraded = upgrade(&ask.name);
                let fits = !upgraded && (self.frozen || !unfit.contains(&ask.name));
                let locked = self.lock.tools.get(&ask.name).filter(|_| fits);
                match locked.and_then(|locked| self.incomplete(ask, locked).filter(|_| complete)) {
                    Some(standing) => standing,
                    None => self.standing(ask, locked, upgraded),
                }
            })
            .collect();
        let questions: Vec<_> = asked.iter().zip(&standings).collect();
        // Where nothing is open, nobody has to be asked, and nothing is worth a thread.
        let open = standings.iter().filter(|standing| !matches!(standing, Standing::Settled(_))).count();
        let answers = in_parallel(questions, open.min(TOOLS_AT_ONCE), |(ask, standing)| {
            let version = self.version_by(ask, standing, &upgrade);
            let archives = match &version {
                Some(Ok(version)) => self.archives(ask, standing, version, complete),
                _ => Archives::new(),
            };
            (version, archives)
        });
        self.assemble(asked, standings, answers)
    }

    fn recipe(&self, ask: &ToolRequest, platform: Platform) -> Result<Recipe, NoRecipe> {
        let system = ask.request.is_system().then_some(SourceKind::System);
        let wanted = crate::source::Wanted {
            source: ask.source.or(system),
            url: ask.url.clone(),
            digest: ask.sha256.as_ref().and_then(|digests| digests.of(platform)).cloned(),
            bin: ask.bin.clone(),
            strip: ask.strip,
        };
        Recipe::for_tool(&ask.name, &wanted, self.order, platform)
    }

    fn locked_release(&self, ask: &ToolRequest, recipe: &Recipe, locked: &LockedTool, parts: &[LockedPart]) -> Found {
        let parts: Result<Vec<ReleasePart>, SourceError> =
            parts.iter().map(|part| self.locked_part(locked.source, part)).collect();
        match parts {
            Ok(parts) => Found::Release(Box::new(self.release(ask, recipe, &locked.version, parts))),
            Err(error) => failed(&error),
        }
    }

    fn locked_part(&self, source: SourceKind, part: &LockedPart) -> Result<ReleasePart, SourceError> {
        if source == SourceKind::Npm && part.signed_by.is_none() {
            self.sources.may_be_unsigned(&part.package, &part.version)?;
        }
        let located = part.url.as_ref().map(|url| self.sources.locate_url(url)).transpose()?;
        Ok(ReleasePart {
            package: part.package.clone(),
            version: part.version.clone(),
            file_name: part.file.clone(),
            digest: Some(part.digest.clone()),
            size: part.size,
            strip: part.strip,
            into: part.into.clone(),
            place: located.map(|at| Place { url: at.url, authorization: at.authorization }),
        })
    }

    /// The version of a tool that needs one; `None` for others.
    fn version_by(
        &self,
        ask: &ToolRequest,
        standing: &Standing,
        upgrade: &dyn Fn(&str) -> bool,
    ) -> Option<Result<String, String>> {
        match standing {
            Standing::Settled(_) => None,
            Standing::Partly(_, locked) => Some(Ok(locked.version.clone())),
            Standing::Open(recipe, pin) => {
                let runner = self.runner(recipe, upgrade);
                Some(self.version(ask, recipe, pin.as_ref(), runner.as_ref()))
            }
        }
    }

    fn assemble(
        &self,
        asked: &[ToolRequest],
        standings: Vec<Standing>,
        answers: Vec<(Option<Result<String, String>>, Archives)>,
    ) -> Resolution {
        let mut resolution = Resolution { wanted: Vec::new(), locked: BTreeMap::new(), warnings: Vec::new() };
        for ((ask, standing), (version, archives)) in asked.iter().zip(standings).zip(answers) {
            let found = match (standing, version) {
                (Standing::Settled(found), _) => found,
                (_, None) => Found::NotHere,
                (_, Some(Err(error))) => Found::Nothing { error },
                (Standing::Partly(recipe, locked), Some(Ok(version))) => {
                    self.answer(ask, &recipe, &version, Some(locked), archives, &mut resolution)
                }
                (Standing::Open(recipe, _), Some(Ok(version))) => {
                    self.answer(ask, &recipe, &version, None, archives, &mut resolution)
                }
            };
            let found = if ask.wanted_on(self.platform.os) { found } else { Found::NotHere };
            resolution.wanted.push(wanted(ask, found));
        }
        resolution
    }

    fn release(&self, ask: &ToolRequest, recipe: &Recipe, version: &str, parts: Vec<ReleasePart>) -> Release {
        let file = parts.first().map_or("", |part| part.file_name.as_str());
        Release {
            version: version.to_owned(),
            source: recipe.source.name().to_owned(),
            programs: recipe.programs(version, file),
            needs: recipe.needs().map(|needed| self.needed(needed).map_or(needed, |ask| &ask.name).to_owned()),
            options: ask.options.clone(),
            postinstall: ask.postinstall.clone(),
            parts,
        }
    }

    /// The release for this platform; what is new for the lock, or missing there, goes into the resolution.
    fn answer(
        &self,
        ask: &ToolRequest,
        recipe: &Recipe,
        version: &str,
        known: Option<&LockedTool>,
        mut archives: Archives,
        resolution: &mut Resolution,
    ) -> Found {
        if let Some(error) = archives.values().find_map(forged) {
            return Found::Nothing { error };
        }
        let entry = entry::entry(ask, recipe, version, known, &archives);
        resolution.warnings.extend(entry::unsigned(&ask.name, &archives));
        let found = match archives.remove(&self.platform) {
            Some(Ok(artifacts)) => {
                let parts = artifacts.into_iter().map(part).collect();
                Found::Release(Box::new(self.release(ask, recipe, version, parts)))
            }
            Some(Err(Missing::Absent(error) | Missing::Unknown(error) | Missing::Forged(error))) => {
                return Found::Nothing { error };
            }
            None => match known.and_then(|known| Some((known, known.platforms.get(&self.platform)?))) {
                Some((known, parts)) => self.locked_release(ask, recipe, known, parts),
                None => Found::NotHere,
            },
        };
        resolution.locked.extend(entry.map(|entry| (ask.name.clone(), entry)));
        resolution.warnings.extend(entry::warning(&ask.name, &archives));
        found
    }
}

/// The error of a platform whose archives are not what their source vouches for.
fn forged(answer: &Result<Vec<Artifact>, Missing>) -> Option<String> {
    match answer {
        Err(Missing::Forged(error)) => Some(error.clone()),
        _ => None,
    }
}

fn wanted(ask: &ToolRequest, found: Found) -> Wanted {
    Wanted { tool: ask.name.clone(), found }
}

fn part(artifact: Artifact) -> ReleasePart {
    ReleasePart {
        package: artifact.package,
        version: artifact.version,
        file_name: artifact.file_name,
        digest: artifact.digest,
        size: artifact.size,
        strip: artifact.strip,
        into: artifact.into,
        place: Some(Place { url: artifact.url, authorization: artifact.authorization }),
    }
}

fn failed(error: &(impl std::fmt::Display + Hint)) -> Found {
    Found::Nothing { error: told(error) }
}
