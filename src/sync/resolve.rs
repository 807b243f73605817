//! Resolving: from what the project asks for, and what the lock holds, to exact releases.
//!
//! Tools are resolved side by side, first their versions, then the archives of all platforms, so that the whole takes
//! about as long as the slowest single answers. What fails for one tool is said for that tool; the others go on.

mod version;

use std::collections::BTreeMap;

use super::parallel::in_parallel;
use super::plan::{Found, Place, Release, ReleasePart, Wanted};
use crate::candidate::SourceKind;
use crate::digest::Digest;
use crate::hint::{Hint, told};
use crate::platform::Platform;
use crate::project::{Lock, LockedPart, LockedTool, Request, ToolRequest};
use crate::source::{Artifact, NoRecipe, Recipe, SourceError, Sources};

/// How many questions are under way side by side.
const RESOLVERS: usize = 16;

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
}

/// How one tool stands after a look at the lock.
enum Standing<'a> {
    /// Nothing more to find out.
    Settled(Found),
    /// The lock names the version, but not the archives of this platform.
    Partly(Recipe, &'a LockedTool),
    /// Nothing is known yet but, perhaps, the version that a lock of an older format pins.
    Open(Recipe, Option<Request>),
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
    pub fn resolve(&self, asked: &[ToolRequest], upgrade: impl Fn(&str) -> bool) -> Resolution {
        let unfit: Vec<String> = self.lock.differences(asked).into_iter().map(|difference| difference.tool).collect();
        let standings: Vec<Standing> = asked
            .iter()
            .map(|ask| {
                let upgraded = upgrade(&ask.name);
                self.standing(ask, upgraded, !upgraded && (self.frozen || !unfit.contains(&ask.name)))
            })
            .collect();
        let versions = self.versions(asked, &standings);
        let archives = self.archives(asked, &standings, &versions);
        self.assemble(asked, standings, versions, archives)
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

    fn standing(&self, ask: &ToolRequest, upgraded: bool, lock_fits: bool) -> Standing<'_> {
        let here = ask.wanted_on(self.platform.os);
        let locked = self.lock.tools.get(&ask.name).filter(|_| lock_fits);
        if !here && (self.frozen || !self.all_platforms || locked.is_some()) {
            return Standing::Settled(Found::NotHere);
        }
        let recipe = match self.recipe(ask, self.platform) {
            Ok(recipe) if here || recipe.source != SourceKind::System => recipe,
            Err(error) if here => return Standing::Settled(failed(&error)),
            _ => return Standing::Settled(Found::NotHere),
        };
        if recipe.source == SourceKind::System {
            return Standing::Settled(self.on_path(ask, &recipe));
        }
        match locked {
            Some(locked) => match locked.platforms.get(&self.platform) {
                Some(parts) => Standing::Settled(self.locked_release(ask, &recipe, locked, parts)),
                None if self.frozen => Standing::Settled(Found::Nothing {
                    error: format!(
                        "vx.lock has no archive of `{}` for {}\nhint: run `vx lock`",
                        ask.name, self.platform
                    ),
                }),
                None => Standing::Partly(recipe, locked),
            },
            None if self.frozen => Standing::Settled(Found::Nothing {
                error: format!("`{}` is not in vx.lock\nhint: run `vx lock`, or leave out `--frozen`", ask.name),
            }),
            None => Standing::Open(recipe, self.pin(ask).filter(|_| !upgraded)),
        }
    }

    fn on_path(&self, ask: &ToolRequest, recipe: &Recipe) -> Found {
        let found = match self.sources.system(recipe) {
            Ok(found) => found,
            Err(error) => return failed(&error),
        };
        let version = found.version.clone().unwrap_or_default();
        let fits = ask.request.is_system() || ask.request.matches(&version, crate::candidate::Scheme::Python);
        if !fits {
            let (tool, wanted) = (&ask.name, ask.request.text());
            let path = found.path.display();
            return Found::Nothing {
                error: format!(
                    "`{tool}` on PATH is {version} ({path}), and vx.toml asks for `{wanted}`\nhint: change the version, or \
                     leave out `source = \"system\"` to have vx install it"
                ),
            };
        }
        Found::OnPath { program: found.path, version }
    }

    fn locked_release(&self, ask: &ToolRequest, recipe: &Recipe, locked: &LockedTool, parts: &[LockedPart]) -> Found {
        let parts: Result<Vec<ReleasePart>, SourceError> = parts.iter().map(|part| self.locked_part(part)).collect();
        match parts {
            Ok(parts) => Found::Release(Box::new(release(ask, recipe, &locked.version, parts))),
            Err(error) => failed(&error),
        }
    }

    fn locked_part(&self, part: &LockedPart) -> Result<ReleasePart, SourceError> {
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

    /// The version of each tool that needs one; `None` for the others.
    fn versions(&self, asked: &[ToolRequest], standings: &[Standing]) -> Vec<Option<Result<String, String>>> {
        let questions: Vec<_> = asked.iter().zip(standings).collect();
        in_parallel(questions, RESOLVERS, |(ask, standing)| match standing {
            Standing::Settled(_) => None,
            Standing::Partly(_, locked) => Some(Ok(locked.version.clone())),
            Standing::Open(recipe, pin) => Some(self.version(ask, recipe, pin.as_ref())),
        })
    }

    /// The archives of each version, by tool and platform.
    fn archives(
        &self,
        asked: &[ToolRequest],
        standings: &[Standing],
        versions: &[Option<Result<String, String>>],
    ) -> BTreeMap<(usize, Platform), Result<Vec<Artifact>, String>> {
        let mut questions = Vec::new();
        for (index, ask) in asked.iter().enumerate() {
            let Some(Ok(version)) = &versions[index] else { continue };
            let only_here = matches!(standings[index], Standing::Partly(..)) || !self.all_platforms;
            for platform in Platform::ALL {
                let here = platform == self.platform;
                if ask.wanted_on(platform.os) && (here || !only_here) {
                    questions.push((index, platform, version));
                }
            }
        }
        let answers = in_parallel(questions, RESOLVERS, |(index, platform, version)| {
            let recipe = self.recipe(&asked[index], platform).map_err(|error| told(&error));
            let answer = recipe.and_then(|recipe| {
                let artifacts = self.sources.artifacts(&recipe, version, platform).map_err(|error| told(&error))?;
                artifacts.into_iter().map(|artifact| self.with_digest(artifact)).collect()
            });
            ((index, platform), answer)
        });
        answers.into_iter().collect()
    }

    fn with_digest(&self, artifact: Artifact) -> Result<Artifact, String> {
        match self.digest_of {
            Some(digest_of) if artifact.digest.is_none() => {
                let (digest, size) = digest_of(&artifact)?;
                Ok(Artifact { digest: Some(digest), size: Some(size), ..artifact })
            }
            _ => Ok(artifact),
        }
    }

    fn assemble(
        &self,
        asked: &[ToolRequest],
        standings: Vec<Standing>,
        versions: Vec<Option<Result<String, String>>>,
        mut archives: BTreeMap<(usize, Platform), Result<Vec<Artifact>, String>>,
    ) -> Resolution {
        let mut resolution = Resolution { wanted: Vec::new(), locked: BTreeMap::new() };
        for (index, ((ask, standing), version)) in asked.iter().zip(standings).zip(versions).enumerate() {
            let (recipe, known) = match standing {
                Standing::Settled(found) => {
                    resolution.wanted.push(wanted(ask, found));
                    continue;
                }
                Standing::Partly(recipe, locked) => (recipe, Some(locked)),
                Standing::Open(recipe, _) => (recipe, None),
            };
            let found = match version {
                Some(Ok(version)) => {
                    let entry = self.entry(ask, &recipe, &version, known, index, &archives);
                    let here = archives.remove(&(index, self.platform));
                    if !matches!(here, Some(Err(_))) {
                        resolution.locked.extend(entry.map(|entry| (ask.name.clone(), entry)));
                    }
                    match here {
                        Some(Ok(artifacts)) => {
                            let parts = artifacts.into_iter().map(part).collect();
                            Found::Release(Box::new(release(ask, &recipe, &version, parts)))
                        }
                        Some(Err(error)) => Found::Nothing { error },
                        None => Found::NotHere,
                    }
                }
                Some(Err(error)) => Found::Nothing { error },
                None => Found::NotHere,
            };
            let found = if ask.wanted_on(self.platform.os) { found } else { Found::NotHere };
            resolution.wanted.push(wanted(ask, found));
        }
        resolution
    }

    /// The lock's new entry for a tool, with the platforms whose archives' digests are known; `None` when none is.
    fn entry(
        &self,
        ask: &ToolRequest,
        recipe: &Recipe,
        version: &str,
        known: Option<&LockedTool>,
        index: usize,
        archives: &BTreeMap<(usize, Platform), Result<Vec<Artifact>, String>>,
    ) -> Option<LockedTool> {
        let mut platforms = known.map(|known| known.platforms.clone()).unwrap_or_default();
        for ((of, platform), artifacts) in archives {
            if let (true, Ok(artifacts)) = (*of == index, artifacts) {
                let parts: Option<Vec<LockedPart>> =
                    artifacts.iter().map(|artifact| locked_part(artifact, recipe.source)).collect();
                platforms.extend(parts.map(|parts| (*platform, parts)));
            }
        }
        let (request, version) = (ask.request.text().to_owned(), version.to_owned());
        let entry = LockedTool { request, version, source: recipe.source, platforms };
        (!entry.platforms.is_empty()).then_some(entry)
    }
}

fn wanted(ask: &ToolRequest, found: Found) -> Wanted {
    Wanted { tool: ask.name.clone(), request: ask.request.text().to_owned(), found }
}

fn release(ask: &ToolRequest, recipe: &Recipe, version: &str, parts: Vec<ReleasePart>) -> Release {
    let file = parts.first().map_or("", |part| part.file_name.as_str());
    Release {
        version: version.to_owned(),
        source: recipe.source.name().to_owned(),
        programs: recipe.programs(version, file),
        options: ask.options.clone(),
        postinstall: ask.postinstall.clone(),
        parts,
    }
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

fn locked_part(artifact: &Artifact, source: SourceKind) -> Option<LockedPart> {
    Some(LockedPart {
        package: artifact.package.clone(),
        version: artifact.version.clone(),
        file: artifact.file_name.clone(),
        digest: artifact.digest.clone()?,
        size: artifact.size,
        strip: artifact.strip,
        into: artifact.into.clone(),
        url: (source == SourceKind::Url).then(|| artifact.url.clone()),
    })
}

fn failed(error: &(impl std::fmt::Display + Hint)) -> Found {
    Found::Nothing { error: told(error) }
}
