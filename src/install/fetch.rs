//! One archive into the download cache, to learn its digest and size: for a lock file that has none yet.

use crate::config::Part;
use crate::digest::Digest;
use crate::paths::Home;
use crate::report::Reporter;

use super::cancel::{CancelToken, Watch};
use super::download::{self, Download, DownloadError, DownloadErrorKind, Patience, Session};
use super::error::InstallError;
use super::lock::Wait;
use super::progress::Meter;
use super::staging::Staging;

/// How often to begin again when the server changes its mind about what it sends.
const BEGINNINGS: u32 = 4;

/// Receive an archive, or find it in the cache; what its bytes digest to, and how many they are.
///
/// An install of the same bytes then needs no network. The digest is as trustworthy as the connection was.
pub fn fetch(
    home: &Home,
    part: &Part,
    patience: &Patience,
    reporter: &dyn Reporter,
    cancel: &CancelToken,
) -> Result<(Digest, u64), InstallError> {
    let staging = Staging::create(home, "fetch")?;
    let meter = Meter::new(reporter, None, vec![part.size]);
    let watch = Watch::new(cancel.clone(), None);
    let agent = download::agent(patience);
    let stall = patience.holder_stall;
    let wait = Wait { board: None, reporter, watch: &watch, stall, progress_of: &|_| None };
    let session = Session { home, agent, patience, watch: &watch, meter: &meter, wait: &wait, offline: false };
    let mut beginnings = 1;
    loop {
        match fetch_once(&session, part, &staging) {
            Err(DownloadErrorKind::Again(reason)) if beginnings < BEGINNINGS => {
                meter.begin_again(&reason);
                beginnings += 1;
            }
            Err(DownloadErrorKind::Again(kind)) => return Err(error(part, *kind)),
            Err(kind) => return Err(error(part, kind)),
            Ok(fetched) => return Ok(fetched),
        }
    }
}

fn fetch_once(session: &Session<'_>, part: &Part, staging: &Staging) -> Result<(Digest, u64), DownloadErrorKind> {
    let download = Download::begin(session, part, &part.url, &staging.join("part"))?;
    let fetched = download.finish()?;
    Ok((fetched.digest, fetched.size_bytes))
}

fn error(part: &Part, kind: DownloadErrorKind) -> InstallError {
    InstallError::from(DownloadError { archive: part.file_name.clone(), kind }).plain(None)
}
