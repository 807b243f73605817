//! The Python package index: one page for each package lists every file of every version.

mod agreement;
pub(crate) mod attested;
mod config;
mod glibc;
mod index;
mod installed_index;
mod page;
mod project_settings;
mod safety;
mod source;
mod wheel;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use url::Url;
use vx_base::age::Published;
use vx_base::package::archive::{Archive, Origin};
use vx_base::system::platform::Platform;

use crate::documents::cache::ResponseCache;
use crate::documents::http::{Query, web_address};
use crate::documents::memo::Memo;
use crate::error::{SourceError, SourceErrorKind};
use crate::options::SourceOptions;
use crate::options::credentials::{Netrc, same_origin};
use crate::proof::attestation::check::Checker;
use crate::tools::artifact::Artifact;
use glibc::Glibc;
use index::PythonIndex;
use page::{File, PythonPackagePage};
pub(super) use source::ROW;
use wheel::Fit;

/// Asks for JSON, or the older HTML from an index without JSON.
const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/// How long a cached page is used to locate a file that a lock names: files don't move.
const PLACE_FRESH_FOR: Duration = Duration::from_secs(86_400);

/// A version of a package.
pub(super) struct IndexedVersion {
    /// Yanked, or in need of a newer glibc than the installed one.
    pub(super) yanked: bool,
    /// When its last file was uploaded, if the index gives times.
    pub(super) published: Option<Published>,
}

/// The package index of the user's configuration.
pub(super) struct Pypi {
    options: SourceOptions,
    index: OnceLock<Result<PythonIndex, SourceError>>,
    pages: Memo<PythonPackagePage>,
    glibc: OnceLock<Glibc>,
    checker: Checker,
}

impl Pypi {
    pub(super) fn new(options: SourceOptions) -> Self {
        let checker = Checker::new(options.home.trusted_root());
        Self { options, index: OnceLock::new(), pages: Memo::default(), glibc: OnceLock::new(), checker }
    }

    fn index(&self, cache: &ResponseCache) -> Result<&PythonIndex, SourceError> {
        self.index.get_or_init(|| PythonIndex::load(&self.options, cache)).as_ref().map_err(Clone::clone)
    }

    fn page(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        package: &str,
        fresh_for: Option<Duration>,
    ) -> Result<Arc<PythonPackagePage>, SourceError> {
        // A page cached for locations must not be used as a fresh list of versions.
        let key = if fresh_for.is_some() { place_of(package) } else { package.to_owned() };
        self.pages.get(&key, || {
            let index = self.index(cache)?;
            let url = index.page(package)?;
            let what = format!("the files of the Python package {package}");
            let authorization = |url: &Url| self.authorization(index, netrc, url);
            let query = Query::new(&what, &url, ACCEPT, &authorization);
            cache.ask(&format!("pypi-{package}"), &query, fresh_for, PythonPackagePage::read)
        })
    }

    /// Report the unusable entries of a package's page, if the page was read.
    pub(super) fn passed_over(&self, cache: &ResponseCache, package: &str) -> Option<SourceError> {
        let page = self.pages.peek(package).filter(|page| !page.passed_over.is_empty())?;
        let url = &self.index(cache).ok()?.url;
        let kind = SourceErrorKind::PassedOver(page.passed_over.names().to_vec());
        Some(SourceError::for_url(format!("the files of the Python package {package}"), url, kind))
    }

    /// Whether a page that was read lists wheels, but none for a platform.
    pub(super) fn has_modules_alone(&self, package: &str) -> bool {
        self.pages.peek(package).is_some_and(|page| page.files.is_empty() && page.has_other_wheels)
    }

    /// Drop the cached versions of a package, because there may be newer ones.
    pub(super) fn forget(&self, cache: &ResponseCache, package: &str) {
        self.pages.forget(package);
        if let Ok(url) = self.index(cache).and_then(|index| index.page(package)) {
            cache.mark_stale(&format!("pypi-{package}"), &url);
        }
    }

    fn authorization(&self, index: &PythonIndex, netrc: &Netrc, url: &Url) -> Option<String> {
        let own = index.authorization.clone().filter(|_| same_origin(&index.url, url));
        own.or_else(|| netrc.header(url))
    }

    /// Find the glibc that limits the wheels for a platform: this machine's, if it is the same platform.
    fn glibc(&self, platform: Platform) -> Glibc {
        match Platform::current() {
            Some(own) if own == platform => *self.glibc.get_or_init(|| Glibc::installed(&self.options)),
            _ => Glibc::default(),
        }
    }

    /// List the versions with a wheel for the platform.
    pub(super) fn versions(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        package: &str,
        platform: Platform,
    ) -> Result<BTreeMap<String, IndexedVersion>, SourceError> {
        let page = self.page(cache, netrc, package, None)?;
        let glibc = self.glibc(platform);
        let mut versions: BTreeMap<String, (Fit, IndexedVersion)> = BTreeMap::new();
        for file in &page.files {
            let Some((version, fit)) = wheel::fit(&file.name, platform, glibc) else { continue };
            let better = versions.get(&version).is_none_or(|(best, _)| fit > *best);
            if better {
                versions.insert(version, (fit, IndexedVersion { yanked: file.yanked || !fit.runs(), published: None }));
            }
        }
        let uploads = page.uploads();
        let dated = |(version, (_, found)): (String, (Fit, IndexedVersion))| {
            let published = uploads.get(version.as_str()).copied().map(Published::At);
            (version, IndexedVersion { published, ..found })
        };
        Ok(versions.into_iter().map(dated).collect())
    }

    /// Choose the wheel of a version that fits the platform best.
    pub(super) fn wheel(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        package: &str,
        version: &str,
        platform: Platform,
    ) -> Result<Artifact, SourceError> {
        let page = self.page(cache, netrc, package, None)?;
        let index = self.index(cache)?;
        let what = format!("the Python package {package} {version}");
        let of_version = || {
            page.files
                .iter()
                .filter(|file| wheel::version(&file.name).is_some_and(|found| wheel::same(&found, version)))
        };
        let glibc = self.glibc(platform);
        let best = of_version()
            .filter_map(|file| Some((wheel::fit(&file.name, platform, glibc)?.1, file)))
            .filter(|(fit, _)| fit.runs())
            .max_by(|a, b| a.0.cmp(&b.0));
        let Some((_, file)) = best else {
            let kind = match of_version().next() {
                Some(_) => SourceErrorKind::NotForPlatform(format!("{platform}{glibc}")),
                None => SourceErrorKind::NoSuchVersion(version.to_owned()),
            };
            return Err(SourceError::for_url(what, &index.url, kind));
        };
        let digest = file.sha256.as_deref().and_then(|digits| format!("sha256:{digits}").parse().ok());
        let Some(digest) = digest else {
            // The index may add it later, and until then a page without it is useless.
            self.pages.forget(package);
            if let Ok(url) = index.page(package) {
                cache.discard(&format!("pypi-{package}"), &url);
            }
            return Err(SourceError::for_url(what, &index.url, SourceErrorKind::NoDigest));
        };
        let archive = Archive {
            package: package.to_owned(),
            version: wheel::version(&file.name).unwrap_or_else(|| version.to_owned()),
            file: file.name.clone(),
            digest: Some(digest),
            size: file.size,
            ..Archive::default()
        };
        let attestation = self.attestation(cache, netrc, &archive, file.provenance.as_deref())?;
        Ok(Artifact { attestation, ..Artifact::unsigned(archive, self.origin_for_file(index, netrc, &what, file)?) })
    }

    /// Whether a page that was read lists several wheels of this wheel's version that run on this machine.
    pub(super) fn has_alternatives(&self, package: &str, file: &str) -> bool {
        let page = self.pages.peek(package).or_else(|| self.pages.peek(&place_of(package)));
        let (Some(page), Some(platform), Some(version)) = (page, Platform::current(), wheel::version(file)) else {
            return false;
        };
        let fits = |known: &&File| {
            let fit = wheel::fit(&known.name, platform, self.glibc(platform));
            fit.is_some_and(|(found, fit)| wheel::same(&found, &version) && fit.runs())
        };
        page.files.iter().filter(fits).count() > 1
    }

    /// Find the origin of a file: on a page of the last day that lists it, or else on a new one.
    pub(super) fn locate(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        package: &str,
        file: &str,
    ) -> Result<Origin, SourceError> {
        let index = self.index(cache)?;
        let what = format!("the file {file} of the Python package {package}");
        let mut page = match self.pages.peek(package) {
            Some(page) => page,
            None => self.page(cache, netrc, package, Some(PLACE_FRESH_FOR))?,
        };
        if !page.files.iter().any(|known| known.name == file) && !cache.is_offline() {
            self.pages.forget(&place_of(package));
            page = self.page(cache, netrc, package, Some(Duration::ZERO))?;
        }
        match page.files.iter().find(|known| known.name == file) {
            Some(known) => self.origin_for_file(index, netrc, &what, known),
            None => Err(SourceError::for_url(what, &index.url, SourceErrorKind::NoSuchVersion(file.to_owned()))),
        }
    }

    fn origin_for_file(
        &self,
        index: &PythonIndex,
        netrc: &Netrc,
        what: &str,
        file: &File,
    ) -> Result<Origin, SourceError> {
        let url = web_address(&file.url).map_err(|kind| SourceError::for_url(what, &index.url, kind))?;
        Ok(Origin { authorization: self.authorization(index, netrc, &url), url: url.to_string() })
    }
}

/// Key of a page that is used only to locate files.
fn place_of(package: &str) -> String {
    format!("place of {package}")
}
