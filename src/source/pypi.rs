//! The Python package index: one page a package lists every file of every version.

mod ask;
mod config;
mod glibc;
mod index;
mod page;
mod wheel;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use url::Url;

use super::artifact::Located;
use super::cache::Cache;
use super::credentials::{Netrc, same_origin};
use super::error::{SourceError, SourceErrorKind};
use super::http::Question;
use super::memo::Memo;
use super::options::SourceOptions;
use crate::digest::Digest;
use crate::platform::Platform;
use glibc::Glibc;
use index::Index;
use page::{File, Page};
use wheel::Fit;

/// JSON where the index knows it, the older HTML where it does not.
const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/// A page that has the wanted file is used for this long where a lock says which file it is: files do not move.
const PLACE_FRESH_FOR: Duration = Duration::from_secs(86_400);

/// An archive of a package.
pub(super) struct Wheel {
    pub(super) file: String,
    pub(super) version: String,
    pub(super) digest: Digest,
    pub(super) size: Option<u64>,
    pub(super) at: Located,
}

/// Asks the index that the user's configuration names.
pub(super) struct Pypi {
    options: SourceOptions,
    index: OnceLock<Result<Index, SourceError>>,
    pages: Memo<Page>,
    glibc: OnceLock<Glibc>,
}

impl Pypi {
    pub(super) fn new(options: SourceOptions) -> Self {
        Self { options, index: OnceLock::new(), pages: Memo::default(), glibc: OnceLock::new() }
    }

    /// The files whose settings count, where they are there.
    pub(super) fn setting_files(&self) -> Vec<PathBuf> {
        config::files(&self.options)
    }

    /// Where the index is.
    pub(super) fn address(&self, cache: &Cache) -> Result<Url, SourceError> {
        self.index(cache).map(|index| index.url.clone())
    }

    /// The header for an address of the index itself.
    pub(super) fn authorization_for(&self, cache: &Cache, netrc: &Netrc, url: &Url) -> Option<String> {
        self.index(cache).ok().and_then(|index| self.authorization(index, netrc, url))
    }

    fn index(&self, cache: &Cache) -> Result<&Index, SourceError> {
        self.index.get_or_init(|| Index::load(&self.options, cache)).as_ref().map_err(Clone::clone)
    }

    fn page(
        &self,
        cache: &Cache,
        netrc: &Netrc,
        package: &str,
        fresh_for: Option<Duration>,
    ) -> Result<Arc<Page>, SourceError> {
        // A page that is only good for places must not pass for a fresh list of versions.
        let key = if fresh_for.is_some() { format!("place of {package}") } else { package.to_owned() };
        self.pages.get(&key, || {
            let index = self.index(cache)?;
            let url = index.page(package)?;
            let what = format!("the files of the Python package {package}");
            let question = Question {
                what: &what,
                url: &url,
                accept: ACCEPT,
                etag: None,
                changed: None,
                authorization: &|url| self.authorization(index, netrc, url),
            };
            cache.ask(&format!("pypi-{package}"), &question, fresh_for, Page::read)
        })
    }

    /// Forget the versions of a package, which may be newer than what is kept.
    pub(super) fn forget(&self, cache: &Cache, package: &str) {
        self.pages.forget(package);
        if let Ok(url) = self.index(cache).and_then(|index| index.page(package)) {
            cache.distrust(&format!("pypi-{package}"), &url);
        }
    }

    fn authorization(&self, index: &Index, netrc: &Netrc, url: &Url) -> Option<String> {
        let own = index.authorization.clone().filter(|_| same_origin(&index.url, url));
        own.or_else(|| netrc.header(url))
    }

    /// What limits the wheels for a platform: this machine, where it is the same.
    fn glibc(&self, platform: Platform) -> Glibc {
        match Platform::current() {
            Some(own) if own == platform => *self.glibc.get_or_init(|| Glibc::installed(&self.options)),
            _ => Glibc::default(),
        }
    }

    /// The versions that have a wheel for the platform, and whether each was yanked, or needs a newer glibc than there is.
    pub(super) fn versions(
        &self,
        cache: &Cache,
        netrc: &Netrc,
        package: &str,
        platform: Platform,
    ) -> Result<BTreeMap<String, bool>, SourceError> {
        let page = self.page(cache, netrc, package, None)?;
        let glibc = self.glibc(platform);
        let mut versions: BTreeMap<String, (Fit, bool)> = BTreeMap::new();
        for file in &page.files {
            let Some((version, fit)) = wheel::fit(&file.name, platform, glibc) else { continue };
            let better = versions.get(&version).is_none_or(|(best, _)| fit > *best);
            if better {
                versions.insert(version, (fit, file.yanked || !fit.runs()));
            }
        }
        Ok(versions.into_iter().map(|(version, (_, yanked))| (version, yanked)).collect())
    }

    /// The wheel of a version that fits the platform best.
    pub(super) fn wheel(
        &self,
        cache: &Cache,
        netrc: &Netrc,
        package: &str,
        version: &str,
        platform: Platform,
    ) -> Result<Wheel, SourceError> {
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
            return Err(SourceError::at(what, &index.url, kind));
        };
        let digest = file.sha256.as_deref().and_then(|digits| format!("sha256:{digits}").parse().ok());
        let Some(digest) = digest else {
            return Err(SourceError::at(what, &index.url, SourceErrorKind::NoDigest));
        };
        Ok(Wheel {
            file: file.name.clone(),
            version: wheel::version(&file.name).unwrap_or_else(|| version.to_owned()),
            digest,
            size: file.size,
            at: self.at(index, netrc, &what, file)?,
        })
    }

    /// Where a file is: from a page fetched within the last day that has it, else from a new one.
    pub(super) fn locate(
        &self,
        cache: &Cache,
        netrc: &Netrc,
        package: &str,
        file: &str,
    ) -> Result<Located, SourceError> {
        let index = self.index(cache)?;
        let what = format!("the file {file} of the Python package {package}");
        let mut page = match self.pages.peek(package) {
            Some(page) => page,
            None => self.page(cache, netrc, package, Some(PLACE_FRESH_FOR))?,
        };
        if !page.files.iter().any(|known| known.name == file) && !cache.is_offline() {
            self.pages.forget(&format!("place of {package}"));
            page = self.page(cache, netrc, package, Some(Duration::ZERO))?;
        }
        match page.files.iter().find(|known| known.name == file) {
            Some(known) => self.at(index, netrc, &what, known),
            None => Err(SourceError::at(what, &index.url, SourceErrorKind::NoSuchVersion(file.to_owned()))),
        }
    }

    fn at(&self, index: &Index, netrc: &Netrc, what: &str, file: &File) -> Result<Located, SourceError> {
        let garbage = |reason: String| SourceError::at(what, &index.url, SourceErrorKind::Garbage(reason));
        let url = Url::parse(&file.url).map_err(|error| garbage(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(garbage("a file's address is no web address".into()));
        }
        Ok(Located { authorization: self.authorization(index, netrc, &url), url: url.to_string() })
    }
}
