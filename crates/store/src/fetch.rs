//! Fetching one archive into the download cache, to learn its digest and size for a lock file.

use vx_base::digest::Digest;
use vx_base::package::Part;
use vx_base::paths::Home;
use vx_http::TlsTrust;

use crate::report::{InstallProgress, Reporter};

use super::cancel::{CancelToken, CancelWatch};
use super::download::{self, Download, DownloadError, DownloadErrorKind, DownloadSession, Patience};
use super::error::InstallError;
use super::lock::{LockHolder, LockWaitTerms};
use super::progress::ArchiveProgress;
use crate::release::staging::Staging;

/// How often the archive may be read from the start because the server's responses differ.
const STARTS_MAX: u32 = 4;

/// Receive an archive, or find it in the cache. Returns its digest and its size in bytes.
///
/// A later install of the same bytes needs no network. The digest is as trustworthy as the connection. `progress_of`
/// returns the progress of a process that receives the same archive, from its board; `None` if it is unknown.
pub fn fetch(
    home: &Home,
    part: &Part,
    patience: &Patience,
    trust: &TlsTrust,
    reporter: &dyn Reporter,
    cancel: &CancelToken,
    progress_of: &dyn Fn(&LockHolder) -> Option<InstallProgress>,
) -> Result<(Digest, u64), InstallError> {
    let staging = Staging::create(home, "fetch")?;
    let meter = ArchiveProgress::new(reporter, vec![part.archive.size]);
    let watch = CancelWatch::new(cancel.clone(), None);
    let client = download::client(patience, trust);
    let stall = patience.holder_stall;
    let wait = LockWaitTerms { board: None, reporter, watch: &watch, stall, progress_of };
    let session = DownloadSession { home, client, patience, watch: &watch, meter: &meter, wait: &wait, offline: false };
    let mut starts = 1;
    loop {
        match fetch_once(&session, part, &staging) {
            Err(DownloadErrorKind::Again(reason)) if starts < STARTS_MAX => {
                meter.restarted(&reason);
                starts += 1;
            }
            Err(DownloadErrorKind::Again(kind)) => return Err(error(part, *kind)),
            Err(kind) => return Err(error(part, kind)),
            Ok(fetched) => return Ok(fetched),
        }
    }
}

fn fetch_once(
    session: &DownloadSession<'_>,
    part: &Part,
    staging: &Staging,
) -> Result<(Digest, u64), DownloadErrorKind> {
    let download = Download::begin(session, part, None, &staging.join("part"))?;
    let fetched = download.finish()?;
    Ok((fetched.digest, fetched.size_bytes))
}

fn error(part: &Part, kind: DownloadErrorKind) -> InstallError {
    InstallError::from(DownloadError { archive: part.archive.file.clone(), kind }).plain(None)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::report::InstallStep;
    use vx_base::board_slot::BoardSlot;
    use vx_base::files::file_lock::FileLock;
    use vx_base::package::archive::{Archive, Origin};

    /// Cancels the fetch once bytes are reported, and holds their number.
    struct UntilBytes(CancelToken, AtomicU64);

    impl Reporter for UntilBytes {
        fn started(&self, _: InstallStep, _: Option<u64>) {}
        fn advanced(&self, done: u64) {
            if done > 0 {
                self.1.store(done, Ordering::Relaxed);
                self.0.cancel();
            }
        }
        fn total(&self, _: Option<u64>) {}
        fn message(&self, _: &str) {}
        fn waits_for(&self, _: Option<&BoardSlot>) {}
        fn attempt(&self, _: u8) {}
    }

    #[test]
    fn a_fetch_behind_an_install_of_the_same_archive_shows_the_bytes_of_the_holder() {
        let top = tempfile::tempdir().expect("a temporary directory");
        let home = Home::from_root(top.path().to_owned());
        let digest: Digest = "0".repeat(64).parse().expect("a digest");
        let lock_path = home.locks().join(format!("{}.lock", digest.file_name()));
        let held = FileLock::try_acquire(&lock_path).expect("a lock file").expect("a free lock");
        std::io::Write::write_all(&mut held.file(), br#"{"pid":7,"board":null}"#).expect("a record");
        let archive = Archive { file: "a.tgz".into(), digest: Some(digest), ..Archive::default() };
        let origin = Some(Origin { url: "https://host.invalid/a.tgz".into(), authorization: None });
        let cancel = CancelToken::new();
        let reporter = UntilBytes(cancel.clone(), AtomicU64::new(0));
        let of_holder = |holder: &LockHolder| {
            (holder.pid == 7).then_some(InstallProgress { step: InstallStep::Downloading, done: 200, total: Some(500) })
        };
        // A wait without bytes ends too, after this time.
        let patience = Patience { holder_stall: std::time::Duration::from_secs(5), attempts: 1, ..Patience::default() };
        let fetched =
            fetch(&home, &Part { archive, origin }, &patience, &TlsTrust::default(), &reporter, &cancel, &of_holder);
        assert!(fetched.is_err() && reporter.1.load(Ordering::Relaxed) == 200, "{fetched:?}");
    }
}
