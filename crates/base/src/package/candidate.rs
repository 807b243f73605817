//! The versions of a tool that a source offers, with the facts known about each before anything is fetched.
//!
//! Sources produce these values, and the project's requests choose among them; neither depends on the other.

use crate::age::Published;
use crate::package::npm_range::NpmRange;

/// The notation and the order of a source's versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Three numbers and an optional prerelease, as in npm packages.
    Semver,
    /// Any count of numbers, followed by `rc1`, `.dev2` or `.post3`, as in Python packages.
    Python,
}

/// One version that a source offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The version, as the source writes it.
    pub version: String,
    /// The version's form.
    pub scheme: Scheme,
    /// Withdrawn by its authors, or unusable on this machine: chosen only by its exact version.
    pub yanked: bool,
    /// Discouraged by its authors: chosen only when nothing else matches.
    pub deprecated: bool,
    /// The codename of its long-term support line, in lower case, once that line has begun.
    pub lts: Option<String>,
    /// For a script: the range of its interpreter's versions that it accepts, in npm's notation.
    pub engine: Option<String>,
    /// When it was published, if the source says.
    pub published: Option<Published>,
}

/// Checks that a text is safe as a version: it becomes part of paths and addresses.
pub fn is_version(text: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || ".-+_!".contains(character);
    (1..=100).contains(&text.len()) && text.chars().all(plain) && !text.starts_with('.')
}

impl Candidate {
    /// A plain release: neither yanked nor deprecated, and not long-term support.
    pub fn new(version: impl Into<String>, scheme: Scheme) -> Self {
        Self {
            version: version.into(),
            scheme,
            yanked: false,
            deprecated: false,
            lts: None,
            engine: None,
            published: None,
        }
    }

    /// Returns whether it accepts this version of its interpreter. An unreadable range or version counts as accepted.
    pub fn runs_on(&self, version: &str) -> bool {
        let range = self.engine.as_deref().and_then(NpmRange::parse);
        match (range, nodejs_semver::Version::parse(version)) {
            (Some(range), Ok(version)) => range.satisfies(&version),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_no_path() {
        for text in ["22.3.0", "1.0.0-rc.1+build.5", "1!2.0.post1", "3.12.4"] {
            assert!(is_version(text), "{text}");
        }
        for text in ["", ".", "..", "99.0.0/../../../evil", "1.0\\x", "1.0:x", "1.0 2", "1.0?x", "1.0%2f", "1.0\n"] {
            assert!(!is_version(text), "{text}");
        }
    }
}
