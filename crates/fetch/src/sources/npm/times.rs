//! When a package's versions were published, which only its long document says.

use std::sync::Arc;
use std::time::Duration;

use super::Npm;
use super::document::PublicationTimes;
use crate::documents::cache::ResponseCache;
use crate::documents::http::Query;
use crate::error::SourceError;
use crate::options::credentials::Netrc;

impl Npm {
    /// Request a package's times of publication. A cached document is used at any age if it has these versions, because
    /// the time of a version doesn't change.
    pub(crate) fn times(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        name: &str,
        versions: &[&str],
    ) -> Result<Arc<PublicationTimes>, SourceError> {
        self.times.get(name, || {
            let registry = self.registry()?;
            let what = format!("when {name} was published");
            let url = registry.package_url(name)?;
            let file = format!("npm-times-{name}");
            if let Some(kept) = cache.recall::<PublicationTimes>(&file, &url, Duration::MAX)
                && versions.iter().all(|version| kept.get(version).is_some())
            {
                return Ok(kept);
            }
            let authorization = registry.authorizer(netrc, name);
            let query = Query::json(&what, &url, &authorization);
            cache.ask(&file, &query, Some(Duration::ZERO), PublicationTimes::read)
        })
    }
}
