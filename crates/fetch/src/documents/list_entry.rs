//! Entries of a registry's list, each of which may be unusable: a bad entry hides no other.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many bad entries are named at most.
const NAMED_MAX: usize = 20;
/// Longest name that is stored for a bad entry, in characters.
const NAME_MAX: usize = 100;

/// An entry of a list, usable or not.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum ListEntry<T> {
    Sound(T),
    Bad(Value),
}

/// Names of the unusable entries, for a notice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PassedOver(Vec<String>);

impl PassedOver {
    pub(crate) fn add(&mut self, name: &str) {
        if self.0.len() < NAMED_MAX {
            self.0.push(name.chars().take(NAME_MAX).collect());
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }
}
