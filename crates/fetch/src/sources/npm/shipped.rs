//! Archives of an npm package that isn't in the catalogue: its own, and its optional packages for one platform.

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

/// Most optional packages that one package may ask for.
const OPTIONAL_MAX: usize = 100;
/// Most of them that are requested at once.
const ASKED_AT_ONCE: usize = 16;

/// How many packages for other platforms are proof that this platform should have one, too. A single package may be of
/// use on its platform alone.
const ELSEWHERE_MIN: usize = 2;

/// An optional package for the platform of a recipe, in the version to use.
struct CompanionPackage {
    package: String,
    version: String,
}

/// An optional package, by the platforms that it's made for.
enum OptionalPackage {
    /// For the recipe's platform.
    Here(CompanionPackage),
    /// For other platforms only.
    Elsewhere,
    /// For all platforms, or it doesn't exist.
    Any,
}

impl Npm {
    /// List a package's archive, followed by those that it asks for on the recipe's platform.
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

    /// Of the packages that a manifest names as optional, find those made for the recipe's platform.
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

    /// Look at an optional package, in the version of this range.
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

    /// Resolve a range to a version: itself if it's exact, as for platforms' packages it nearly always is, or else the
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
