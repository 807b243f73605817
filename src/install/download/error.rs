//! Why an archive was not received.

use crate::digest::{Algorithm, Digest};
use crate::hint::Hint;

use super::super::cancel::Stop;
use super::super::disk::DiskError;

/// Why the archive named was not received. No credential of its address is ever shown.
#[derive(Debug, thiserror::Error)]
#[error("archive `{archive}`: {kind}")]
pub struct DownloadError {
    /// Its file name.
    pub archive: String,
    /// What is wrong.
    pub kind: DownloadErrorKind,
}

/// What is wrong with a download.
#[derive(Debug, thiserror::Error)]
pub enum DownloadErrorKind {
    /// An address that is none, or not one of the web.
    #[error("cannot download from `{address}`: {reason}")]
    Address {
        /// The address, without credentials and query.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server answered with a status that no retry will change.
    #[error("the server answered {status} for {address}")]
    Status {
        /// The address.
        address: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server asks to come back later than anybody waits.
    #[error("the server asks to wait {seconds} s before trying {address} again")]
    ComeBackLater {
        /// The address.
        address: String,
        /// How long.
        seconds: u64,
    },
    /// A page for people came in place of the archive.
    #[error("{address} is a web page, not an archive")]
    WebPage {
        /// The address.
        address: String,
    },
    /// One address leads to the next and so on.
    #[error("{address} redirects more than {limit} times")]
    Redirects {
        /// The address.
        address: String,
        /// How many were followed.
        limit: u32,
    },
    /// The connection cannot be trusted.
    #[error("no safe connection for {address}: {reason}")]
    Tls {
        /// The address.
        address: String,
        /// What the check said.
        reason: String,
    },
    /// The connection failed again and again.
    #[error("{reason}, {attempts} times, at {address} ({received} bytes received)")]
    Connection {
        /// The address.
        address: String,
        /// What happened last.
        reason: String,
        /// How many attempts were made.
        attempts: u32,
        /// How many bytes are kept for the next run.
        received: u64,
    },
    /// The bytes are not those that were promised.
    #[error("expected {}, got {}", shown(expected), shown(got))]
    Digest {
        /// The digest promised.
        expected: Digest,
        /// The digest of what came.
        got: Digest,
    },
    /// The size is not the one that was promised.
    #[error("expected {expected} bytes, got {got}{}", if *more { " or more" } else { "" })]
    Size {
        /// The size promised.
        expected: u64,
        /// The size that came, or is announced.
        got: u64,
        /// Whether there would have been more.
        more: bool,
    },
    /// It is larger than any archive may be.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The network may not be used, and the cache has it not.
    #[error("it is not in the download cache, and vx is offline")]
    Offline,
    /// What the server said first and what it said later do not fit, again and again.
    #[error("the server at {address} keeps changing its answer")]
    Unsteady {
        /// The address.
        address: String,
    },
    /// The cache could not be used.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Told to stop.
    #[error("stopped while downloading")]
    Stop(Stop),
    /// What was handed on is worthless, and everything has to be read again from its start. The pipeline does so a few
    /// times; then it says what is in here.
    #[error("the download has to begin again")]
    Again(Box<DownloadErrorKind>),
}

/// A SHA-256 whole, to be copied; of a SHA-512 the beginning: two of them would leave no room for what to do.
fn shown(digest: &Digest) -> String {
    match digest.algorithm() {
        Algorithm::Sha256 => digest.to_string(),
        Algorithm::Sha512 => format!("{:.23}…", digest.to_string()),
    }
}

impl From<Stop> for DownloadErrorKind {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl Hint for DownloadError {
    fn hint(&self) -> Option<String> {
        let text = match &self.kind {
            DownloadErrorKind::Address { .. } => "give an address that begins with `https://`",
            DownloadErrorKind::Status { status: 401 | 403 | 407, .. } => {
                "check the credentials for this host, and the proxy settings"
            }
            DownloadErrorKind::Status { status: 404 | 410, .. } => {
                "check the version and the platform: this release may not exist for it, or not any more"
            }
            DownloadErrorKind::Status { .. } | DownloadErrorKind::ComeBackLater { .. } => "try again later",
            DownloadErrorKind::WebPage { .. } => {
                "open the address in a browser: it may ask to log in, or the file may have moved"
            }
            DownloadErrorKind::Redirects { .. } => "check the address: the server sends it in a circle",
            DownloadErrorKind::Tls { .. } => {
                "check the clock and the certificates of this machine; a proxy of a company needs its own certificate \
                 installed"
            }
            DownloadErrorKind::Connection { .. } => {
                "check the network and the proxy settings and try again: it goes on where it stopped"
            }
            DownloadErrorKind::Digest { .. } => {
                "do not trust the archive: if it was replaced on purpose, renew the digest with `vx lock`"
            }
            DownloadErrorKind::Size { .. } | DownloadErrorKind::TooLarge { .. } => {
                "check the address; if the archive was replaced on purpose, renew its size with `vx lock`"
            }
            DownloadErrorKind::Offline => "run once without `--offline`",
            DownloadErrorKind::Unsteady { .. } => "try another mirror",
            DownloadErrorKind::Disk(error) => return error.hint(),
            DownloadErrorKind::Stop(_) | DownloadErrorKind::Again(_) => return None,
        };
        Some(text.to_owned())
    }
}
