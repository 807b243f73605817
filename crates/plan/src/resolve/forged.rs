//! Finds lock entries that don't belong to the tool that the project asks for, without a request.
//!
//! A lock comes with a repository, and its digests prove only that its author wrote them. So the source, version,
//! packages and files of each entry are compared with vx.toml and the catalogue before anything else is done with it.

use vx_base::package::archive::Archive;
use vx_base::package::source_kind::SourceKind;
use vx_base::shown_address::locked_address;
use vx_base::system::platform::Platform;
use vx_base::template;
use vx_base::trouble::{Explain, TroubleKind};
use vx_fetch::{Disagreement, Recipe};
use vx_project::{LockedTool, ToolRequest, VersionRequest};

use super::Resolver;
use super::version::{accepts, exact};

/// A lock entry that disagrees with vx.toml and the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{tool}` in vx.lock is not what vx.toml and the catalogue say: {difference}{}", on(*platform))]
pub struct Forged {
    /// Name of the tool.
    pub tool: String,
    /// Platform of the archive that differs; `None` if the whole entry does.
    pub platform: Option<Platform>,
    /// How it differs.
    pub difference: LockEntryDifference,
}

/// How a lock entry differs from the project, as a clause about the entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockEntryDifference {
    /// It names another source.
    #[error("it comes from {locked}, and should come from {expected}")]
    Source {
        /// Source in the lock.
        locked: SourceKind,
        /// Source by vx.toml and the catalogue.
        expected: SourceKind,
    },
    /// Its version does not match the request.
    #[error("it has version {locked}, and `{request}` is asked for")]
    Version {
        /// Version in the lock.
        locked: String,
        /// The request.
        request: String,
    },
    /// An archive comes from another address than the project's.
    #[error("`{file}` comes from another address")]
    Address {
        /// The file.
        file: String,
    },
    /// Its archives differ.
    #[error(transparent)]
    Archives(#[from] Disagreement),
}

fn on(platform: Option<Platform>) -> String {
    platform.map(|platform| format!(" (for {platform})")).unwrap_or_default()
}

impl Explain for Forged {
    fn kind(&self) -> TroubleKind {
        TroubleKind::Lock
    }

    fn hint(&self) -> Option<String> {
        let tool = &self.tool;
        Some(format!(
            "look at the history of vx.lock; `vx lock {tool}` locks it anew from its own source, also after a package was renamed"
        ))
    }
}

impl Resolver<'_> {
    /// Find the first difference in each tool's lock entry, on any platform. Entries that don't answer vx.toml's
    /// present requests are left out, since they aren't used.
    pub fn forged(&self, asked: &[ToolRequest]) -> Vec<Forged> {
        let unfit = self.unfit(asked);
        let used = asked.iter().filter(|ask| self.frozen || !unfit.contains(&ask.name));
        let used = used.filter(|ask| !self.renews(ask));
        let entries = used.filter_map(|ask| Some((ask, self.lock.tools.get(&ask.name)?)));
        entries.filter_map(|(ask, locked)| self.forgery(ask, locked, &Platform::ALL)).collect()
    }

    /// Find the first difference of a lock entry on these platforms.
    pub(super) fn forgery(&self, ask: &ToolRequest, locked: &LockedTool, platforms: &[Platform]) -> Option<Forged> {
        let of_platform = |platform: &Platform| {
            let parts = locked.platforms.get(platform)?;
            // Without a recipe nothing is installed on that platform, whatever the lock says.
            let recipe = self.recipe(ask, *platform).ok().filter(|recipe| recipe.source.facts().is_installed)?;
            let whole = compare(ask, &recipe, locked);
            if let Err(difference) = whole {
                return Some(Forged { tool: ask.name.clone(), platform: None, difference });
            }
            let archives: Vec<&Archive> = parts.iter().map(|part| part.archive()).collect();
            let agrees = recipe.agrees(&locked.version, &archives).map_err(LockEntryDifference::from);
            let difference = agrees.and_then(|()| self.addressed(ask, &recipe, locked, *platform)).err()?;
            Some(Forged { tool: ask.name.clone(), platform: Some(*platform), difference })
        };
        platforms.iter().find_map(of_platform)
    }

    /// Compare an entry's addresses with the project's, in the form that a lock has.
    fn addressed(
        &self,
        ask: &ToolRequest,
        recipe: &Recipe,
        locked: &LockedTool,
        platform: Platform,
    ) -> Result<(), LockEntryDifference> {
        let own = ask
            .url
            .as_ref()
            .filter(|_| recipe.source.facts().has_own_address)
            .and_then(|url| url.for_platform(platform));
        let own = own.map(|url| locked_address(&template::expand(url, &locked.version, platform)));
        let mut parts = locked.platforms.get(&platform).into_iter().flatten();
        match parts.find(|part| part.url != own) {
            Some(part) => Err(LockEntryDifference::Address { file: part.archive().file.clone() }),
            None => Ok(()),
        }
    }
}

/// Compare the source and version of an entry.
fn compare(ask: &ToolRequest, recipe: &Recipe, locked: &LockedTool) -> Result<(), LockEntryDifference> {
    if recipe.source != locked.source {
        return Err(LockEntryDifference::Source { locked: locked.source, expected: recipe.source });
    }
    // A lock that is used although vx.toml asks for something else must still match the request that it holds.
    let own = (locked.request != ask.request.text()).then(|| VersionRequest::parse(&locked.request).ok()).flatten();
    let request = own.as_ref().unwrap_or(&ask.request);
    let admitted = match recipe.source {
        source if source.facts().has_own_address => exact(request.text()).as_ref() == Some(&locked.version),
        _ if request.is_lts() && recipe.is_beyond_lines(&locked.version) => true,
        _ => accepts(request, &recipe.candidate(&locked.version)),
    };
    let (version, text) = (locked.version.clone(), request.text().to_owned());
    if admitted { Ok(()) } else { Err(LockEntryDifference::Version { locked: version, request: text }) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use vx_base::age::ReleaseAge;
    use vx_base::paths::Home;
    use vx_fetch::{RequestLimits, SettingFiles, SourceOptions, Sources};
    use vx_project::lock::LockFile;
    use vx_project::{Lock, Project};

    #[test]
    fn the_lock_of_this_project_agrees_with_its_requests_and_the_catalogue() {
        let project = Project::parse(Path::new("vx.toml"), include_str!("../../../../vx.toml")).unwrap();
        let lock = Lock::parse(Path::new("vx.lock"), include_str!("../../../../vx.lock")).unwrap();
        let LockFile::Current(lock) = lock else { panic!("a lock of this format") };
        let top = tempfile::tempdir().unwrap();
        let sources = Sources::new(SourceOptions {
            home: Home::from_root(top.path().to_owned()),
            project_directory: top.path().to_owned(),
            settings: SettingFiles::default(),
            offline: true,
            require_signatures: false,
            require_provenance: Vec::new(),
            mirrors: Default::default(),
            fresh_for: Duration::ZERO,
            environment: Arc::new(|_| None),
            runner: Arc::new(|_, _| Err(std::io::ErrorKind::NotFound.into())),
            limits: RequestLimits::default(),
        });
        let resolver = Resolver {
            sources: &sources,
            platform: "linux-x64".parse().unwrap(),
            order: &[],
            lock: &lock,
            pins: &Default::default(),
            frozen: false,
            all_platforms: true,
            declared: &project.tools,
            locked_above: &std::collections::BTreeMap::new(),
            lock_above: None,
            age: ReleaseAge { minimum: Duration::ZERO, now: jiff::Timestamp::now() },
            digest_of: None,
            renewed: &[],
        };
        assert_eq!(resolver.forged(&project.tools), []);
        assert!(lock.tools.len() > 10);
    }
}
