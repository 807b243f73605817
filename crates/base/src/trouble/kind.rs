//! The kinds of errors, as codes that programs can decide by.

use std::fmt;
use std::str::FromStr;

/// The kind of an error. The codes are listed in `docs/failures.md`; they stay the same from version to version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TroubleKind {
    /// The command line asks for something impossible.
    Usage,
    /// A settings file or an environment variable cannot be used as it is.
    Configuration,
    /// `vx.lock` cannot be used as it is, or does not fit `vx.toml`.
    Lock,
    /// No such tool, version, project or file exists.
    NotFound,
    /// The release exists, but not for this platform.
    NotForPlatform,
    /// The network may not be used, and the caches do not have it.
    Offline,
    /// A server cannot be reached, breaks off, or is too busy to answer. A later try may succeed.
    Network,
    /// A server requires credentials, or other ones; or an agent isn't allowed to change things (`vx mcp`).
    Access,
    /// A server gave an unusable answer: a web page, a loop of redirects, something other than a registry's answer.
    BadAnswer,
    /// An archive does not have the expected digest, or no digest is known for it.
    Digest,
    /// The signature of an archive is bad, or a required signature is missing.
    Signature,
    /// An archive cannot be unpacked, or lacks files that it should hold.
    Archive,
    /// The file system refused: no space, no permission, no such directory.
    Disk,
    /// Another process holds something that is needed, and makes no progress.
    Busy,
    /// Another tool that this one needs is not declared, does not fit, or could not be installed.
    Dependency,
    /// The user has not consented to something that the project needs, or no consent can count for the project.
    Consent,
    /// The post-install command failed.
    PostInstall,
    /// A limit of the system keeps another process or thread from being started.
    Limit,
    /// A program of this machine cannot be started, or produced unusable output.
    Program,
    /// A process ended with an exit code that no other kind explains.
    Exit,
    /// A process was ended by a signal, or is gone without a record of its end.
    Killed,
    /// A time limit has passed.
    Timeout,
    /// A user, or another program, asked to stop.
    Cancelled,
    /// A progress board, a dump or a recording cannot be made, read or written.
    Board,
    /// The parts of vx do not agree with each other: a defect, or two versions at once.
    Internal,
}

impl TroubleKind {
    /// Every kind.
    pub const ALL: [Self; 25] = [
        Self::Usage,
        Self::Configuration,
        Self::Lock,
        Self::NotFound,
        Self::NotForPlatform,
        Self::Offline,
        Self::Network,
        Self::Access,
        Self::BadAnswer,
        Self::Digest,
        Self::Signature,
        Self::Archive,
        Self::Disk,
        Self::Busy,
        Self::Dependency,
        Self::Consent,
        Self::PostInstall,
        Self::Limit,
        Self::Program,
        Self::Exit,
        Self::Killed,
        Self::Timeout,
        Self::Cancelled,
        Self::Board,
        Self::Internal,
    ];

    /// Its code, as programs read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Configuration => "configuration",
            Self::Lock => "lock",
            Self::NotFound => "not-found",
            Self::NotForPlatform => "not-for-platform",
            Self::Offline => "offline",
            Self::Network => "network",
            Self::Access => "access",
            Self::BadAnswer => "bad-answer",
            Self::Digest => "digest",
            Self::Signature => "signature",
            Self::Archive => "archive",
            Self::Disk => "disk",
            Self::Busy => "busy",
            Self::Dependency => "dependency",
            Self::Consent => "consent",
            Self::PostInstall => "post-install",
            Self::Limit => "limit",
            Self::Program => "program",
            Self::Exit => "exit",
            Self::Killed => "killed",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Board => "board",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for TroubleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that isn't the code of any kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a kind of error")]
pub struct UnknownKind(pub String);

impl FromStr for TroubleKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_back_and_stands_for_one_kind() {
        for kind in TroubleKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert_eq!("Network".parse::<TroubleKind>(), Err(UnknownKind("Network".into())));
    }
}
