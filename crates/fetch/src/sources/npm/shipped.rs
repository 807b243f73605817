//! The archives of an npm package that the catalogue does not have: its own, and those that it asks for on one platform.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use nodejs_semver::Version;
use vx_base::package::npm_range::NpmRange;
use vx_base::package::shipped::{NODE_MODULES, NamedPackage, NpmManifest, UnshippedReason};
use vx_base::system::threads::aside;

use super::Npm;
use crate::documents::network::Network;
use crate::error::{SourceError, SourceErrorKind};
use crate::source::unshipped;
use crate::tools::artifact::Artifact;
use crate::tools::recipe::Recipe;

/// The most packages for platforms that one package may ask for.
const OPTIONAL_MAX: usize = 100;
/// The most of them that are asked about at once.
const ASKED_AT_ONCE: usize = 16;

/// The least number of packages for other platforms that show that there should be one for this platform, too. A single
/// one may be of use on that platform alone.
const ELSEWHERE_MIN: usize = 2;

/// A package that another one asks for on a platform.
struct CompanionPackage {
    package: String,
    version: String,
}

/// An optional package, by the platforms that it is made for.
enum OptionalPackage {
    /// The recipe's.
    Here(CompanionPackage),
    /// Others.
    Elsewhere,
    /// All of them, or it does not exist.
    Any,
}

impl Npm {
    /// The archive of a package, followed by those that it asks for on the recipe's platform.
    ///
    /// # Errors
    /// The package cannot be a tool by itself, or its registry gives no answer.
    pub(super) fn shipped_artifacts(
        &self,
        network: &Network,
        recipe: &Recipe,
        version: &str,
    ) -> Result<Vec<Artifact>, SourceError> {
        let Some(package) = recipe.packages.first() else {
            return Err(SourceError::new(recipe.tool.clone(), SourceErrorKind::NoSuchPackage));
        };
        let manifest = self.manifest(&network.cache, &network.netrc, package, version)?;
        let whole =
            |lack: Option<UnshippedReason>| lack.map_or(Ok(()), |lack| Err(unshipped(recipe, package, version, lack)));
        whole(manifest.lack(true))?;
        if manifest.is_limited() && !manifest.is_made_for(recipe.platform) {
            let kind = SourceErrorKind::NotForPlatform(recipe.platform.to_string());
            return Err(SourceError::new(recipe.tool.clone(), kind));
        }
        let beside = self.beside(network, recipe, &manifest)?;
        whole(manifest.lack(!beside.is_empty()))?;
        thread::scope(|scope| {
            let ask = |one: CompanionPackage| {
                aside(scope, move || {
                    self.check_age(network, recipe, (package, version), (&one.package, &one.version))?;
                    let mut artifact = self.artifact(network, &one.package, &one.version, 1)?;
                    artifact.archive.into = format!("{NODE_MODULES}/{}", one.package);
                    Ok(artifact)
                })
            };
            let asked: Vec<_> = beside.into_iter().map(ask).collect();
            let mut main = self.artifact(network, package, version, recipe.strip)?;
            main.archive.into.clone_from(&recipe.into);
            let answers = asked.into_iter().map(|asked| asked.join().unwrap_or_else(|panic| resume_unwind(panic)));
            std::iter::once(Ok(main)).chain(answers).collect()
        })
    }

    /// The packages that are made for the recipe's platform, of those that a manifest names as optional.
    fn beside(
        &self,
        network: &Network,
        recipe: &Recipe,
        manifest: &NpmManifest,
    ) -> Result<Vec<CompanionPackage>, SourceError> {
        if manifest.optional.len() > OPTIONAL_MAX {
            let reason = format!("it asks for {} optional packages", manifest.optional.len());
            return Err(SourceError::new(recipe.tool.clone(), SourceErrorKind::Garbage(reason)));
        }
        let sound = |package: &str| NamedPackage { source: recipe.source, package }.check().is_ok();
        let optional: Vec<_> = manifest.optional.iter().filter(|(package, _)| sound(package)).collect();
        let (mut beside, mut elsewhere) = (Vec::new(), 0);
        for some in optional.chunks(ASKED_AT_ONCE) {
            let answers: Vec<_> = thread::scope(|scope| {
                let asked: Vec<_> = some
                    .iter()
                    .map(|(package, range)| aside(scope, || self.one_beside(network, recipe, package, range)))
                    .collect();
                asked.into_iter().map(|asked| asked.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
            });
            for answer in answers {
                match answer? {
                    OptionalPackage::Here(one) => beside.push(one),
                    OptionalPackage::Elsewhere => elsewhere += 1,
                    OptionalPackage::Any => {}
                }
            }
        }
        if beside.is_empty() && elsewhere >= ELSEWHERE_MIN {
            let kind = SourceErrorKind::NotForPlatform(recipe.platform.to_string());
            return Err(SourceError::new(format!("the packages that {} asks for", recipe.tool), kind));
        }
        Ok(beside)
    }

    /// An optional package, in the version of this range.
    fn one_beside(
        &self,
        network: &Network,
        recipe: &Recipe,
        package: &str,
        range: &str,
    ) -> Result<OptionalPackage, SourceError> {
        let found = self.accepted(network, recipe, package, range).and_then(|version| {
            let manifest = self.manifest(&network.cache, &network.netrc, package, &version)?;
            Ok((version, manifest))
        });
        let (version, manifest): (String, Arc<NpmManifest>) = match found {
            Err(error) if matches!(error.kind, SourceErrorKind::NoSuchPackage | SourceErrorKind::NoSuchVersion(_)) => {
                return Ok(OptionalPackage::Any);
            }
            other => other?,
        };
        if !manifest.is_made_for(recipe.platform) {
            return Ok(if manifest.is_limited() { OptionalPackage::Elsewhere } else { OptionalPackage::Any });
        }
        match manifest.needs.as_slice() {
            [] => Ok(OptionalPackage::Here(CompanionPackage { package: package.to_owned(), version })),
            needs => Err(unshipped(recipe, package, &version, UnshippedReason::Dependencies(needs.to_vec()))),
        }
    }

    /// The version that a range means: itself if it is one, as platforms' packages nearly always have it, or else the
    /// newest that is old enough.
    fn accepted(&self, network: &Network, recipe: &Recipe, package: &str, range: &str) -> Result<String, SourceError> {
        if Version::parse(range).is_ok() {
            return Ok(range.to_owned());
        }
        let what = format!("the npm package {package}");
        let none = || SourceError::new(&what, SourceErrorKind::NoSuchVersion(format!("within {range}")));
        let accepted = NpmRange::parse(range).ok_or_else(none)?;
        let fits = |version: &Version| accepted.satisfies(version);
        self.newest_of(network, package, &what, recipe.cutoff, |version, _| fits(version))?.ok_or_else(none)
    }
}
