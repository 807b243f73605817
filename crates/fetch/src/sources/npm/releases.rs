//! Releases of tools in npm: from several packages, under several names, with companions.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use jiff::Timestamp;
use nodejs_semver::Version;
use vx_base::age::Published;
use vx_base::package::candidate::{Candidate, Scheme, is_version};
use vx_base::package::npm_range::NpmRange;
use vx_base::system::threads::aside;

use super::{Npm, Package, PackageVersion, PublicationTimes};
use crate::documents::network::Network;
use crate::error::{SourceError, SourceErrorKind};
use crate::tools::artifact::Artifact;
use crate::tools::packaging::Companion;
use crate::tools::recipe::{Recipe, has};

impl Npm {
    /// List the versions of a tool; with `dated`, each has its time if that decides whether it is too young.
    pub(super) fn tool_candidates(
        &self,
        network: &Network,
        recipe: &Recipe,
        dated: bool,
    ) -> Result<Vec<Candidate>, SourceError> {
        thread::scope(|scope| {
            // Packages that companions are chosen from are requested together with the versions, not after them. A
            // failure is reported when they're used.
            let chosen = recipe.also.iter().filter(|companion| companion.engine.is_some());
            let later = chosen.map(|companion| &companion.package).chain(recipe.packages.iter().skip(1));
            for package in later {
                let ask = || self.package(&network.cache, &network.netrc, package);
                // If no thread can be started, the package is requested when it's used.
                let _ = thread::Builder::new().spawn_scoped(scope, ask);
            }
            self.tool_versions(network, recipe, dated)
        })
    }

    fn tool_versions(&self, network: &Network, recipe: &Recipe, dated: bool) -> Result<Vec<Candidate>, SourceError> {
        let mut found: BTreeMap<String, Candidate> = BTreeMap::new();
        for (name, package) in self.tool_packages(network, recipe)? {
            let times = self.open_times(network, name, &package, recipe.cutoff.filter(|_| dated))?;
            for (version, release) in &package.versions {
                let engine = release.node.clone().filter(|_| recipe.needs() == Some("node"));
                let candidate = Candidate {
                    deprecated: release.deprecated,
                    engine,
                    published: published(version, &package, times.as_deref()),
                    ..Candidate::new(version, Scheme::Semver)
                };
                found.entry(version.clone()).or_insert(candidate);
            }
        }
        Ok(found.into_values().collect())
    }

    /// Request the packages of a tool that exist. A missing package of an older name is fine; a tool without any
    /// package is an error.
    fn tool_packages<'r>(
        &self,
        network: &Network,
        recipe: &'r Recipe,
    ) -> Result<Vec<(&'r str, Arc<Package>)>, SourceError> {
        let mut packages = Vec::new();
        let mut gone = None;
        for name in &recipe.packages {
            match self.package(&network.cache, &network.netrc, name) {
                Ok(package) => packages.push((name.as_str(), package)),
                Err(error) if error.kind == SourceErrorKind::NoSuchPackage => gone = gone.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        match gone {
            Some(error) if packages.is_empty() => Err(error),
            _ => Ok(packages),
        }
    }

    /// Request a package's times of publication, if its document leaves open which versions are later than the cutoff.
    fn open_times(
        &self,
        network: &Network,
        name: &str,
        package: &Package,
        cutoff: Option<Timestamp>,
    ) -> Result<Option<Arc<PublicationTimes>>, SourceError> {
        if !cutoff.is_some_and(|cutoff| package.leaves_open(cutoff)) {
            return Ok(None);
        }
        let versions: Vec<&str> = package.versions.keys().map(String::as_str).collect();
        self.times(&network.cache, &network.netrc, name, &versions).map(Some)
    }

    pub(super) fn tool_artifacts(
        &self,
        network: &Network,
        recipe: &Recipe,
        version: &str,
    ) -> Result<Vec<Artifact>, SourceError> {
        if recipe.ships_programs {
            return self.shipped_artifacts(network, recipe, version);
        }
        thread::scope(|scope| {
            let had = |one: &&Companion| has(version, one.since.as_deref(), one.until.as_deref());
            let ask = |one| aside(scope, move || self.companion_artifact(network, one, version, recipe));
            let also: Vec<_> = recipe.also.iter().filter(had).map(ask).collect();
            let mut artifacts = vec![self.main_artifact(network, recipe, version)?];
            for asked in also {
                artifacts.push(asked.join().unwrap_or_else(|panic| resume_unwind(panic))?);
            }
            Ok(artifacts)
        })
    }

    fn companion_artifact(
        &self,
        network: &Network,
        companion: &Companion,
        version: &str,
        recipe: &Recipe,
    ) -> Result<Artifact, SourceError> {
        let package = companion.package(recipe.platform);
        let version = match &companion.engine {
            Some(engine) => self.newest_accepting(network, &package, engine, version, recipe.cutoff)?,
            None => {
                let first = recipe.packages.first().map(String::as_str).unwrap_or_default();
                self.check_age(network, recipe, (first, version), (&package, version))?;
                version.to_owned()
            }
        };
        let mut artifact = self.artifact(network, &package, &version, companion.strip)?;
        artifact.archive.into = companion.folder(recipe.platform);
        Ok(artifact)
    }

    /// Check that a companion package is old enough, too: the first package's date says nothing of one that was
    /// published, or replaced, long after it. If the first package itself is too young, the user asked for that exact
    /// version, and the companion's age doesn't matter.
    ///
    /// # Errors
    /// The companion is too young. If the source doesn't answer, that isn't an error, as for sources without dates.
    pub(super) fn check_age(
        &self,
        network: &Network,
        recipe: &Recipe,
        (first, version): (&str, &str),
        (beside, its_version): (&str, &str),
    ) -> Result<(), SourceError> {
        let Some(cutoff) = recipe.cutoff else { return Ok(()) };
        let is_young = |name: &str, version: &str| {
            let document = self.package(&network.cache, &network.netrc, name).ok()?;
            let times = self.open_times(network, name, &document, Some(cutoff)).ok()?;
            published(version, &document, times.as_deref()).map(|published| published.latest() > cutoff)
        };
        if is_young(beside, its_version) != Some(true) || is_young(first, version) == Some(true) {
            return Ok(());
        }
        let what = format!("{beside} {its_version}, which comes with {first} {version}");
        Err(SourceError::new(what, SourceErrorKind::TooYoung(cutoff)))
    }

    fn main_artifact(&self, network: &Network, recipe: &Recipe, version: &str) -> Result<Artifact, SourceError> {
        let mut missing = None;
        for name in &recipe.packages {
            match self.artifact(network, name, version, recipe.strip) {
                Err(error)
                    if matches!(error.kind, SourceErrorKind::NoSuchPackage | SourceErrorKind::NoSuchVersion(_)) =>
                {
                    missing = missing.or(Some(error));
                }
                other => return other,
            }
        }
        let none = || SourceError::new(recipe.tool.clone(), SourceErrorKind::NoSuchPackage);
        Err(missing.unwrap_or_else(none))
    }

    pub(super) fn artifact(
        &self,
        network: &Network,
        package: &str,
        version: &str,
        strip: u32,
    ) -> Result<Artifact, SourceError> {
        // The size is requested from the usual address at the same time as the release's document, which gives the
        // actual address.
        let usual = self.usual_place(&network.netrc, package, version).ok();
        let (tarball, size) = thread::scope(|scope| {
            let size = usual.as_ref().map(|at| aside(scope, || network.size(&format!("the size of {package}"), at)));
            let keys = || self.keys(&network.cache, &network.netrc, package);
            // If no thread can be started, the keys are requested when they're used.
            let _ = thread::Builder::new().spawn_scoped(scope, keys);
            let tarball = self.tarball(&network.cache, &network.netrc, package, version);
            (tarball, size.and_then(|asked| asked.join().ok().flatten()))
        });
        let mut tarball = tarball?;
        tarball.archive.strip = strip;
        match usual {
            Some(usual) if usual.url == tarball.origin.url => tarball.archive.size = size,
            _ => tarball = network.sized(tarball),
        }
        Ok(tarball)
    }

    /// Find the newest release of a package whose `engines` accept this version of `engine`, published by the cutoff.
    fn newest_accepting(
        &self,
        network: &Network,
        package: &str,
        engine: &str,
        version: &str,
        cutoff: Option<Timestamp>,
    ) -> Result<String, SourceError> {
        let what = format!("an npm package {package} for {engine} {version}");
        let none =
            || SourceError::new(&what, SourceErrorKind::NoSuchVersion(format!("that accepts {engine} {version}")));
        let host = Version::parse(version).map_err(|_| none())?;
        let runs = |_: &Version, release: &PackageVersion| {
            NpmRange::parse(release.node.as_deref().unwrap_or("*")).is_some_and(|range| range.satisfies(&host))
        };
        self.newest_of(network, package, &what, cutoff, runs)?.ok_or_else(none)
    }

    /// Find the newest release of a package that fits, neither a prerelease nor deprecated, published by the cutoff;
    /// `None` if no release fits.
    pub(super) fn newest_of(
        &self,
        network: &Network,
        package: &str,
        what: &str,
        cutoff: Option<Timestamp>,
        fits: impl Fn(&Version, &PackageVersion) -> bool,
    ) -> Result<Option<String>, SourceError> {
        let document = self.package(&network.cache, &network.netrc, package)?;
        let times = self.open_times(network, package, &document, cutoff)?;
        let fitting = document.versions.iter().filter_map(|(text, release)| {
            let own = Version::parse(text).ok().filter(|own| !own.is_prerelease() && !release.deprecated)?;
            (is_version(text) && fits(&own, release)).then_some((own, text))
        });
        let (old, young): (Vec<_>, Vec<_>) = fitting.partition(|(_, text)| {
            let published = published(text, &document, times.as_deref()).map(Published::latest);
            cutoff.is_none_or(|cutoff| published.is_none_or(|published| published <= cutoff))
        });
        let newest = old.into_iter().max_by(|one, other| one.0.cmp(&other.0)).map(|(_, text)| text.clone());
        match cutoff {
            Some(cutoff) if newest.is_none() && !young.is_empty() => {
                Err(SourceError::new(what, SourceErrorKind::TooYoung(cutoff)))
            }
            _ => Ok(newest),
        }
    }
}

/// When a version was published, as closely as the documents at hand say.
fn published(version: &str, package: &Package, times: Option<&PublicationTimes>) -> Option<Published> {
    let at = times.and_then(|times| times.get(version)).map(Published::At);
    at.or_else(|| package.published(version))
}
