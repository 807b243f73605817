//! A release's version, readable in npm's and in Python's form at once, and ordered by its own form.

use std::cmp::Ordering;
use std::str::FromStr;

use nodejs_semver::{Identifier, Version as Semver};
use pep440_rs::{PrereleaseKind, Version as Python};

use vx_base::package::candidate::Scheme;

/// More numbers than any request has.
const NUMBERS: usize = 8;

/// A parsed version.
#[derive(Clone, Debug)]
pub(super) struct ParsedVersion {
    semver: Semver,
    /// Set if the scheme is Python's; it then determines the order, part by part.
    python: Option<Python>,
}

impl ParsedVersion {
    /// Parse a version; `None` for an invalid text.
    pub(super) fn read(text: &str, scheme: Scheme) -> Option<Self> {
        match scheme {
            Scheme::Semver => Some(Self { semver: Semver::parse(text).ok()?, python: None }),
            Scheme::Python => {
                let python = Python::from_str(text).ok()?;
                Some(Self { semver: as_semver(&python), python: Some(python) })
            }
        }
    }

    /// Form for npm-style ranges: the first three numbers, and the prerelease.
    pub(super) fn semver(&self) -> &Semver {
        &self.semver
    }

    /// Form for Python's operators, with zeros after its numbers: the crate compares only as many numbers with
    /// `==1.10.*` as the version has, so that `1` would match.
    pub(super) fn padded_python(&self) -> Python {
        let python = self.python.clone().unwrap_or_else(|| as_python(&self.semver));
        let numbers = python.release().iter().copied().chain(std::iter::repeat(0));
        let count = python.release().len().max(NUMBERS);
        let padded: Vec<u64> = numbers.take(count).collect();
        python.with_release(padded)
    }

    /// Turn a prerelease into its final release.
    pub(super) fn finished(&self) -> Self {
        let semver = Semver::new(self.semver.major(), self.semver.minor(), self.semver.patch(), Vec::new(), Vec::new());
        Self { semver, python: self.python.as_ref().map(Python::only_release) }
    }

    pub(super) fn is_prerelease(&self) -> bool {
        self.semver.is_prerelease()
    }

    /// Numbers, most significant first.
    pub(super) fn numbers(&self) -> Vec<u64> {
        match &self.python {
            Some(python) => python.release().to_vec(),
            None => vec![self.semver.major(), self.semver.minor(), self.semver.patch()],
        }
    }

    /// Whether `text` is this release with all its numbers.
    pub(super) fn is_written(&self, text: &str) -> bool {
        match &self.python {
            Some(own) => {
                Python::from_str(text).is_ok_and(|other| other == *own && other.release().len() >= own.release().len())
            }
            None => Semver::parse(text).is_ok_and(|other| other == self.semver) && text.split('.').count() >= 3,
        }
    }
}

impl PartialEq for ParsedVersion {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for ParsedVersion {}

impl PartialOrd for ParsedVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ParsedVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.python, &other.python) {
            (Some(one), Some(other)) => one.cmp(other),
            _ => self.semver.cmp(&other.semver),
        }
    }
}

fn as_semver(python: &Python) -> Semver {
    let number = |at: usize| python.release().get(at).copied().unwrap_or(0);
    let mut stage = Vec::new();
    if let Some(pre) = python.pre() {
        let name = match pre.kind {
            PrereleaseKind::Alpha => "a",
            PrereleaseKind::Beta => "b",
            PrereleaseKind::Rc => "rc",
        };
        stage.push(Identifier::AlphaNumeric(name.into()));
        stage.push(Identifier::Numeric(pre.number));
    }
    if let Some(dev) = python.dev() {
        // A number sorts before every word: `1.0.dev1` comes before `1.0a1`.
        stage.push(Identifier::Numeric(dev));
    }
    Semver::new(number(0), number(1), number(2), stage, Vec::new())
}

fn as_python(semver: &Semver) -> Python {
    let plain = Python::new([semver.major(), semver.minor(), semver.patch()]);
    if !semver.is_prerelease() {
        return plain;
    }
    // Python has no form for some npm prereleases (`canary.3`): such a version still sorts before its release.
    let stage: Vec<String> = semver.pre_release().iter().map(ToString::to_string).collect();
    Python::from_str(&format!("{plain}-{}", stage.join("."))).unwrap_or_else(|_| plain.with_dev(Some(0)))
}
