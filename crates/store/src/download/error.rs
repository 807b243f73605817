//! Why an archive was not received.

use vx_http::{LowestRate, Misdirection, TlsFault};

use vx_base::digest::{Algorithm, Digest};
use vx_base::system::process_limit::ProcessLimit;
use vx_base::trouble::{Explain, TroubleKind};

use super::super::cancel::InstallStop;
use super::super::disk::DiskError;

/// An archive that was not received, and why. No credential in its address is ever shown.
#[derive(Debug, thiserror::Error)]
#[error("archive `{archive}`: {kind}")]
pub struct DownloadError {
    /// Its file name.
    pub archive: String,
    /// Why.
    pub kind: DownloadErrorKind,
}

/// Why a download failed.
#[derive(Debug, thiserror::Error)]
pub enum DownloadErrorKind {
    /// The address is invalid, or not a web address.
    #[error("cannot download from `{address}`: {reason}")]
    Address {
        /// The address, without credentials and query.
        address: String,
        /// Why.
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
    /// The server asks to wait for longer than vx waits.
    #[error("the server asks to wait {seconds} s before trying {address} again")]
    ComeBackLater {
        /// The address.
        address: String,
        /// How long the server asks to wait.
        seconds: u64,
    },
    /// The server sent a web page in place of the archive.
    #[error("{address} is a web page, not an archive")]
    WebPage {
        /// The address.
        address: String,
    },
    /// A redirect isn't followed.
    #[error("{address} redirects {misdirection}")]
    Redirects {
        /// The address.
        address: String,
        /// The redirect.
        misdirection: Misdirection,
    },
    /// A connection setting of the user is unusable.
    #[error("{setting} {reason}")]
    Setting {
        /// The setting.
        setting: String,
        /// Reason, as the predicate of a sentence about the setting.
        reason: String,
    },
    /// The TLS connection was refused.
    #[error("no safe connection for {address}: {reason}")]
    Tls {
        /// The address.
        address: String,
        /// Why it was refused.
        reason: TlsFault,
    },
    /// The connection failed every time.
    #[error("{reason}, {attempts} times, at {address} ({received} bytes received)")]
    Connection {
        /// The address.
        address: String,
        /// Last failure.
        reason: String,
        /// How many attempts were made.
        attempts: u32,
        /// How many bytes were received.
        received: u64,
        /// Whether they are kept for the next run.
        kept: bool,
    },
    /// The rate was too low, twice in a row.
    #[error("{address} sends less than {lowest} ({received} bytes received)")]
    Slow {
        /// The address.
        address: String,
        /// Lowest rate that is allowed.
        lowest: LowestRate,
        /// How many bytes were received.
        received: u64,
        /// Whether they are kept for the next run.
        kept: bool,
    },
    /// The bytes do not have the expected digest.
    #[error("expected {}, got {}", shown(expected), shown(got))]
    Digest {
        /// The expected digest.
        expected: Digest,
        /// The digest of the received bytes.
        got: Digest,
    },
    /// The archive does not have the expected size.
    #[error("expected {expected} bytes, got {got}{}", if *more { " or more" } else { "" })]
    Size {
        /// The expected size.
        expected: u64,
        /// Size received or announced.
        got: u64,
        /// Whether the archive may have more bytes than `got`.
        more: bool,
    },
    /// The archive is larger than any that is accepted.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// vx is offline, and the archive is not in the cache.
    #[error("it is not in the download cache, and vx is offline")]
    Offline,
    /// The server's responses contradict each other every time.
    #[error("the server at {address} keeps changing its answer")]
    Unsteady {
        /// The address.
        address: String,
    },
    /// No thread could be started for the connection.
    #[error("{0}")]
    Limit(ProcessLimit),
    /// The connection breaks every time, and the server can't send only the rest.
    #[error("{reason}, again and again, at {address}, which does not go on where it stopped")]
    NotContinued {
        /// The address.
        address: String,
        /// Last failure.
        reason: String,
    },
    /// The bytes aren't the archive's, and the server claims to have encoded them.
    #[error("{address} sends it encoded (`Content-Encoding: {encoding}`), which changes its bytes")]
    Encoded {
        /// The address.
        address: String,
        /// The encoding.
        encoding: String,
    },
    /// The cache is unusable.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The install was stopped.
    #[error("stopped while downloading")]
    Stop(InstallStop),
    /// The bytes passed on are worthless, and everything has to be read again from the start. The pipeline does so a
    /// few times, then reports the boxed error.
    #[error("the download has to begin again")]
    Again(Box<DownloadErrorKind>),
}

/// Show a SHA-256 in full, so that it can be copied, but only the beginning of a SHA-512: two of them would leave no
/// room for the hint.
fn shown(digest: &Digest) -> String {
    match digest.algorithm() {
        Algorithm::Sha256 => digest.to_string(),
        Algorithm::Sha512 => format!("{:.23}…", digest.to_string()),
    }
}

impl DownloadErrorKind {
    fn trouble(&self) -> TroubleKind {
        match self {
            Self::Address { .. } | Self::Setting { .. } => TroubleKind::Configuration,
            Self::Status { status: 401 | 403 | 407, .. } => TroubleKind::Access,
            Self::Status { status: 404 | 410, .. } => TroubleKind::NotFound,
            Self::Status { status: 408 | 429 | 500.., .. } | Self::ComeBackLater { .. } => TroubleKind::Network,
            Self::Tls { .. } | Self::Connection { .. } | Self::Slow { .. } | Self::NotContinued { .. } => {
                TroubleKind::Network
            }
            Self::Status { .. } | Self::WebPage { .. } | Self::Redirects { .. } => TroubleKind::BadAnswer,
            Self::Unsteady { .. } | Self::TooLarge { .. } | Self::Encoded { .. } => TroubleKind::BadAnswer,
            Self::Digest { .. } | Self::Size { .. } => TroubleKind::Digest,
            Self::Offline => TroubleKind::Offline,
            Self::Limit(_) => TroubleKind::Limit,
            Self::Disk(error) => error.kind(),
            Self::Stop(stop) => stop.kind(),
            Self::Again(kind) => kind.trouble(),
        }
    }
}

impl From<InstallStop> for DownloadErrorKind {
    fn from(stop: InstallStop) -> Self {
        Self::Stop(stop)
    }
}

impl Explain for DownloadError {
    fn kind(&self) -> TroubleKind {
        self.kind.trouble()
    }

    fn hint(&self) -> Option<String> {
        let text = match &self.kind {
            DownloadErrorKind::Address { .. } => "give an address that begins with `https://`",
            DownloadErrorKind::Status { status: 401 | 403 | 407, .. } => {
                "check the credentials for this host, and the proxy settings"
            }
            DownloadErrorKind::Status { status: 404 | 410, .. } => {
                "check the version and the platform: this release may not exist for it, or no longer"
            }
            DownloadErrorKind::Status { .. } | DownloadErrorKind::ComeBackLater { .. } => "try again later",
            DownloadErrorKind::WebPage { .. } => {
                "open the address in a browser: it may ask to log in, or the file may have moved"
            }
            DownloadErrorKind::Redirects { misdirection: Misdirection::Endless, .. } => {
                "check the address: the server redirects it in a circle"
            }
            DownloadErrorKind::Redirects { misdirection: Misdirection::Unsafe, .. } => {
                "name another mirror: anyone between it and you could change the archive"
            }
            DownloadErrorKind::Redirects { .. } => {
                "check the address, or ask the server's operator where it should lead"
            }
            DownloadErrorKind::Setting { .. } => "correct this setting",
            DownloadErrorKind::Tls { reason, .. } => reason.hint(),
            DownloadErrorKind::Slow { kept: true, .. } => {
                "try again later: it goes on where it stopped; `--lowest-rate 0` waits for any server"
            }
            DownloadErrorKind::Slow { .. } => "try again later; `--lowest-rate 0` waits for any server",
            DownloadErrorKind::Connection { kept: true, .. } => {
                "check the network and the proxy settings and try again: it goes on where it stopped"
            }
            DownloadErrorKind::Connection { .. } => "check the network and the proxy settings and try again",
            DownloadErrorKind::Digest { .. } => {
                "do not trust the archive: if it was replaced on purpose, renew its digest with `vx lock TOOL`, or in \
                 vx.toml if it is written there"
            }
            DownloadErrorKind::Size { .. } | DownloadErrorKind::TooLarge { .. } => {
                "check the address; if the archive was replaced on purpose, renew its size with `vx lock TOOL`"
            }
            DownloadErrorKind::Offline => "run once without `--offline`",
            DownloadErrorKind::NotContinued { .. } => {
                "check the network and the proxy settings and try again, or name a mirror that answers requests for a range"
            }
            DownloadErrorKind::Encoded { .. } => {
                "ask the operator of the server, or of a proxy, to send archives unchanged; or name another mirror"
            }
            DownloadErrorKind::Unsteady { .. } => "try another mirror",
            DownloadErrorKind::Limit(limit) => return Some(limit.hint()),
            DownloadErrorKind::Disk(error) => return error.hint(),
            DownloadErrorKind::Stop(_) | DownloadErrorKind::Again(_) => return None,
        };
        Some(text.to_owned())
    }
}
