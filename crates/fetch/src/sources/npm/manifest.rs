//! The manifest of one version of a package: its programs and the packages that it needs, as the registry has them.

use std::sync::Arc;

use serde_json::Value;
use vx_base::package::shipped::NpmManifest;

use super::{Npm, document};
use crate::documents::cache::ResponseCache;
use crate::documents::http::{FetchedDocument, Query};
use crate::error::{SourceError, SourceErrorKind};
use crate::options::credentials::Netrc;

impl Npm {
    /// Read a version's manifest: from the version's own document, or from the package's if the registry has no
    /// documents of single versions.
    pub(crate) fn manifest(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        name: &str,
        version: &str,
    ) -> Result<Arc<NpmManifest>, SourceError> {
        self.manifests.get(&format!("{name}@{version}"), || {
            let registry = self.registry()?;
            let what = format!("the npm package {name} {version}");
            let file = format!("npm-manifest-{name}-{version}");
            let fresh_for = self.version_fresh_for();
            let authorization = registry.authorizer(netrc, name);
            let ask = |url: &url::Url, read: &dyn Fn(&FetchedDocument) -> Result<NpmManifest, SourceErrorKind>| {
                let query = Query::json(&what, url, &authorization);
                cache.ask(&file, &query, Some(fresh_for), read)
            };
            match ask(&registry.version_url(name, version)?, &of_version) {
                Err(SourceError {
                    kind: SourceErrorKind::NoSuchPackage | SourceErrorKind::Status(_) | SourceErrorKind::Offline,
                    ..
                }) => ask(&registry.package_url(name)?, &|document| of_package(document, version)),
                other => other,
            }
        })
    }
}

fn of_version(document: &FetchedDocument) -> Result<NpmManifest, SourceErrorKind> {
    document::read_json(document).map(|raw| NpmManifest::from_object(&raw))
}

fn of_package(document: &FetchedDocument, version: &str) -> Result<NpmManifest, SourceErrorKind> {
    let raw: Value = document::read_json(document)?;
    let of_version = raw.get("versions").and_then(|versions| versions.get(version)?.as_object());
    of_version.map(NpmManifest::from_object).ok_or_else(|| SourceErrorKind::NoSuchVersion(version.to_owned()))
}
