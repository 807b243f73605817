//! Archives of a version on each requested platform, or why a platform has none.

use std::collections::BTreeMap;

use vx_base::system::parallel::in_parallel;
use vx_base::system::platform::Platform;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_fetch::{Artifact, SourceError, SourceErrorKind};
use vx_project::ToolRequest;

use super::Resolver;
use super::lock_state::ToolLockState;

/// Archives of a tool by platform.
pub(super) type Archives = BTreeMap<Platform, Result<Vec<Artifact>, MissingArchives>>;

/// Why a platform has no archives.
pub(super) enum MissingArchives {
    /// The tool isn't made for this platform, or not in this version.
    Absent(Trouble),
    /// Its source gave no answer.
    Unknown(Trouble),
    /// The archives fail the check of their source's signature, so nothing of this version may be used.
    Forged(Trouble),
}

impl MissingArchives {
    /// Classify an error: only errors about the release itself mean that it has no archives.
    pub(super) fn from_error(error: SourceError) -> Self {
        use SourceErrorKind::{NoSuchPackage, NoSuchVersion, NotForPlatform};
        match error.kind {
            NotForPlatform(_) | NoSuchPackage | NoSuchVersion(_) => {
                MissingArchives::Absent(Trouble::from_error(&error))
            }
            SourceErrorKind::Signature(_) | SourceErrorKind::Attestation(_) => {
                MissingArchives::Forged(Trouble::from_error(&error))
            }
            _ => MissingArchives::Unknown(Trouble::from_error(&error)),
        }
    }
}

impl Resolver<'_> {
    /// Request the archives of a version on all requested platforms at once.
    pub(super) fn archives(
        &self,
        ask: &ToolRequest,
        standing: &ToolLockState,
        version: &str,
        complete: bool,
    ) -> Archives {
        let asks_for = |platform: &Platform| match standing {
            ToolLockState::Partly(_, locked) => {
                !locked.platforms.contains_key(platform) && (complete || *platform == self.platform)
            }
            _ => self.all_platforms || *platform == self.platform,
        };
        let wanted = Platform::ALL.into_iter().filter(|platform| ask.wanted_on(platform.os));
        let platforms: Vec<Platform> = wanted.filter(asks_for).collect();
        let answer = |platform| (platform, self.archives_on(platform, ask, standing, version));
        in_parallel(platforms, Platform::ALL.len(), answer).into_iter().collect()
    }

    fn archives_on(
        &self,
        platform: Platform,
        ask: &ToolRequest,
        standing: &ToolLockState,
        version: &str,
    ) -> Result<Vec<Artifact>, MissingArchives> {
        let recipe =
            self.recipe(ask, platform).map_err(|error| MissingArchives::Absent(Trouble::from_error(&error)))?;
        // An entry has one source. Where another source comes first on this platform, the entry can't have its
        // archives.
        if standing.source().is_some_and(|source| source != recipe.source) {
            let text = format!("{} comes from {} on {platform}", ask.name, recipe.source);
            return Err(MissingArchives::Absent(Trouble::new(TroubleKind::NotForPlatform, text)));
        }
        let artifacts = self.sources.artifacts(&recipe, version, platform).map_err(MissingArchives::from_error)?;
        let digested = |artifact| self.with_digest(artifact, platform).map_err(MissingArchives::Unknown);
        artifacts.into_iter().map(digested).collect()
    }

    /// Add the digest, computed if that is permitted. It may stay missing for this platform: then the plan refuses the
    /// release.
    fn with_digest(&self, mut artifact: Artifact, platform: Platform) -> Result<Artifact, Trouble> {
        match self.digest_of {
            _ if artifact.archive.digest.is_some() => Ok(artifact),
            Some(digest_of) => {
                let (digest, size) = digest_of(&artifact)?;
                (artifact.archive.digest, artifact.archive.size) = (Some(digest), Some(size));
                Ok(artifact)
            }
            None if platform == self.platform => Ok(artifact),
            None => Err(Trouble::new(TroubleKind::Digest, "no digest says what its archive must be")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_source_says_of_the_release_is_an_absence() {
        let of = |kind| MissingArchives::from_error(SourceError { what: "x".into(), host: None, kind });
        for kind in [
            SourceErrorKind::NoSuchPackage,
            SourceErrorKind::NoSuchVersion("1".into()),
            SourceErrorKind::NotForPlatform("linux-x64".into()),
        ] {
            assert!(matches!(of(kind), MissingArchives::Absent(_)));
        }
        for kind in [SourceErrorKind::Status(500), SourceErrorKind::Offline, SourceErrorKind::NoDigest] {
            assert!(matches!(of(kind), MissingArchives::Unknown(_)));
        }
    }
}
