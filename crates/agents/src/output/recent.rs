//! The last names out of many.

use std::collections::{HashSet, VecDeque};

/// Older names are forgotten: an agent that goes on for days names more of them than need be remembered.
const MOST: usize = 4_096;

/// A set of the last few thousand names.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    names: HashSet<String>,
    /// The same names, the oldest first.
    order: VecDeque<String>,
}

impl Recent {
    /// Whether the name is new.
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

    /// Whether this is one of the last names.
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
