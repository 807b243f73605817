//! The origin of a workspace's lock.

use std::collections::BTreeMap;

/// The origin of a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockOrigin {
    /// There is no lock file, or it cannot be used.
    None,
    /// A lock file of the current format.
    Current,
    /// A lock file of an older format, which only pins versions.
    Old {
        /// The version of its format.
        version: u64,
        /// The pinned versions by tool.
        pins: BTreeMap<String, String>,
    },
}

impl LockOrigin {
    /// The versions that a lock file of an older format pins; empty for other origins.
    pub fn pins(&self) -> &BTreeMap<String, String> {
        static NO_PINS: BTreeMap<String, String> = BTreeMap::new();
        match self {
            Self::None | Self::Current => &NO_PINS,
            Self::Old { pins, .. } => pins,
        }
    }
}
