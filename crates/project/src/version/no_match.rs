//! Why no release matches a request, and the nearest releases.

use std::fmt;

use vx_base::package::candidate::Candidate;
use vx_base::trouble::{Explain, TroubleKind};

use super::{RequestKind, VersionRequest, meets, parsed::ParsedVersion};

/// No release matches [`NoMatch::request`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoMatch {
    /// The request as written.
    pub request: String,
    /// Why not.
    pub miss: Miss,
    /// Nearest existing versions, oldest first; at most four.
    pub nearest: Vec<String>,
}

/// Why no release matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Miss {
    /// The source offers no version at all.
    NothingOffered,
    /// Versions exist, but none in the range.
    NothingInRange,
    /// The parts of the range exclude each other.
    EmptyRange,
    /// The request is a word that names no version.
    UnknownWord,
    /// Only prereleases are in the range, and the request names none.
    OnlyPrereleases,
    /// The tool has no long-term support lines.
    NoSupportLines,
    /// No support line has this codename. Holds those that exist, newest first.
    UnknownCodename(Vec<String>),
}

impl fmt::Display for NoMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = &self.request;
        match &self.miss {
            Miss::NothingOffered => write!(f, "no version is offered for this platform"),
            Miss::NothingInRange => write!(f, "no version matches `{request}`"),
            Miss::EmptyRange => write!(f, "no version can match `{request}`: its parts exclude each other"),
            Miss::UnknownWord => write!(f, "`{request}` is not a version, nor a channel that vx knows"),
            Miss::OnlyPrereleases => write!(f, "only prereleases match `{request}`"),
            Miss::NoSupportLines => write!(f, "`{request}`: this tool has no long-term support releases"),
            Miss::UnknownCodename(_) => write!(f, "`{request}` names no long-term support line"),
        }
    }
}

impl std::error::Error for NoMatch {}

impl Explain for NoMatch {
    fn kind(&self) -> TroubleKind {
        match self.miss {
            Miss::NothingOffered => TroubleKind::NotForPlatform,
            Miss::EmptyRange | Miss::UnknownWord => TroubleKind::Configuration,
            _ => TroubleKind::NotFound,
        }
    }

    fn hint(&self) -> Option<String> {
        let listed = self.nearest.join(", ");
        match &self.miss {
            Miss::NothingOffered => None,
            Miss::NothingInRange => Some(format!("the nearest that exist are {listed}")),
            Miss::EmptyRange => Some("write `||` between ranges of which one has to match".into()),
            Miss::UnknownWord => Some("write a version, a range, `latest`, `stable`, `lts` or `system`".into()),
            Miss::OnlyPrereleases => Some(format!("name the one you want: {listed}")),
            Miss::NoSupportLines => Some("use `latest` or a range".into()),
            Miss::UnknownCodename(known) => Some(format!("the lines are {}", known.join(", "))),
        }
    }
}

/// Find out why `request` has no match; `releases` are sorted, oldest first.
pub(super) fn explain(request: &VersionRequest, releases: &[(ParsedVersion, &Candidate)]) -> NoMatch {
    let offered: Vec<&(ParsedVersion, &Candidate)> =
        releases.iter().filter(|(_, candidate)| !candidate.yanked).collect();
    let miss = match &request.kind {
        _ if offered.is_empty() => Miss::NothingOffered,
        RequestKind::Lts(name) => match (support_lines(releases), name) {
            (known, _) if known.is_empty() => Miss::NoSupportLines,
            (known, Some(_)) => Miss::UnknownCodename(known),
            (_, None) => Miss::NothingInRange,
        },
        kind if offered.iter().any(|(release, _)| in_range_but_for_stage(kind, release)) => Miss::OnlyPrereleases,
        _ => Miss::NothingInRange,
    };
    let nearest = match miss {
        Miss::OnlyPrereleases => {
            let fitting = offered.iter().filter(|(release, _)| in_range_but_for_stage(&request.kind, release));
            last_four(fitting.map(|(_, candidate)| candidate.version.clone()).collect())
        }
        _ => around(&numbers_in(&request.text), &offered),
    };
    NoMatch { request: request.text.clone(), miss, nearest }
}

/// Whether the release would be in the range if it weren't a prerelease.
fn in_range_but_for_stage(kind: &RequestKind, release: &ParsedVersion) -> bool {
    release.is_prerelease()
        && match kind {
            RequestKind::Latest => true,
            RequestKind::Range(range) => range.satisfies(release.finished().semver()),
            RequestKind::Specifiers(specifiers) => meets(specifiers, &release.finished().padded_python()),
            RequestKind::Lts(_) | RequestKind::System | RequestKind::Word => false,
        }
}

fn support_lines(releases: &[(ParsedVersion, &Candidate)]) -> Vec<String> {
    let mut known: Vec<String> = releases.iter().rev().filter_map(|(_, candidate)| candidate.lts.clone()).collect();
    known.dedup();
    known
}

/// List the two releases before and the two after these numbers; the newest ones if there are no numbers.
fn around(target: &[u64], offered: &[&(ParsedVersion, &Candidate)]) -> Vec<String> {
    let plain: Vec<&&(ParsedVersion, &Candidate)> =
        offered.iter().filter(|(release, _)| !release.is_prerelease()).collect();
    let shown = if plain.is_empty() { offered.iter().collect() } else { plain };
    let versions: Vec<String> = shown.iter().map(|(_, candidate)| candidate.version.clone()).collect();
    if target.is_empty() {
        return last_four(versions);
    }
    let at = shown.partition_point(|(release, _)| release.numbers().as_slice() < target);
    versions[at.saturating_sub(2)..(at + 2).min(versions.len())].to_vec()
}

fn last_four(mut versions: Vec<String>) -> Vec<String> {
    versions.split_off(versions.len().saturating_sub(4))
}

/// Find the first dotted number in a text: `>=20.99` gives 20 and 99.
fn numbers_in(text: &str) -> Vec<u64> {
    let digits = text.trim_start_matches(|character: char| !character.is_ascii_digit());
    digits
        .split('.')
        .map_while(|part| {
            let end = part.find(|character: char| !character.is_ascii_digit()).unwrap_or(part.len());
            part[..end].parse().ok()
        })
        .collect()
}
