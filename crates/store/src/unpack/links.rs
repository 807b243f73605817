//! Resolves symbolic links without the file system.

use super::path::parent;

/// Most links in one path, the same as the system's limit.
const HOPS: usize = 40;

/// Whether the link at `path` leads to a place inside the release, existing or not.
///
/// `target_of` returns a link's target, and `None` for other paths. A path that goes in circles leads nowhere, so it
/// doesn't stay inside.
pub(super) fn stays_inside<'a>(path: &'a str, target_of: impl Fn(&str) -> Option<&'a str>) -> bool {
    let Some(target) = target_of(path) else { return true };
    let mut at: Vec<&str> = parent(path).map(|above| above.split('/').collect()).unwrap_or_default();
    // Components still to resolve, the next one last.
    let mut ahead: Vec<&str> = target.split('/').rev().collect();
    let mut hops = 1;
    while let Some(component) = ahead.pop() {
        match component {
            "" | "." => continue,
            ".." => {
                if at.pop().is_none() {
                    return false;
                }
                continue;
            }
            _ => at.push(component),
        }
        if let Some(target) = target_of(&at.join("/")) {
            hops += 1;
            if hops > HOPS || target.starts_with('/') {
                return false;
            }
            at.pop();
            ahead.extend(target.split('/').rev());
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn inside(path: &str, links: &[(&str, &str)]) -> bool {
        let links: HashMap<String, String> =
            links.iter().map(|(path, target)| ((*path).to_owned(), (*target).to_owned())).collect();
        stays_inside(path, |path| links.get(path).map(String::as_str))
    }

    #[test]
    fn links_to_places_inside_stay_inside_whether_they_are_there_or_not() {
        assert!(inside("bin/npm", &[("bin/npm", "../lib/node_modules/npm/bin/npm-cli.js")]));
        assert!(inside("a", &[("a", "b"), ("b", "./c/../d")]));
        assert!(inside("top", &[("top", ".")]));
    }

    #[test]
    fn links_that_leave_are_found_also_through_other_links() {
        assert!(!inside("a", &[("a", "..")]));
        assert!(!inside("d/a", &[("d/a", "../../x")]));
        // Each component alone is harmless: `up` leads to the top, and `..` from there leads out.
        assert!(!inside("d1/d2/x", &[("d1/d2/x", "up/../secret"), ("d1/d2/up", "../..")]));
        assert!(!inside("a", &[("a", "b"), ("b", "/etc")]));
    }

    #[test]
    fn links_in_a_circle_lead_nowhere() {
        assert!(!inside("a", &[("a", "b"), ("b", "a")]));
        assert!(!inside("a", &[("a", "a/a")]));
    }
}
