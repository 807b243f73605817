//! Access to all servers: the cache of their documents, the credentials of `.netrc`, and the sizes of archives.

use url::Url;
use vx_base::package::archive::{Archive, Origin};
use vx_http::TlsTrust;

use super::cache::ResponseCache;
use super::http::Query;
use super::memo::Memo;
use crate::options::SourceOptions;
use crate::options::credentials::Netrc;
use crate::tools::artifact::Artifact;

/// What all sources use to make requests.
pub(crate) struct Network {
    pub(crate) cache: ResponseCache,
    pub(crate) netrc: Netrc,
    /// Sizes of archives by address; `None` if the server doesn't give it.
    sizes: Memo<Option<u64>>,
}

impl Network {
    /// Set up what the user's environment and files configure. No request is made yet.
    pub(crate) fn new(options: &SourceOptions, trust: &TlsTrust) -> Self {
        Self { cache: ResponseCache::new(options, trust), netrc: Netrc::load(options), sizes: Memo::default() }
    }

    /// Add the size as the archive's server reports it, if the source doesn't give it.
    pub(crate) fn sized(&self, artifact: Artifact) -> Artifact {
        let Artifact { archive, origin, .. } = &artifact;
        let size = archive.size.or_else(|| self.size(&format!("the size of {}", archive.file), origin));
        Artifact { archive: Archive { size, ..archive.clone() }, ..artifact }
    }

    /// Ask for the size of an archive whose source doesn't list it; a failure is ignored.
    pub(crate) fn size(&self, what: &str, at: &Origin) -> Option<u64> {
        if self.cache.is_offline() {
            return None;
        }
        let url = Url::parse(&at.url).ok()?;
        let own = |hop: &Url| at.authorization_for(hop);
        let query = Query::new(what, &url, "*/*", &own);
        self.sizes.get(&at.url, || Ok(self.cache.client().size(&query))).ok().and_then(|size| *size)
    }
}
