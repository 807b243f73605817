//! A set that remembers only the newest names.

use std::collections::{HashSet, VecDeque};

/// At most this many names are remembered: an agent that runs for days gives far more than are needed.
const MOST: usize = 4_096;

/// A set of the last few thousand names.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    names: HashSet<String>,
    /// The same names, the oldest first.
    order: VecDeque<String>,
}

impl Recent {
    /// Add a name. Returns whether it is new.
    pub(crate) fn insert(&mut self, name: String) -> bool {
        if !self.names.insert(name.clone()) {
            return false;
        }
        self.order.push_back(name);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.names.remove(&oldest);
        }
        true
    }

    /// Returns whether this name is remembered.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_are_forgotten_and_the_last_ones_are_known() {
        let mut recent = Recent::default();
        assert!((0..=MOST).all(|number| recent.insert(number.to_string())));
        assert!(!recent.insert(MOST.to_string()) && !recent.contains("0") && recent.contains("1"));
        assert_eq!((recent.names.len(), recent.order.len()), (MOST, MOST));
    }
}
