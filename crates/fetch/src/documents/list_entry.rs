//! Entries of a registry's list, each of which may be sound or not: a bad one hides no other.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The most entries that are named.
const NAMED_MAX: usize = 20;
/// The longest name that is kept of a bad entry, in characters.
const NAME_MAX: usize = 100;

/// An entry of a list as it is read.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum ListEntry<T> {
    Sound(T),
    Bad(Value),
}

/// The names of entries that cannot be used, for a notice.
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
