//! The methods that a client can call, and their parameters.

use serde::Deserialize;

use super::hand::Verb;

/// The version of the protocol that this side speaks.
pub(super) const PROTOCOL: u32 = 1;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ControlMethod {
    Initialize,
    List,
    Ask(Verb),
    Report,
    StopAll,
    Follow,
    ReadLog,
    FollowLog,
}

impl ControlMethod {
    /// Every method, with its name.
    pub(super) fn all() -> impl Iterator<Item = (String, Self)> {
        let others = [
            ("initialize", Self::Initialize),
            ("work/list", Self::List),
            ("work/follow", Self::Follow),
            ("work/report", Self::Report),
            ("board/stop", Self::StopAll),
            ("log/read", Self::ReadLog),
            ("log/follow", Self::FollowLog),
        ];
        let verbs = Verb::ALL.into_iter().map(|verb| (format!("work/{}", verb.name()), Self::Ask(verb)));
        others.into_iter().map(|(name, method)| (name.to_owned(), method)).chain(verbs)
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::all().find(|(known, _)| known == name).map(|(_, method)| method)
    }
}

/// The parameters of `initialize`.
#[derive(Debug, Deserialize)]
pub(super) struct InitializeParams {
    pub protocol: ProtocolRange,
    /// Whether it accepts notifications without asking for them.
    #[serde(default = "yes")]
    pub notifications: bool,
}

const fn yes() -> bool {
    true
}

/// A range of versions.
#[derive(Debug, Deserialize)]
pub(super) struct ProtocolRange {
    pub min: u32,
    pub max: u32,
}

/// The parameters of `work/list`.
#[derive(Debug, Deserialize)]
pub(super) struct WorkListParams {
    #[serde(default)]
    pub after: u64,
}

/// The parameters of a request for one slot.
#[derive(Debug, Deserialize)]
pub(super) struct OfKey {
    pub key: String,
}

/// The parameters of `log/read` and `log/follow`.
#[derive(Debug, Deserialize)]
pub(super) struct OfLog {
    pub key: String,
    /// The byte to read from; by default the end.
    pub from: Option<u64>,
    /// The most lines.
    pub lines: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_found_by_its_name() {
        assert!(ControlMethod::all().all(|(name, method)| ControlMethod::named(&name) == Some(method)));
        assert_eq!(ControlMethod::named("work/rebuild"), Some(ControlMethod::Ask(Verb::Rebuild)));
        assert_eq!(ControlMethod::named("work/"), None);
    }
}
