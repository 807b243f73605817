//! Why a source could not answer.

use std::fmt;

use url::Url;

use super::signature::SignatureFault;
use crate::hint::Hint;

/// A question to a source that got no usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceError {
    /// What was asked for, such as `the versions of esbuild`.
    pub what: String,
    /// The host that was asked, without credentials; `None` where none was.
    pub host: Option<String>,
    /// What went wrong.
    pub kind: SourceErrorKind,
}

/// The ways in which a source fails to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceErrorKind {
    /// The registry has no such package.
    NoSuchPackage,
    /// The package has no such version.
    NoSuchVersion(String),
    /// The version exists, but not for this platform.
    NotForPlatform(String),
    /// The registry wants other credentials, or any; the status it answered with.
    NotAllowed(u16),
    /// The registry answered with this status, also when asked again.
    Status(u16),
    /// No connection, or one that broke, also when tried again.
    Unreachable(String),
    /// Nothing arrived for this many seconds.
    Stalled(u64),
    /// One redirect led to the next, too many times, or to a place not worth following.
    Redirected(String),
    /// The answer is larger than this many bytes.
    TooLarge(u64),
    /// The answer is a web page, as of a sign-in portal.
    WebPage,
    /// The answer is not what a registry of this kind says.
    Garbage(String),
    /// The registry gives no digest, so the archive could not be verified.
    NoDigest,
    /// The archive's signature is not good, or there is none where one is required.
    Signature(SignatureFault),
    /// No setting says where the registry is; the names of those that could.
    NotConfigured(String),
    /// A setting makes no sense.
    BadSetting {
        /// The setting, with its file or as a variable.
        setting: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Only caches may be used, and they do not have it.
    Offline,
    /// A program on this machine could not say what it was asked.
    Program(String),
}

impl SourceError {
    /// An error without a host.
    pub(super) fn new(what: impl Into<String>, kind: SourceErrorKind) -> Self {
        Self { what: what.into(), host: None, kind }
    }

    /// An error of the host of this address.
    pub(super) fn at(what: impl Into<String>, url: &Url, kind: SourceErrorKind) -> Self {
        Self { what: what.into(), host: host_of(url), kind }
    }
}

/// The host and, where it says one, the port.
pub(super) fn host_of(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = &self.what;
        let host = self.host.as_deref().unwrap_or("the source");
        match &self.kind {
            SourceErrorKind::NoSuchPackage => write!(f, "{what}: {host} has no such package"),
            SourceErrorKind::NoSuchVersion(version) => write!(f, "{what}: {host} has no version {version}"),
            SourceErrorKind::NotForPlatform(platform) => write!(f, "{what}: nothing is offered for {platform}"),
            SourceErrorKind::NotAllowed(status) => write!(f, "{what}: {host} refused access (status {status})"),
            SourceErrorKind::Status(status) => write!(f, "{what}: {host} answered with status {status}"),
            SourceErrorKind::Unreachable(reason) => write!(f, "{what}: {host} cannot be reached: {reason}"),
            SourceErrorKind::Stalled(seconds) => write!(f, "{what}: {host} sent nothing for {seconds} s"),
            SourceErrorKind::Redirected(reason) => write!(f, "{what}: {host} redirects {reason}"),
            SourceErrorKind::TooLarge(limit) => write!(f, "{what}: {host} sent more than {limit} bytes"),
            SourceErrorKind::WebPage => write!(f, "{what}: {host} answered with a web page, not as a registry"),
            SourceErrorKind::Garbage(reason) => write!(f, "{what}: the answer of {host} makes no sense: {reason}"),
            SourceErrorKind::NoDigest => write!(f, "{what}: {host} gives no digest that is strong enough to trust"),
            SourceErrorKind::Signature(fault) => write!(f, "{what}: {fault}"),
            SourceErrorKind::NotConfigured(settings) => write!(f, "{what}: nothing says where to ask: {settings}"),
            SourceErrorKind::BadSetting { setting, reason } => write!(f, "{what}: {setting} {reason}"),
            SourceErrorKind::Offline => write!(f, "{what}: not in the cache, and the network is not to be used"),
            SourceErrorKind::Program(reason) => write!(f, "{what}: {reason}"),
        }
    }
}

impl std::error::Error for SourceError {}

impl Hint for SourceError {
    fn hint(&self) -> Option<String> {
        let hint = match &self.kind {
            SourceErrorKind::NoSuchPackage => "check which registry the configuration of npm or pip names",
            SourceErrorKind::NoSuchVersion(_) => "choose another version, or refresh the lock with `vx lock --upgrade`",
            SourceErrorKind::NotForPlatform(_) => {
                "limit the tool to other systems with `os = [...]`, or use `source = \"system\"`"
            }
            SourceErrorKind::NotAllowed(_) => "put credentials for this host into .npmrc, pip.conf or .netrc",
            SourceErrorKind::Status(_) => "try again later, or name another mirror in the configuration of npm or pip",
            SourceErrorKind::Unreachable(_) | SourceErrorKind::Stalled(_) => {
                "check the network, HTTPS_PROXY and NO_PROXY; with a filled cache, `--offline` needs no network"
            }
            SourceErrorKind::WebPage => "sign in to the network, or check the proxy and the registry's address",
            SourceErrorKind::Redirected(_) | SourceErrorKind::TooLarge(_) | SourceErrorKind::Garbage(_) => {
                "check the registry's address in the configuration of npm or pip"
            }
            SourceErrorKind::NoDigest => "ask the registry's keeper to serve sha256 or sha512 digests",
            SourceErrorKind::Signature(fault) => fault.hint(),
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
