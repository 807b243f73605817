//! Why a source gives no answer.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;
use vx_base::age::to_the_second;
use vx_base::package::shipped::Unshipped;
use vx_base::trouble::{Explain, TroubleKind};
use vx_http::{LowestRate, TlsFault};

use crate::proof::attestation::AttestationFault;
use crate::proof::signature::SignatureFault;

/// A question to a source that got no usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceError {
    /// What was asked for: `the versions of esbuild`.
    pub what: String,
    /// Host host that was asked, without credentials; `None` if the question needed no host.
    pub host: Option<String>,
    /// Why.
    pub kind: SourceErrorKind,
}

/// The ways in which a source can fail to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceErrorKind {
    /// The registry has no such package.
    NoSuchPackage,
    /// The registry has no document at the address that it names itself.
    NoSuchDocument,
    /// The package has no such version.
    NoSuchVersion(String),
    /// The version exists, but not for this platform.
    NotForPlatform(String),
    /// The registry refused access: it wants other credentials, or some. Holds the status.
    NotAllowed(u16),
    /// The registry answered every attempt with this status.
    Status(u16),
    /// No attempt got a connection, or every connection broke.
    Unreachable(String),
    /// Every attempt lost its connection; holds the reason of the last.
    Lost(String),
    /// The proxy fails.
    Proxy {
        /// The proxy, and the variable that names it.
        proxy: String,
        /// Why.
        reason: String,
    },
    /// The server's certificate is not trusted, or the client's is not accepted.
    Certificate(TlsFault),
    /// Nothing arrived for this long.
    Stalled(Duration),
    /// Bytes arrived more slowly than this.
    Slow(LowestRate),
    /// The server asks to wait for longer than vx waits.
    ComeBackLater(Duration),
    /// The time allowed for the request has passed.
    Overdue(Duration),
    /// There were too many redirects, or one led to an address that is not followed.
    Redirected(String),
    /// The answer is larger than this many bytes.
    TooLarge(u64),
    /// The answer is a web page, such as a sign-in portal's.
    WebPage,
    /// The answer is not in the format of this kind of registry.
    Garbage(String),
    /// The answer has a version of the index's interface that this vx does not read.
    NewerInterface(String),
    /// Some entries of the answer make no sense, and the others are used. Holds their names.
    PassedOver(Vec<String>),
    /// Releases fit, and all were published after this time, so they are too young.
    TooYoung(Timestamp),
    /// The registry gives no digest, so the archive could not be verified.
    NoDigest,
    /// The package cannot be a tool by itself.
    Unshipped(Box<Unshipped>),
    /// The archive's signature is wrong, or missing although it is required.
    Signature(SignatureFault),
    /// An attestation of the archive is wrong, or missing although it is required.
    Attestation(AttestationFault),
    /// No setting names the registry. Holds the settings that could.
    NotConfigured(String),
    /// A setting makes no sense.
    BadSetting {
        /// The setting, with its file or as a variable.
        setting: String,
        /// Reason, as the predicate of a sentence about the setting.
        reason: String,
    },
    /// The network may not be used, and the caches do not have the answer.
    Offline,
    /// A program on this machine gave no usable answer.
    Program(String),
}

impl SourceError {
    /// An error without a host.
    pub(super) fn new(what: impl Into<String>, kind: SourceErrorKind) -> Self {
        Self { what: what.into(), host: None, kind }
    }

    /// Make it the error of a document beside a package: if only the document is missing, the package still exists.
    pub(super) fn of_document(self) -> Self {
        match self.kind {
            SourceErrorKind::NoSuchPackage => Self { kind: SourceErrorKind::NoSuchDocument, ..self },
            _ => self,
        }
    }

    /// An error about the host of this address.
    pub(super) fn for_url(what: impl Into<String>, url: &Url, kind: SourceErrorKind) -> Self {
        Self { what: what.into(), host: host_of(url), kind }
    }
}

/// Return the host, with the port if the address names one.
pub(super) fn host_of(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// Whether a later request may get another status.
fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..)
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = &self.what;
        let host = self.host.as_deref().unwrap_or("the source");
        match &self.kind {
            SourceErrorKind::NoSuchPackage => write!(f, "{what}: {host} has no such package"),
            SourceErrorKind::NoSuchDocument => write!(f, "{what}: {host} has no such document"),
            SourceErrorKind::NoSuchVersion(version) => write!(f, "{what}: {host} has no version {version}"),
            SourceErrorKind::TooYoung(cutoff) => {
                write!(f, "{what}: all that fit were published after {}, so they are too young", to_the_second(*cutoff))
            }
            SourceErrorKind::NotForPlatform(platform) => write!(f, "{what}: nothing is offered for {platform}"),
            SourceErrorKind::NotAllowed(status) => write!(f, "{what}: {host} refused access (status {status})"),
            SourceErrorKind::Status(status) => write!(f, "{what}: {host} answered with status {status}"),
            SourceErrorKind::Unreachable(reason) => write!(f, "{what}: {host} cannot be reached: {reason}"),
            SourceErrorKind::Lost(reason) => write!(f, "{what}: the connection to {host} broke: {reason}"),
            SourceErrorKind::Proxy { proxy, reason } => {
                write!(f, "{what}: {host} cannot be reached: the proxy {proxy} fails: {reason}")
            }
            SourceErrorKind::Certificate(reason) => write!(f, "{what}: no safe connection to {host}: {reason}"),
            SourceErrorKind::Stalled(time) => write!(f, "{what}: {host} sent nothing for {} s", time.as_secs_f32()),
            SourceErrorKind::ComeBackLater(time) => {
                write!(f, "{what}: {host} asks to wait {} s before trying again", time.as_secs())
            }
            SourceErrorKind::Slow(lowest) => write!(f, "{what}: {host} sends less than {lowest}"),
            SourceErrorKind::Overdue(time) => {
                write!(f, "{what}: {host} did not answer in full within {} s", time.as_secs_f32())
            }
            SourceErrorKind::Redirected(reason) => write!(f, "{what}: {host} redirects {reason}"),
            SourceErrorKind::TooLarge(limit) => write!(f, "{what}: {host} sent more than {limit} bytes"),
            SourceErrorKind::WebPage => {
                write!(f, "{what}: {host} answered with a web page instead of a registry's document")
            }
            SourceErrorKind::Garbage(reason) => write!(f, "{what}: the answer of {host} makes no sense: {reason}"),
            SourceErrorKind::NewerInterface(version) => {
                write!(
                    f,
                    "{what}: {host} answers by version {version} of the index's interface, which this vx does not read"
                )
            }
            SourceErrorKind::PassedOver(names) => {
                let (first, rest) = names.split_first().map_or(("", 0), |(first, rest)| (first.as_str(), rest.len()));
                let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
                write!(f, "{what}: {host} lists `{first}`{more} in a form that makes no sense: passed over")
            }
            SourceErrorKind::NoDigest => write!(f, "{what}: {host} gives no digest that is strong enough to trust"),
            SourceErrorKind::Unshipped(unshipped) => write!(f, "{unshipped}"),
            SourceErrorKind::Signature(fault) => write!(f, "{what}: {fault}"),
            SourceErrorKind::Attestation(fault) => write!(f, "{what}: {fault}"),
            SourceErrorKind::NotConfigured(settings) => write!(f, "{what}: nothing says where to ask: {settings}"),
            SourceErrorKind::BadSetting { setting, reason } => write!(f, "{what}: {setting} {reason}"),
            SourceErrorKind::Offline => write!(f, "{what}: not in the cache, and vx may not use the network"),
            SourceErrorKind::Program(reason) => write!(f, "{what}: {reason}"),
        }
    }
}

impl std::error::Error for SourceError {}

impl Explain for SourceError {
    fn kind(&self) -> TroubleKind {
        match &self.kind {
            SourceErrorKind::NoSuchPackage | SourceErrorKind::NoSuchVersion(_) => TroubleKind::NotFound,
            SourceErrorKind::NoSuchDocument | SourceErrorKind::TooYoung(_) => TroubleKind::NotFound,
            SourceErrorKind::NotForPlatform(_) => TroubleKind::NotForPlatform,
            SourceErrorKind::NotAllowed(_) => TroubleKind::Access,
            SourceErrorKind::Status(status) if is_passing(*status) => TroubleKind::Network,
            SourceErrorKind::Unreachable(_) | SourceErrorKind::Stalled(_) => TroubleKind::Network,
            SourceErrorKind::ComeBackLater(_)
            | SourceErrorKind::Slow(_)
            | SourceErrorKind::Lost(_)
            | SourceErrorKind::Proxy { .. }
            | SourceErrorKind::Certificate(_) => TroubleKind::Network,
            SourceErrorKind::Overdue(_) => TroubleKind::Timeout,
            SourceErrorKind::Status(_)
            | SourceErrorKind::Redirected(_)
            | SourceErrorKind::TooLarge(_)
            | SourceErrorKind::WebPage
            | SourceErrorKind::Garbage(_)
            | SourceErrorKind::NewerInterface(_)
            | SourceErrorKind::PassedOver(_) => TroubleKind::BadAnswer,
            SourceErrorKind::NoDigest => TroubleKind::Digest,
            SourceErrorKind::Unshipped(unshipped) => unshipped.kind(),
            SourceErrorKind::Signature(_) | SourceErrorKind::Attestation(_) => TroubleKind::Signature,
            SourceErrorKind::NotConfigured(_) | SourceErrorKind::BadSetting { .. } => TroubleKind::Configuration,
            SourceErrorKind::Offline => TroubleKind::Offline,
            SourceErrorKind::Program(_) => TroubleKind::Program,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match &self.kind {
            SourceErrorKind::NoSuchDocument => {
                "ask the registry's operator to serve the documents that its answers name"
            }
            SourceErrorKind::NoSuchPackage => "check which registry the configuration of npm or pip names",
            SourceErrorKind::NoSuchVersion(_) => "choose another version, or refresh the lock with `vx lock --upgrade`",
            SourceErrorKind::TooYoung(_) => {
                "wait until one is old enough, or set `minimum_release_age` for the tool or in [settings]"
            }
            SourceErrorKind::NotForPlatform(_) => {
                "limit the tool to other systems with `os = [...]`; a tool of the catalogue can use `source = \"system\"`"
            }
            SourceErrorKind::NotAllowed(_) => "put credentials for this host into .npmrc, pip.conf or .netrc",
            SourceErrorKind::Status(_) => "try again later, or name another mirror in the configuration of npm or pip",
            SourceErrorKind::Unreachable(_) | SourceErrorKind::Lost(_) | SourceErrorKind::Stalled(_) => {
                "check the network, HTTPS_PROXY and NO_PROXY; with a filled cache, `--offline` needs no network"
            }
            SourceErrorKind::Proxy { .. } => {
                "correct this variable, or name the host in NO_PROXY if it is reached without a proxy"
            }
            SourceErrorKind::Certificate(fault) => fault.hint(),
            SourceErrorKind::ComeBackLater(_) => {
                "try again later, or name another mirror; with a filled cache, `--offline` needs no network"
            }
            SourceErrorKind::Slow(_) => {
                "try again later, or name another mirror; `vx sync --lowest-rate 0` waits for any server"
            }
            SourceErrorKind::Overdue(_) => "run it again with a larger `--timeout`",
            SourceErrorKind::WebPage => "sign in to the network, or check the proxy and the registry's address",
            SourceErrorKind::Redirected(_) | SourceErrorKind::TooLarge(_) | SourceErrorKind::Garbage(_) => {
                "check the registry's address in the configuration of npm or pip"
            }
            SourceErrorKind::NewerInterface(_) => "update vx, or name another index in the configuration of pip or uv",
            SourceErrorKind::PassedOver(_) => {
                "ask the registry's operator to repair these entries; all others are used"
            }
            SourceErrorKind::NoDigest => "ask the registry's operator to serve sha256 or sha512 digests",
            SourceErrorKind::Unshipped(unshipped) => return unshipped.hint(),
            SourceErrorKind::Signature(fault) => fault.hint(),
            SourceErrorKind::Attestation(fault) => fault.hint(),
            SourceErrorKind::NotConfigured(_) => {
                "set UV_DEFAULT_INDEX, or `index-url` in pip.conf or uv.toml, or install pip or uv"
            }
            SourceErrorKind::BadSetting { .. } => "correct this setting",
            SourceErrorKind::Offline => "run once without `--offline`",
            SourceErrorKind::Program(_) => return None,
        };
        Some(hint.to_owned())
    }
}
