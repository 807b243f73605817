//! The kinds of errors, as codes that programs can decide by.

use std::fmt;
use std::str::FromStr;

/// The kind of an error. The codes are listed in `docs/failures.md`; they are kept from version to version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TroubleKind {
    /// The command line asks for something that cannot be.
    Usage,
    /// A file of settings, or a variable of the environment, cannot be used as it is.
    Configuration,
    /// `vx.lock` cannot be used as it is, or does not fit `vx.toml`.
    Lock,
    /// There is no such tool, version, project or file.
    NotFound,
    /// It exists, and is not offered for this platform.
    NotForPlatform,
    /// The network may not be used, and the caches do not have it.
    Offline,
    /// A server cannot be reached, breaks off, or is too busy to answer. Later it may work.
    Network,
    /// A server asks for credentials, or for others; or an agent may not change things (`vx mcp`).
    Access,
    /// A server answered with something unusable: a web page, a circle of redirects, no registry's answer.
    BadAnswer,
    /// The bytes of an archive are not those that were promised, or nothing promises any.
    Digest,
    /// The signature of an archive is not good, or there is none where one is required.
    Signature,
    /// An archive cannot be unpacked, or does not hold what it should.
    Archive,
    /// The file system refused: no room, no permission, no such directory.
    Disk,
    /// Another process holds what is needed, and does not get on.
    Busy,
    /// A tool that this one needs is not declared, does not fit, or did not install.
    Dependency,
    /// The project's user has not agreed to what is needed, or no consent counts for the project.
    Consent,
    /// The post-install command failed.
    PostInstall,
    /// A limit of the system keeps another process or thread from being started.
    Limit,
    /// A program of this machine cannot be started, or gave no usable answer.
    Program,
    /// A process ended with an exit code that no other kind explains.
    Exit,
    /// A process was ended by a signal, or is gone without having recorded its end.
    Killed,
    /// The time allowed has passed.
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

    /// Its code.
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

/// A word that is no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of error")]
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
