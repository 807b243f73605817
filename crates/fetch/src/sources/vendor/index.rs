//! A vendor's list of releases, reduced to the data in use.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vx_base::age::Published;
use vx_base::package::candidate::is_version;
use vx_base::template::{self, TemplatePart};

use crate::documents::http::FetchedDocument;
use crate::error::SourceErrorKind;
use crate::tools::packaging::IndexPath;

/// Releases in the order of the list, newest first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct VendorIndex {
    releases: Vec<IndexedRelease>,
}

#[derive(Debug, Serialize, Deserialize)]
struct IndexedRelease {
    tag: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    published: Option<Published>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<String, VendorFileFacts>,
}

/// A file's digest and size, as the list gives them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct VendorFileFacts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
}

/// A version and its release.
pub(super) struct ListedVersion<'a> {
    pub(super) version: String,
    pub(super) tag: String,
    pub(super) published: Option<Published>,
    /// Files and what the list says of them; empty if the list has no files.
    pub(super) files: &'a BTreeMap<String, VendorFileFacts>,
}

impl VendorIndex {
    pub(super) fn read(path: &IndexPath, document: &FetchedDocument) -> Result<Self, SourceErrorKind> {
        if document.is_html() {
            return Err(SourceErrorKind::WebPage);
        }
        let garbage = |reason: String| SourceErrorKind::Garbage(reason);
        let items: Vec<Value> = serde_json::from_slice(&document.bytes).map_err(|error| garbage(error.to_string()))?;
        let releases: Vec<IndexedRelease> = items.iter().filter_map(|item| release(path, item)).collect();
        if releases.is_empty() && !items.is_empty() {
            return Err(garbage(format!("no release in it has a `{}`", path.name)));
        }
        Ok(Self { releases })
    }

    /// List the versions for a target. If a version was released more than once, the newest release that was published
    /// by the cutoff counts, or else the newest of all.
    pub(super) fn versions(&self, path: &IndexPath, target: &str, cutoff: Option<Timestamp>) -> Vec<ListedVersion<'_>> {
        let is_old = |release: &&IndexedRelease| {
            let published = release.published.map(Published::latest);
            cutoff.is_none_or(|cutoff| published.is_none_or(|published| published <= cutoff))
        };
        let (old, young): (Vec<_>, Vec<_>) = self.releases.iter().partition(is_old);
        let mut listed: Vec<ListedVersion<'_>> = Vec::new();
        for release in old.into_iter().chain(young) {
            let versions = match &path.version_in {
                Some(name) => versions_in(name, release, target),
                None => release.tag.strip_prefix(&path.prefix).map(str::to_owned).into_iter().collect(),
            };
            for version in versions {
                if is_version(&version) && !listed.iter().any(|known| known.version == version) {
                    let (tag, published) = (release.tag.clone(), release.published);
                    listed.push(ListedVersion { version, tag, published, files: &release.files });
                }
            }
        }
        listed
    }
}

/// Read a release that isn't a draft or prerelease, with its files if they're listed.
fn release(path: &IndexPath, item: &Value) -> Option<IndexedRelease> {
    let unfinished = |member: &str| item.get(member).and_then(Value::as_bool) == Some(true);
    if unfinished("draft") || unfinished("prerelease") {
        return None;
    }
    let tag = item.get(&path.name)?.as_str().filter(|tag| is_version(tag))?.to_owned();
    let mut files = BTreeMap::new();
    if let Some(members) = &path.files {
        for file in item.get(&members.list).and_then(Value::as_array).into_iter().flatten() {
            let Some(name) = file.get(&members.name).and_then(Value::as_str) else { continue };
            if path.version_in.as_deref().is_some_and(|wanted| !looks_like(wanted, name)) {
                continue;
            }
            let digest = file.get(&members.digest).and_then(Value::as_str).map(str::to_owned);
            files.insert(name.to_owned(), VendorFileFacts { digest, size: file.get("size").and_then(Value::as_u64) });
        }
    }
    let published = path.published.as_ref().and_then(|member| published(item.get(member)?.as_str()?));
    Some(IndexedRelease { tag, published, files })
}

/// Parse a time of publication: a time, or a day, at whose end the release was out.
fn published(text: &str) -> Option<Published> {
    if let Ok(time) = text.parse() {
        return Some(Published::At(time));
    }
    let next = text.parse::<Date>().ok()?.tomorrow().ok()?;
    Some(Published::By(next.to_zoned(TimeZone::UTC).ok()?.timestamp()))
}

/// Find the versions in a release's file names.
fn versions_in(name: &str, release: &IndexedRelease, target: &str) -> Vec<String> {
    let name = template::fill(name, |name| match name {
        "target" => Some(target.to_owned()),
        "tag" => Some(release.tag.clone()),
        _ => None,
    });
    let Some((before, after)) = name.split_once("{version}") else { return Vec::new() };
    let version = |file: &String| Some(file.strip_prefix(before)?.strip_suffix(after)?.to_owned());
    release.files.keys().filter_map(version).collect()
}

/// Whether a name begins and ends like the wanted ones. It is checked first because some lists have a thousand others.
fn looks_like(wanted: &str, name: &str) -> bool {
    let text = |part| match part {
        Some(TemplatePart::Text(text)) => text,
        _ => "",
    };
    let (begin, end) = (text(template::parts(wanted).next()), text(template::parts(wanted).last()));
    name.starts_with(begin) && name.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_publication_ends_before_its_release_counts() {
        assert_eq!(published("2026-01-31").map(|it| it.to_string()).as_deref(), Some("by 2026-02-01T00:00:00Z"));
        assert_eq!(published("2026-01-31T05:00:00Z").map(|it| it.to_string()).as_deref(), Some("2026-01-31T05:00:00Z"));
        assert_eq!(published("soon"), None);
    }
}
