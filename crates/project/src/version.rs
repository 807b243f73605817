//! A version request as written in `vx.toml`, and how a release is chosen for it.
//!
//! For every tool alike, npm-style ranges mean what they mean in npm, and Python's own operators (`~=`, `==`, `!=`)
//! what they mean in Python. A prerelease matches only a request that names one.

mod no_match;
mod parsed;
mod specifiers;

use std::fmt;
use std::str::FromStr;

use pep440_rs::{Operator, Version, VersionSpecifiers};

use vx_base::package::candidate::{Candidate, Scheme};
use vx_base::package::npm_range::NpmRange;
use vx_base::trouble::{Explain, TroubleKind};

pub use no_match::{Miss, NoMatch};
use parsed::ParsedVersion;

/// A version that `vx.toml` requests.
#[derive(Clone, Debug)]
pub struct VersionRequest {
    text: String,
    kind: RequestKind,
}

#[derive(Clone, Debug)]
enum RequestKind {
    Latest,
    /// The newest release of any support line, or of the line with this codename.
    Lts(Option<String>),
    System,
    /// A word that names no version, such as a channel that the tool doesn't have.
    Word,
    Range(NpmRange),
    Specifiers(VersionSpecifiers),
}

/// A text that isn't a version request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version or a range of versions")]
pub struct BadRequest(pub String);

impl Explain for BadRequest {
    fn kind(&self) -> TroubleKind {
        TroubleKind::Configuration
    }

    fn hint(&self) -> Option<String> {
        Some(
            "write `22`, `22.3.0`, `^22`, `>=18 <20`, `18 - 20`, `^20 || ^22`, `latest`, `stable`, `lts` or `system`"
                .into(),
        )
    }
}

impl VersionRequest {
    /// Parse a request; surrounding blanks are ignored. Any single word is a request, so a meaningless word is an error
    /// of its tool only.
    pub fn parse(text: &str) -> Result<Self, BadRequest> {
        let text = text.trim();
        let kind = match text.to_lowercase().as_str() {
            "" => None,
            "latest" | "stable" => Some(RequestKind::Latest),
            "lts" | "lts/*" => Some(RequestKind::Lts(None)),
            "system" => Some(RequestKind::System),
            lower => match lower.strip_prefix("lts/") {
                Some(name) if !name.is_empty() => Some(RequestKind::Lts(Some(name.to_owned()))),
                Some(_) => None,
                None => specifiers_of(text)
                    .or_else(|| range_of(text))
                    .or_else(|| python_version_of(text))
                    .or_else(|| is_word(text).then_some(RequestKind::Word)),
            },
        };
        let kind = kind.ok_or_else(|| BadRequest(text.to_owned()))?;
        Ok(Self { text: text.to_owned(), kind })
    }

    /// Return the request as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it requests the copy on `PATH`.
    pub fn is_system(&self) -> bool {
        matches!(self.kind, RequestKind::System)
    }

    /// Whether it requests a release of a support line.
    pub fn is_lts(&self) -> bool {
        matches!(self.kind, RequestKind::Lts(_))
    }

    /// Say why no version of any tool can match, if that is so.
    pub fn impossible(&self) -> Option<NoMatch> {
        let miss = match &self.kind {
            RequestKind::Word => Miss::UnknownWord,
            RequestKind::Range(range) if range.is_empty() => Miss::EmptyRange,
            RequestKind::Specifiers(all) if specifiers::is_empty(all) => Miss::EmptyRange,
            _ => return None,
        };
        Some(NoMatch { request: self.text.clone(), miss, nearest: Vec::new() })
    }

    /// Choose the newest of `candidates` that matches the request.
    ///
    /// A version named exactly is chosen even if it is yanked. Otherwise yanked versions are left out, and deprecated
    /// ones are chosen only if no other matches.
    pub fn choose<'a>(&self, candidates: &'a [Candidate]) -> Result<&'a Candidate, NoMatch> {
        if let Some(miss) = self.impossible() {
            return Err(miss);
        }
        let mut releases: Vec<(ParsedVersion, &Candidate)> = candidates
            .iter()
            .filter_map(|candidate| Some((ParsedVersion::read(&candidate.version, candidate.scheme)?, candidate)))
            .collect();
        releases.sort_by(|one, other| one.0.cmp(&other.0));
        if let Some((_, named)) = releases.iter().rev().find(|(release, _)| self.names(release)) {
            return Ok(named);
        }
        let newest = |deprecated: bool| {
            releases.iter().rev().find(|(release, candidate)| {
                !candidate.yanked && candidate.deprecated == deprecated && self.accepts(release, candidate)
            })
        };
        match newest(false).or_else(|| newest(true)) {
            Some((_, candidate)) => Ok(candidate),
            None => Err(no_match::explain(self, &releases)),
        }
    }

    /// Whether the request is exactly this version, written in full.
    pub fn names_exactly(&self, version: &str, scheme: Scheme) -> bool {
        ParsedVersion::read(version, scheme).is_some_and(|release| self.names(&release))
    }

    /// Whether this version matches the request, for a copy found on `PATH`.
    pub fn matches(&self, version: &str, scheme: Scheme) -> bool {
        let candidate = Candidate::new(version, scheme);
        ParsedVersion::read(version, scheme)
            .is_some_and(|release| self.names(&release) || self.accepts(&release, &candidate))
    }

    /// Whether the request is exactly this version, written in full.
    fn names(&self, release: &ParsedVersion) -> bool {
        let bare = self.text.trim_start_matches(['=', 'v', 'V', ' ']);
        match self.kind {
            // Of several versions, the crate would read the first.
            _ if bare.contains([' ', '|', ',']) => false,
            RequestKind::Range(_) | RequestKind::Specifiers(_) => release.is_written(bare),
            _ => false,
        }
    }

    fn accepts(&self, release: &ParsedVersion, candidate: &Candidate) -> bool {
        match &self.kind {
            RequestKind::System => true,
            RequestKind::Word => false,
            RequestKind::Latest => !release.is_prerelease(),
            RequestKind::Lts(None) => candidate.lts.is_some() && !release.is_prerelease(),
            RequestKind::Lts(name) => candidate.lts == *name && !release.is_prerelease(),
            RequestKind::Range(range) => range.satisfies(release.semver()),
            RequestKind::Specifiers(specifiers) => {
                // A version that is excluded isn't requested.
                let wanted = specifiers.iter().filter(|specifier| *specifier.operator() != Operator::NotEqual);
                let names_one = wanted.into_iter().any(|specifier| specifier.any_prerelease());
                (names_one || !release.is_prerelease()) && meets(specifiers, &release.padded_python())
            }
        }
    }
}

impl fmt::Display for VersionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for VersionRequest {
    type Err = BadRequest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Whether this is a word such as `nightly`, `21-tem` or `1.29/stable`, as vendors and other programs name releases. It
/// may be a mistake in this tool's version, but doesn't mean that the file is broken.
fn is_word(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && text.contains(|letter: char| letter.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_./@:+".contains(letter))
        && (!text.contains('.') || text.contains(|letter: char| letter.is_ascii_digit()))
}

/// Order versions with the newest first; unreadable ones come last.
pub fn newest_first(versions: &mut [(String, Scheme)]) {
    versions.sort_by_cached_key(|(version, scheme)| std::cmp::Reverse(ParsedVersion::read(version, *scheme)));
}

/// Parse a request with Python's operators; operators of both npm and Python keep npm's meaning.
fn specifiers_of(text: &str) -> Option<RequestKind> {
    let python_only = ["~=", "==", "!="].iter().any(|operator| text.contains(operator));
    let four_parts = text.split([' ', ',']).any(|piece| number_count(piece) > 3);
    let compares = text.contains(['<', '>']);
    let pythons = python_only || (four_parts && compares);
    if !pythons {
        return None;
    }
    let commas = text.split_whitespace().collect::<Vec<_>>().join(" ").replace(", ", ",").replace(' ', ",");
    let specifiers = VersionSpecifiers::from_str(text).or_else(|_| VersionSpecifiers::from_str(&commas)).ok()?;
    Some(RequestKind::Specifiers(specifiers))
}

/// Count the numbers of a version, without those of its prerelease.
fn number_count(piece: &str) -> usize {
    let version = piece.trim_start_matches(['<', '>', '=', '~', '!', '^', 'v', 'V']);
    let numbers = version.split(|letter: char| !(letter.is_ascii_digit() || letter == '.')).next();
    numbers.unwrap_or_default().split('.').count()
}

/// Whether a version meets all these conditions. Below a prerelease there may be prereleases of the same release, which
/// the crate leaves out.
fn meets(specifiers: &VersionSpecifiers, version: &Version) -> bool {
    specifiers.iter().all(|one| match one.operator() {
        Operator::LessThan if one.any_prerelease() => version < one.version(),
        Operator::EqualStar | Operator::NotEqualStar => one.contains(&padded(version, one.version().release().len())),
        _ => one.contains(version),
    })
}

/// Extend a version with zeros to at least this many parts: `2` is `2.0`, so it doesn't match `2.3.*`, though the crate
/// says it does.
fn padded(version: &Version, parts: usize) -> Version {
    let mut release = version.release().to_vec();
    release.resize(release.len().max(parts), 0);
    version.clone().with_release(release)
}

/// Parse an npm range; `>=18,<20` is read as `>=18 <20`. An empty alternative is a typing mistake here.
fn range_of(text: &str) -> Option<RequestKind> {
    let text = spell_prereleases(&text.replace(',', " "));
    if text.split("||").any(|alternative| alternative.trim().is_empty()) {
        return None;
    }
    NpmRange::parse(&text).map(RequestKind::Range)
}

/// Parse a bare version in Python's form that npm's ranges can't express: `3.31.0.1`, `3.31.0.*`, `1.0.post1`.
fn python_version_of(text: &str) -> Option<RequestKind> {
    let bare = text.trim_start_matches(['=', 'v', 'V', ' ']);
    let bare = match bare.strip_suffix(".x") {
        Some(prefix) => format!("{prefix}.*"),
        None => bare.to_owned(),
    };
    VersionSpecifiers::from_str(&format!("=={bare}")).ok().map(RequestKind::Specifiers)
}

/// Spell Python's `1.0.0rc1` as npm's `1.0.0-rc.1`, so that both are ordered by number.
fn spell_prereleases(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len() + 4);
    let mut rest = text;
    while let Some(at) = rest.find(|character: char| character.is_ascii_alphabetic()) {
        let (before, word) = rest.split_at(at);
        let letters: usize = word.chars().take_while(char::is_ascii_alphabetic).map(char::len_utf8).sum();
        let (name, after) = word.split_at(letters);
        spelled.push_str(before);
        let word_start = spelled.rfind([' ', '|']).map_or(0, |at| at + 1);
        let finished = !spelled[word_start..].contains('-');
        let numbered = after.starts_with(|character: char| character.is_ascii_digit());
        if before.ends_with(|character: char| character.is_ascii_digit())
            && numbered
            && finished
            && matches!(name, "a" | "b" | "rc")
        {
            spelled.push_str(&format!("-{name}."));
        } else {
            spelled.push_str(name);
        }
        rest = after;
    }
    spelled.push_str(rest);
    spelled
}

#[cfg(test)]
mod tests;
