//! The cache of registry responses. They are reduced to the data in use, stored in the home, and revalidated by ETag,
//! or by the time of the last change if a registry gives no ETag.

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;
use vx_base::digest::Algorithm;
use vx_http::TlsTrust;

use super::http::{DocumentClient, FetchedDocument, Query, Revalidation};
use crate::error::{SourceError, SourceErrorKind};
use crate::options::SourceOptions;

/// Format of a cache file, its first field; files of other formats are ignored.
const FORMAT: u32 = 4;

/// Longest header that is sent back to a server.
const HEADER_BYTES: usize = 1024;

/// A cached response.
#[derive(Serialize, Deserialize)]
struct CachedResponse<T> {
    format: u32,
    address: String,
    etag: Option<String>,
    /// The `Last-Modified` of the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changed: Option<String>,
    /// When the response arrived, in seconds since 1970.
    fetched_at_s: u64,
    value: T,
}

impl<T> CachedResponse<T> {
    /// A new response, with the ETag and the modification time that its server gave.
    fn new(url: &Url, etag: Option<String>, changed: Option<String>, value: T) -> Self {
        Self { format: FORMAT, address: url.to_string(), etag, changed, fetched_at_s: now_s(), value }
    }
}

/// The cache of responses, and the client that fills it.
pub(crate) struct ResponseCache {
    client: DocumentClient,
    directory: PathBuf,
    offline: bool,
    fresh_for: Duration,
    /// Cache files to revalidate at their next use.
    stale: Mutex<HashSet<PathBuf>>,
}

impl ResponseCache {
    pub(crate) fn new(options: &SourceOptions, trust: &TlsTrust) -> Self {
        Self {
            client: DocumentClient::new(options, trust),
            directory: options.home.index(),
            offline: options.offline,
            fresh_for: options.fresh_for,
            stale: Mutex::default(),
        }
    }

    pub(crate) fn client(&self) -> &DocumentClient {
        &self.client
    }

    pub(crate) fn is_offline(&self) -> bool {
        self.offline
    }

    /// Return the response to `query`, reduced by `read`: from the cache while it is younger than `fresh_for`, or else
    /// revalidated, which is cheap if nothing changed.
    pub(crate) fn ask<T: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        query: &Query<'_>,
        fresh_for: Option<Duration>,
        read: impl Fn(&FetchedDocument) -> Result<T, SourceErrorKind>,
    ) -> Result<T, SourceError> {
        let path = self.path(name, query.url);
        let kept = self.load::<T>(&path, query.url);
        let trusted = self.offline || !self.stale.lock().remove(&path);
        let fresh_for = fresh_for.unwrap_or(self.fresh_for);
        let kept = match kept {
            Some(kept) if self.offline || (trusted && is_fresh(&kept, fresh_for)) => return Ok(kept.value),
            _ if self.offline => return Err(SourceError::for_url(query.what, query.url, SourceErrorKind::Offline)),
            other => other,
        };
        let etag = kept.as_ref().and_then(|kept| kept.etag.as_deref()).filter(|text| can_be_sent(text));
        let changed = kept.as_ref().and_then(|kept| kept.changed.as_deref()).filter(|text| can_be_sent(text));
        match (self.client.get(&Query { etag, changed, ..*query })?, kept) {
            (Revalidation::Changed(document), _) => {
                let value = read(&document).map_err(|kind| SourceError::for_url(query.what, query.url, kind))?;
                let kept = CachedResponse::new(query.url, document.etag, document.changed, value);
                self.save(&path, &kept);
                Ok(kept.value)
            }
            (Revalidation::Unchanged, Some(kept)) => {
                let kept = CachedResponse { fetched_at_s: now_s(), ..kept };
                self.save(&path, &kept);
                Ok(kept.value)
            }
            (Revalidation::Unchanged, None) => {
                let reason = "it answered a first request with `not modified`".to_owned();
                Err(SourceError::for_url(query.what, query.url, SourceErrorKind::Garbage(reason)))
            }
        }
    }

    /// Treat the cached response as stale: the next request revalidates it.
    pub(crate) fn mark_stale(&self, name: &str, url: &Url) {
        self.stale.lock().insert(self.path(name, url));
    }

    /// Remove the cached response: it must not be used again, not even if it is fresh or unchanged.
    pub(crate) fn discard(&self, name: &str, url: &Url) {
        // A file that cannot be removed is used until it is stale.
        let _ = fs::remove_file(self.path(name, url));
    }

    /// A cached value that did not come from a request, if it is no older than `fresh_for`.
    pub(crate) fn recall<T: DeserializeOwned>(&self, name: &str, key: &Url, fresh_for: Duration) -> Option<T> {
        let kept = self.load::<T>(&self.path(name, key), key)?;
        is_fresh(&kept, fresh_for).then_some(kept.value)
    }

    pub(crate) fn remember<T: Serialize>(&self, name: &str, key: &Url, value: T) {
        self.save(&self.path(name, key), &CachedResponse::new(key, None, None, value));
    }

    /// A file name with a readable part, and enough of the address's digest to keep two addresses apart.
    fn path(&self, name: &str, url: &Url) -> PathBuf {
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(url.as_str().as_bytes());
        let readable: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).take(80).collect();
        self.directory.join(format!("{readable}-{}.json", &hasher.finish().hex()[..16]))
    }

    fn load<T: DeserializeOwned>(&self, path: &std::path::Path, url: &Url) -> Option<CachedResponse<T>> {
        let kept: CachedResponse<T> = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        (kept.format == FORMAT && kept.address == url.as_str()).then_some(kept)
    }

    /// If the cache cannot be written, the response is still usable, and only time is lost.
    fn save<T: Serialize>(&self, path: &std::path::Path, kept: &CachedResponse<T>) {
        let write = || -> std::io::Result<()> {
            fs::create_dir_all(&self.directory)?;
            let mut file = tempfile::Builder::new().prefix(".index-").tempfile_in(&self.directory)?;
            file.write_all(&serde_json::to_vec(kept)?)?;
            file.persist(path).map_err(|error| error.error)?;
            Ok(())
        };
        let _ = write();
    }
}

/// Whether a header may have this value: a cache file can hold any text, including text that no server sent.
fn can_be_sent(text: &str) -> bool {
    text.len() <= HEADER_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Whether a response is younger than `fresh_for`. One from the future was cached under another clock, so it is stale.
fn is_fresh<T>(kept: &CachedResponse<T>, fresh_for: Duration) -> bool {
    now_s().checked_sub(kept.fetched_at_s).is_some_and(|age_s| age_s < fresh_for.as_secs())
}
