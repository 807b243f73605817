//! The error of a process that was started for one slot of a board and did not get to the end of its work.
//!
//! Installs, turns and the guards of services are all such processes: each takes its slot by the channel's name and its
//! order from standard input. They fail in the same ways; only the wording and the hints differ.

use std::fmt;
use std::io;

use vx_base::paths::RuntimeError;
use vx_base::system::process_limit::{ProcessLimit, start_error_text};
use vx_base::trouble::{Explain, Trouble, TroubleKind};

use super::error::ChannelError;
use super::pipe::ConfigError;

/// Work that a child is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildPurpose {
    /// `vx install --ipc-channel`, which people run without the option as well.
    Install,
    /// `vx turn-child`.
    Turn,
    /// `vx service-child`.
    Service,
}

impl ChildPurpose {
    /// Describe an error of the system.
    fn refused(self, error: &io::Error) -> String {
        let reason = start_error_text(error);
        match self {
            Self::Install => reason,
            Self::Turn => format!("cannot run the turn: {reason}"),
            Self::Service => format!("cannot guard the service: {reason}"),
        }
    }

    /// Advise a user who started the child by hand.
    fn by_hand(self) -> Option<&'static str> {
        match self {
            Self::Install => None,
            Self::Turn => Some("run `vx turn`, which starts `vx turn-child` itself"),
            Self::Service => Some("run `vx up`, which starts `vx service-child` itself"),
        }
    }
}

/// Why a child did not do its work.
#[derive(Debug)]
pub struct ChildError {
    /// The work that it was started for.
    pub purpose: ChildPurpose,
    /// The cause.
    pub cause: ChildCause,
}

/// The cause of a [`ChildError`].
#[derive(Debug)]
pub enum ChildCause {
    /// The system refuses what the child needs, such as a thread that notices requests to stop.
    System(io::Error),
    /// There is no directory for boards.
    Runtime(RuntimeError),
    /// The channel leads to no slot.
    Channel(ChannelError),
    /// The description of the work did not arrive whole.
    Order(ConfigError),
    /// The work was begun, and failed.
    Work(Trouble),
}

impl ChildCause {
    /// Make the error of a child that was started for `purpose`.
    pub fn of_child(self, purpose: ChildPurpose) -> ChildError {
        ChildError { purpose, cause: self }
    }
}

impl From<io::Error> for ChildCause {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl From<RuntimeError> for ChildCause {
    fn from(error: RuntimeError) -> Self {
        Self::Runtime(error)
    }
}

impl From<ChannelError> for ChildCause {
    fn from(error: ChannelError) -> Self {
        Self::Channel(error)
    }
}

impl From<ConfigError> for ChildCause {
    fn from(error: ConfigError) -> Self {
        Self::Order(error)
    }
}

impl fmt::Display for ChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            ChildCause::System(error) => f.write_str(&self.purpose.refused(error)),
            ChildCause::Runtime(error) => error.fmt(f),
            ChildCause::Channel(error) => error.fmt(f),
            ChildCause::Order(error) => error.fmt(f),
            ChildCause::Work(trouble) => trouble.fmt(f),
        }
    }
}

impl std::error::Error for ChildError {}

impl Explain for ChildError {
    fn kind(&self) -> TroubleKind {
        match &self.cause {
            ChildCause::System(error) if ProcessLimit::reached(error).is_some() => TroubleKind::Limit,
            ChildCause::System(_) => TroubleKind::Internal,
            ChildCause::Runtime(error) => error.kind(),
            ChildCause::Channel(error) => error.kind(),
            ChildCause::Order(error) => error.kind(),
            ChildCause::Work(trouble) => trouble.kind,
        }
    }

    /// Failed work and a reached limit bring their own hints. Any other failure suggests that a user started the child
    /// by hand.
    fn hint(&self) -> Option<String> {
        let of_cause = match &self.cause {
            ChildCause::Work(trouble) => return trouble.hint.clone(),
            ChildCause::System(error) => ProcessLimit::reached(error).map(|limit| limit.hint()),
            ChildCause::Runtime(error) => error.hint(),
            ChildCause::Channel(error) => error.hint(),
            ChildCause::Order(error) => error.hint(),
        };
        let by_hand = self.purpose.by_hand().filter(|_| self.kind() != TroubleKind::Limit);
        by_hand.map(str::to_owned).or(of_cause)
    }

    fn details(&self) -> Vec<String> {
        match &self.cause {
            ChildCause::Work(trouble) => trouble.details.clone(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [ChildPurpose; 3] = [ChildPurpose::Install, ChildPurpose::Turn, ChildPurpose::Service];

    fn trouble(purpose: ChildPurpose, cause: impl Into<ChildCause>) -> Trouble {
        Trouble::from_error(&cause.into().of_child(purpose))
    }

    #[test]
    fn a_limit_of_processes_keeps_its_own_advice_whatever_the_child_is_for() {
        let limit = || io::Error::from(io::ErrorKind::WouldBlock);
        for purpose in ALL {
            for cause in [ChildCause::from(limit()), ConfigError::Thread(limit()).into()] {
                let trouble = trouble(purpose, cause);
                assert_eq!(trouble.kind, TroubleKind::Limit, "{trouble:?}");
                assert!(trouble.text.contains("the limit of processes and threads is reached"), "{trouble:?}");
                assert!(trouble.hint.is_some_and(|hint| hint.contains("--jobs 1")), "{purpose:?}");
            }
        }
    }

    #[test]
    fn a_start_by_hand_is_told_who_starts_the_child() {
        let hint = |purpose| trouble(purpose, ConfigError::Closed).hint.unwrap_or_default();
        assert_eq!(hint(ChildPurpose::Turn), "run `vx turn`, which starts `vx turn-child` itself");
        assert_eq!(hint(ChildPurpose::Service), "run `vx up`, which starts `vx service-child` itself");
        assert!(hint(ChildPurpose::Install).contains("to install one tool by hand"));
    }

    #[test]
    fn work_that_failed_is_shown_as_it_explains_itself() {
        let failed = Trouble::new(TroubleKind::Disk, "no room").hinted("make room").detailed(["12 KiB are left"]);
        for purpose in ALL {
            assert_eq!(trouble(purpose, ChildCause::Work(failed.clone())), failed);
        }
    }
}
