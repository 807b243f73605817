//! Digests of archives for which none is published: each address is fetched once in a run, however many platforms use
//! it.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use vx_base::digest::Digest;
use vx_base::paths::Home;
use vx_base::shown_address::shown_address;
use vx_base::trouble::Trouble;
use vx_fetch::Artifact;
use vx_http::TlsTrust;
use vx_store::report::SilentReporter;
use vx_store::{CancelToken, Patience, fetch};

use crate::tools::installs::lock_holder::holder_progress;
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;

/// The digest and the size of an archive, or the reason why they are not known.
type ArchiveDigestResult = Result<(Digest, u64), Trouble>;

/// Fetches archives to learn their digests; they stay in the download cache for the install.
pub(super) struct ArchiveDigestFetcher<'a> {
    home: &'a Home,
    trust: &'a TlsTrust,
    frontend: &'a dyn Frontend,
    /// By address. If another thread is already fetching an answer, a thread that needs it waits.
    answers: Mutex<HashMap<String, Arc<OnceLock<ArchiveDigestResult>>>>,
}

impl<'a> ArchiveDigestFetcher<'a> {
    pub(super) fn new(home: &'a Home, trust: &'a TlsTrust, frontend: &'a dyn Frontend) -> Self {
        Self { home, trust, frontend, answers: Mutex::default() }
    }

    /// The digest and the size of this archive.
    pub(super) fn get(&self, artifact: &Artifact) -> ArchiveDigestResult {
        let answer = Arc::clone(self.answers.lock().entry(artifact.origin.url.clone()).or_default());
        answer.get_or_init(|| self.fetch(artifact)).clone()
    }

    fn fetch(&self, artifact: &Artifact) -> ArchiveDigestResult {
        self.frontend.notice(Notice::Fetching { address: shown_address(&artifact.origin.url) });
        let (part, patience, cancel) = (artifact.clone().part(), Patience::default(), CancelToken::new());
        let fetched = fetch(self.home, &part, &patience, self.trust, &SilentReporter, &cancel, &holder_progress);
        fetched.map_err(|error| Trouble::from_error(&error))
    }
}
