//! The npm registry: versions from abbreviated documents, archives from the document of one version.

mod agreement;
mod client;
mod document;
mod manifest;
mod project_settings;
mod registry;
mod releases;
mod safety;
mod shipped;
mod signatures;
mod source;
mod times;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use url::Url;
use vx_base::digest::Digest;
use vx_base::package::archive::{Archive, Origin};
use vx_base::package::shipped::NpmManifest;

use crate::documents::cache::ResponseCache;
use crate::documents::http::Query;
use crate::documents::memo::Memo;
use crate::error::{SourceError, SourceErrorKind};
use crate::options::SourceOptions;
use crate::options::credentials::Netrc;
use crate::proof::attestation::check::Checker;
use crate::proof::signature::Signature;
use crate::tools::artifact::Artifact;
pub(super) use document::{Package, PackageVersion, PublicationTimes};
use registry::NpmRegistry;
use signatures::signed::{Examined, RegistryKeys};
pub(super) use source::ROW;

/// Asks for the abbreviated form of a package's document, or the long form from servers that don't know it.
const ACCEPT: &str = "application/vnd.npm.install-v1+json, application/json;q=0.8, */*;q=0.5";

/// How long the document of a published version is used: it doesn't change.
const VERSION_FRESH_FOR: Duration = Duration::from_secs(7 * 86_400);

/// The npm registry of the user's configuration.
pub(super) struct Npm {
    options: SourceOptions,
    registry: OnceLock<Result<NpmRegistry, SourceError>>,
    packages: Memo<Package>,
    releases: Memo<PackageVersion>,
    keys: Memo<RegistryKeys>,
    times: Memo<PublicationTimes>,
    manifests: Memo<NpmManifest>,
    checker: Checker,
}

impl Npm {
    pub(super) fn new(options: SourceOptions) -> Self {
        Self {
            checker: Checker::new(options.home.trusted_root()),
            options,
            registry: OnceLock::new(),
            packages: Memo::default(),
            releases: Memo::default(),
            keys: Memo::default(),
            times: Memo::default(),
            manifests: Memo::default(),
        }
    }

    /// Address of a package's document.
    fn list_of(&self, name: &str) -> Result<Url, SourceError> {
        self.registry()?.package_url(name)
    }

    fn registry(&self) -> Result<&NpmRegistry, SourceError> {
        self.registry.get_or_init(|| NpmRegistry::load(&self.options)).as_ref().map_err(Clone::clone)
    }

    /// Request all versions of a package.
    pub(super) fn package(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        name: &str,
    ) -> Result<Arc<Package>, SourceError> {
        self.packages.get(name, || {
            let registry = self.registry()?;
            let what = format!("the versions of the npm package {name}");
            let url = registry.package_url(name)?;
            let authorization = registry.authorizer(netrc, name);
            let query = Query::new(&what, &url, ACCEPT, &authorization);
            cache.ask(&format!("npm-{name}"), &query, None, Package::read)
        })
    }

    /// Report the unusable entries of a package's list, if the list was read.
    pub(super) fn passed_over(&self, name: &str) -> Option<SourceError> {
        let package = self.packages.peek(name).filter(|package| !package.passed_over.is_empty())?;
        let url = self.registry().and_then(|registry| registry.package_url(name)).ok()?;
        let kind = SourceErrorKind::PassedOver(package.passed_over.names().to_vec());
        Some(SourceError::for_url(format!("the versions of the npm package {name}"), &url, kind))
    }

    /// Drop what is cached of a version, because it lacks a part that the registry may add.
    fn discard(&self, cache: &ResponseCache, registry: &NpmRegistry, name: &str, version: &str) {
        self.packages.forget(name);
        self.releases.forget(&format!("{name}@{version}"));
        if let (Ok(package), Ok(own)) = (registry.package_url(name), registry.version_url(name, version)) {
            cache.discard(&format!("npm-{name}"), &package);
            cache.discard(&format!("npm-{name}-{version}"), &own);
        }
    }

    /// Drop the cached versions of a package, because there may be newer ones.
    pub(super) fn forget(&self, cache: &ResponseCache, name: &str) {
        self.packages.forget(name);
        self.times.forget(name);
        if let Ok(url) = self.registry().and_then(|registry| registry.package_url(name)) {
            cache.mark_stale(&format!("npm-{name}"), &url);
        }
    }

    /// Describe the archive of one version; the registry's documents don't give its size.
    pub(super) fn tarball(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        name: &str,
        version: &str,
    ) -> Result<Artifact, SourceError> {
        let registry = self.registry()?;
        let release = self.release(cache, netrc, name, version)?;
        let what = format!("the npm package {name} {version}");
        let home = registry.package_url(name)?;
        let Some(digest) = release.digest() else {
            self.discard(cache, registry, name, version);
            return Err(SourceError::for_url(what, &home, SourceErrorKind::NoDigest));
        };
        let signature = self.signature(Examined { cache, netrc, name, version, release: &release })?;
        let stated = release.tarball.as_deref().and_then(|text| Url::parse(text).ok());
        let url = match stated {
            Some(url) => registry.rewritten(url, name),
            None => registry.tarball_url(name, &usual_file(name, version))?,
        };
        let file = url.path_segments().and_then(Iterator::last).unwrap_or_default().to_owned();
        if file.is_empty() {
            let reason = "the archive's address has no file name".to_owned();
            return Err(SourceError::for_url(what, &home, SourceErrorKind::Garbage(reason)));
        }
        let (package, version) = (name.to_owned(), version.to_owned());
        let archive = Archive { package, version, file, digest: Some(digest), ..Archive::default() };
        let attestation = self.attestation(cache, netrc, &archive, &release)?;
        Ok(Artifact { origin: self.origin_for_url(netrc, &archive.package, url)?, archive, signature, attestation })
    }

    /// Ask the registry for an archive's signature and digest.
    pub(super) fn signature_now(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        archive: &Archive,
    ) -> Result<(Option<Digest>, Signature), SourceError> {
        let (name, version) = (&archive.package, &archive.version);
        let release = self.release(cache, netrc, name, version)?;
        Ok((release.digest(), self.signature(Examined { cache, netrc, name, version, release: &release })?))
    }

    /// Usual origin of an archive, unless its document gives another.
    pub(super) fn usual_place(&self, netrc: &Netrc, name: &str, version: &str) -> Result<Origin, SourceError> {
        self.locate(netrc, name, &usual_file(name, version))
    }

    /// Find the origin of an archive without a request.
    pub(super) fn locate(&self, netrc: &Netrc, name: &str, file: &str) -> Result<Origin, SourceError> {
        let url = self.registry()?.tarball_url(name, file)?;
        self.origin_for_url(netrc, name, url)
    }

    fn origin_for_url(&self, netrc: &Netrc, name: &str, url: Url) -> Result<Origin, SourceError> {
        let authorization = self.registry()?.authorization(&url, name).or_else(|| netrc.header(&url));
        Ok(Origin { url: url.to_string(), authorization })
    }

    /// How long a document of a published version is used. It doesn't change, so it is requested again only to check
    /// exactly that.
    fn version_fresh_for(&self) -> Duration {
        if self.options.fresh_for.is_zero() { Duration::ZERO } else { VERSION_FRESH_FOR }
    }

    /// Look up one version, in the package's document if that is cached, or else in its own, which is far smaller.
    fn release(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        name: &str,
        version: &str,
    ) -> Result<Arc<PackageVersion>, SourceError> {
        self.releases.get(&format!("{name}@{version}"), || {
            let registry = self.registry()?;
            let what = format!("the npm package {name} {version}");
            if let Some(package) = self.packages.peek(name)
                && let Some(release) = package.versions.get(version)
            {
                return Ok(release.clone());
            }
            let url = registry.version_url(name, version)?;
            let authorization = registry.authorizer(netrc, name);
            let query = Query::json(&what, &url, &authorization);
            let fresh_for = self.version_fresh_for();
            let own = cache.ask(&format!("npm-{name}-{version}"), &query, Some(fresh_for), PackageVersion::read);
            match own {
                // Some registries have no documents of single versions.
                Err(SourceError {
                    kind: SourceErrorKind::NoSuchPackage | SourceErrorKind::Status(_) | SourceErrorKind::Offline,
                    ..
                }) => {
                    let package = self.package(cache, netrc, name)?;
                    let missing =
                        || SourceError::for_url(&what, &url, SourceErrorKind::NoSuchVersion(version.to_owned()));
                    package.versions.get(version).cloned().ok_or_else(missing)
                }
                other => other,
            }
        })
    }
}

/// Usual file name of an archive.
fn usual_file(name: &str, version: &str) -> String {
    let bare = name.rsplit('/').next().unwrap_or(name);
    format!("{bare}-{version}.tgz")
}
