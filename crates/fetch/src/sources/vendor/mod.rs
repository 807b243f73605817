//! Vendors' own sites: lists of releases, archives beside them, and checksums, laid out as the catalogue describes.
//!
//! The addresses of the sites are in the catalogue, and a mirror can replace each of them. A lock names the site and
//! the folder on it, so that it works with any mirror.

mod agreement;
mod checksums;
mod index;
mod source;

use std::sync::Arc;

use url::Url;
use vx_base::age::Published;
use vx_base::package::archive::{Archive, Origin};
use vx_base::system::platform::Platform;

use crate::documents::cache::ResponseCache;
use crate::documents::http::Query;
use crate::documents::memo::Memo;
use crate::error::{SourceError, SourceErrorKind};
use crate::options::SourceOptions;
use crate::options::credentials::{Netrc, split};
use crate::tools::artifact::Artifact;
use crate::tools::catalogue;
use crate::tools::packaging::{ArchivePath, Names, Site, VendorPackaging};
use crate::tools::recipe::Recipe;
use checksums::Checksums;
use index::VendorIndex;
pub(super) use source::ROW;

/// The client for vendors' sites.
pub(super) struct Vendor {
    options: SourceOptions,
    indexes: Memo<VendorIndex>,
    checksums: Memo<Checksums>,
}

impl Vendor {
    pub(super) fn new(options: SourceOptions) -> Self {
        Self { options, indexes: Memo::default(), checksums: Memo::default() }
    }

    /// List a tool's versions on a platform, with their times of publication.
    pub(super) fn versions(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        recipe: &Recipe,
        packaging: &VendorPackaging,
        platform: Platform,
    ) -> Result<Vec<(String, Option<Published>)>, SourceError> {
        let index = self.index(cache, netrc, &recipe.tool, packaging)?;
        let target = packaging.targets.get(&platform).map(String::as_str).unwrap_or_default();
        let listed = index.versions(&packaging.index, target, recipe.cutoff);
        Ok(listed.into_iter().map(|listed| (listed.version, listed.published)).collect())
    }

    /// Address of a tool's list of releases.
    fn list_of(&self, packaging: &VendorPackaging) -> Result<Url, SourceError> {
        self.address(&packaging.index.site, &packaging.index.path, |site| &site.index)
    }

    /// Drop a tool's cached list of releases, because there may be newer ones.
    pub(super) fn forget(&self, cache: &ResponseCache, tool: &str, packaging: &VendorPackaging) {
        self.indexes.forget(tool);
        if let Ok(url) = self.list_of(packaging) {
            cache.mark_stale(&format!("vendor-{tool}"), &url);
        }
    }

    /// List a version's archives on a platform; each has the site and its folder as its package.
    pub(super) fn archives(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        recipe: &Recipe,
        packaging: &VendorPackaging,
        version: &str,
        platform: Platform,
    ) -> Result<Vec<Artifact>, SourceError> {
        let tool = &recipe.tool;
        let what = format!("{tool} {version} of its vendor");
        let absent = || SourceError::new(&what, SourceErrorKind::NotForPlatform(platform.to_string()));
        let target = packaging.targets.get(&platform).ok_or_else(absent)?;
        let index = self.index(cache, netrc, tool, packaging)?;
        let listed = index.versions(&packaging.index, target, recipe.cutoff);
        let listed = listed.into_iter().find(|listed| listed.version == version);
        let missing = || SourceError::new(&what, SourceErrorKind::NoSuchVersion(version.to_owned()));
        let listed = listed.ok_or_else(missing)?;
        let names = Names { version, tag: &listed.tag, target };
        let folder = names.expand(&packaging.folder);
        let archive = |one: &ArchivePath| {
            let (file, strip) = one.on(platform.os);
            let file = names.expand(file);
            let known = listed.files.get(&file);
            if known.is_none() && !listed.files.is_empty() {
                return Err(absent());
            }
            let stated = known.and_then(|facts| facts.digest.as_deref()?.parse().ok());
            let digest = match (stated, &packaging.checksums) {
                (Some(digest), _) => Some(digest),
                (None, Some(list)) => {
                    let of_all = packaging.has_sums_of_all();
                    let list = names.expand_checksums(list, &file);
                    let sums = self.sums(cache, netrc, &what, &packaging.site, &below(&folder, &list));
                    let sums = sums.map_err(|error| match error.kind {
                        // If the list of all checksums is missing, the release isn't trusted. If only one archive's
                        // checksum file is missing, that archive doesn't exist.
                        SourceErrorKind::NoSuchPackage if of_all => {
                            SourceError { kind: SourceErrorKind::NoDigest, ..error }
                        }
                        SourceErrorKind::NoSuchPackage => absent(),
                        _ => error,
                    })?;
                    Some(sums.digest_for(&file).ok_or_else(absent)?)
                }
                (None, None) => None,
            };
            let package = format!("{}:{folder}", packaging.site);
            let origin = self.locate(netrc, &package, &file)?;
            let (version, size) = (version.to_owned(), known.and_then(|facts| facts.size));
            let archive = Archive { package, version, file, digest, size, strip, into: one.into.clone() };
            Ok(Artifact::unsigned(archive, origin))
        };
        packaging.archives.iter().map(archive).collect()
    }

    /// Find the origin of an archive that a lock names, without a request.
    pub(super) fn locate(&self, netrc: &Netrc, package: &str, file: &str) -> Result<Origin, SourceError> {
        let (site, folder) = package.split_once(':').unwrap_or_default();
        let (url, own) = split(self.address(site, &below(folder, file).replace('?', "%"), |site| &site.files)?);
        let authorization = own.or_else(|| netrc.header(&url));
        Ok(Origin { url: url.to_string(), authorization })
    }

    fn index(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        tool: &str,
        packaging: &VendorPackaging,
    ) -> Result<Arc<VendorIndex>, SourceError> {
        self.indexes.get(tool, || {
            let (path, what) = (&packaging.index, format!("the releases of {tool}"));
            let url = self.list_of(packaging)?;
            let (url, own) = split(url);
            let authorization = |hop: &Url| self.header(&own, &url, netrc, hop);
            let query = Query::json(&what, &url, &authorization);
            cache.ask(&format!("vendor-{tool}"), &query, None, |document| VendorIndex::read(path, document))
        })
    }

    /// Request a file of checksums, which doesn't change once it is published.
    fn sums(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        what: &str,
        site: &str,
        path: &str,
    ) -> Result<Arc<Checksums>, SourceError> {
        self.checksums.get(&format!("{site}:{path}"), || {
            let (url, own) = split(self.address(site, path, |site| &site.files)?);
            let what = format!("the checksums of {what}");
            let authorization = |hop: &Url| self.header(&own, &url, netrc, hop);
            let query = Query::new(&what, &url, "text/plain, */*;q=0.5", &authorization);
            cache.ask(&format!("checksums-{path}"), &query, None, Checksums::read)
        })
    }

    /// Make the header for one redirect; the site's own credentials go to no other host.
    fn header(&self, own: &Option<String>, url: &Url, netrc: &Netrc, hop: &Url) -> Option<String> {
        let ours = own.clone().filter(|_| crate::options::credentials::same_origin(url, hop));
        ours.or_else(|| netrc.header(hop))
    }

    /// Build an address on a site, or on its mirror.
    fn address(&self, name: &str, path: &str, of: impl Fn(&Site) -> &String) -> Result<Url, SourceError> {
        let what = || format!("the site `{name}`");
        let Some(site) = catalogue::site(name) else {
            let reason = "vx.lock names a site that this vx does not know".to_owned();
            return Err(SourceError::new(what(), SourceErrorKind::Garbage(reason)));
        };
        if !is_path(path) {
            let reason = format!("`{}` is not a path on it", path.escape_debug());
            return Err(SourceError::new(what(), SourceErrorKind::Garbage(reason)));
        }
        let (base, setting) = self.mirror(name).unwrap_or_else(|| (of(site).clone(), "the catalogue".into()));
        let bad = |reason: &str| {
            let (setting, reason) = (setting.clone(), reason.to_owned());
            SourceError::new(what(), SourceErrorKind::BadSetting { setting, reason })
        };
        let base = Url::parse(&format!("{}/", base.trim_end_matches('/'))).map_err(|_| bad("is not an address"))?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(bad("is not a web address"));
        }
        base.join(path).map_err(|_| bad("cannot be a base address"))
    }

    /// Find a site's mirror, and the setting that names it.
    fn mirror(&self, name: &str) -> Option<(String, String)> {
        let variable = format!("VX_MIRROR_{}", name.to_uppercase());
        if let Some(address) = self.options.variable(&variable) {
            return Some((address, format!("{variable} of the environment")));
        }
        let address = self.options.mirrors.get(name)?;
        Some((address.clone(), format!("`mirrors.{name}` of [settings]")))
    }
}

/// Whether a path stays inside its folder; only the catalogue's paths may have a query.
fn is_path(path: &str) -> bool {
    let plain = |part: &str| !matches!(part, "." | "..") && !part.contains(['\\', '#', ':', '%']);
    !path.starts_with('/') && path.split('?').next().unwrap_or_default().split('/').all(plain)
}

/// Path of a file in a folder; an empty folder is the top.
fn below(folder: &str, file: &str) -> String {
    if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") }
}
