//! What the cache holds of the registry's documents.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use nodejs_semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vx_base::age::Published;
use vx_base::digest::{Algorithm, Digest};

use crate::documents::http::FetchedDocument;
use crate::documents::list_entry::{ListEntry, PassedOver};
use crate::error::SourceErrorKind;

/// A package, with its versions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Package {
    pub(crate) versions: BTreeMap<String, PackageVersion>,
    /// Versions that can't be used as they are described.
    #[serde(default, skip_serializing_if = "PassedOver::is_empty")]
    pub(crate) passed_over: PassedOver,
    /// Last change of the package: no version was published later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    modified: Option<Timestamp>,
    /// The times of publication, from registries that answer with the long document to every request.
    #[serde(default, skip_serializing_if = "PublicationTimes::is_empty")]
    times: PublicationTimes,
}

/// A version of a package.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct PackageVersion {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tarball: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) integrity: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) signatures: Vec<SignedBy>,
    /// Address of its attestations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) attestations: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) deprecated: bool,
    /// Range of node versions that it supports, if it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) node: Option<String>,
}

/// A signature and the name of its key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SignedBy {
    pub(super) keyid: String,
    /// Encoded in base 64.
    pub(super) sig: String,
}

/// When each version was published.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct PublicationTimes {
    times: BTreeMap<String, Timestamp>,
}

#[derive(Deserialize)]
struct RawPackage {
    versions: BTreeMap<String, ListEntry<RawRelease>>,
    /// The short document has the time of the last change here, the long one among `time`.
    #[serde(default)]
    modified: Value,
    #[serde(default)]
    time: Value,
}

/// Untyped, since an unpublished version has an object for its time, and some mirrors have no times.
#[derive(Deserialize)]
struct RawTimes {
    #[serde(default)]
    time: Value,
}

/// Old documents hold arbitrary values in most fields, so only `dist` has to be well-formed.
#[derive(Deserialize)]
struct RawRelease {
    dist: RawDist,
    #[serde(default)]
    deprecated: Value,
    #[serde(default)]
    engines: Value,
}

#[derive(Deserialize)]
struct RawDist {
    #[serde(default)]
    tarball: Option<String>,
    #[serde(default)]
    integrity: Option<String>,
    #[serde(default)]
    signatures: Value,
    #[serde(default)]
    attestations: Value,
}

impl PublicationTimes {
    pub(super) fn read(document: &FetchedDocument) -> Result<Self, SourceErrorKind> {
        read_json::<RawTimes>(document).map(|raw| Self::from(&raw.time))
    }

    pub(crate) fn get(&self, version: &str) -> Option<Timestamp> {
        self.times.get(version).copied()
    }

    fn is_empty(&self) -> bool {
        self.times.is_empty()
    }
}

impl Package {
    pub(super) fn read(document: &FetchedDocument) -> Result<Self, SourceErrorKind> {
        let raw: RawPackage = read_json(document)?;
        let times = PublicationTimes::from(&raw.time);
        let modified = time(&raw.modified).or_else(|| times.get("modified"));
        let mut package = Self { modified, ..Self::default() };
        for (version, listed) in raw.versions {
            match listed {
                ListEntry::Sound(release) if Version::parse(&version).is_ok() => {
                    package.versions.insert(version, PackageVersion::from(release));
                }
                _ => package.passed_over.add(&version),
            }
        }
        let known = times.times.into_iter().filter(|(version, _)| package.versions.contains_key(version));
        package.times = PublicationTimes { times: known.collect() };
        match package.passed_over.names() {
            [first, ..] if package.versions.is_empty() => {
                Err(SourceErrorKind::Garbage(format!("none of its versions can be used, such as `{first}`")))
            }
            _ => Ok(package),
        }
    }

    /// When a version was published, as closely as this document says.
    pub(crate) fn published(&self, version: &str) -> Option<Published> {
        let at = self.times.get(version).map(Published::At);
        at.or_else(|| self.modified.map(Published::By))
    }

    /// Whether only the long document shows which versions were published after this time.
    pub(crate) fn leaves_open(&self, cutoff: Timestamp) -> bool {
        let changed_since = self.modified.is_some_and(|modified| modified > cutoff);
        changed_since && self.versions.keys().any(|version| self.times.get(version).is_none())
    }
}

impl From<&Value> for PublicationTimes {
    fn from(raw: &Value) -> Self {
        let times = raw.as_object().into_iter().flatten();
        Self { times: times.filter_map(|(version, raw)| Some((version.clone(), time(raw)?))).collect() }
    }
}

fn time(raw: &Value) -> Option<Timestamp> {
    raw.as_str()?.parse().ok()
}

impl PackageVersion {
    pub(super) fn read(document: &FetchedDocument) -> Result<Self, SourceErrorKind> {
        read_json::<RawRelease>(document).map(Self::from)
    }

    /// Strongest digest in the document; SHA-1 doesn't count.
    pub(super) fn digest(&self) -> Option<Digest> {
        let named = |algorithm: Algorithm, prefix: &str| {
            let mut hashes = self.integrity.as_deref()?.split_whitespace();
            hashes.find_map(|hash| {
                let encoded = hash.strip_prefix(prefix)?.split('?').next()?;
                Digest::from_bytes(algorithm, &STANDARD.decode(encoded).ok()?)
            })
        };
        named(Algorithm::Sha512, "sha512-").or_else(|| named(Algorithm::Sha256, "sha256-"))
    }
}

impl From<RawRelease> for PackageVersion {
    fn from(raw: RawRelease) -> Self {
        let deprecated = match &raw.deprecated {
            Value::Null => false,
            Value::Bool(plain) => *plain,
            // An empty reason revokes a deprecation.
            Value::String(reason) => !reason.is_empty(),
            _ => true,
        };
        let node = raw.engines.get("node").and_then(Value::as_str).map(str::to_owned);
        let signatures = raw.dist.signatures.as_array().into_iter().flatten();
        let signatures = signatures.filter_map(|signature| SignedBy::deserialize(signature).ok());
        let signatures = signatures.filter(|signature| is_key_name(&signature.keyid)).collect();
        let attestations = raw.dist.attestations.get("url").and_then(Value::as_str).map(str::to_owned);
        let RawDist { tarball, integrity, .. } = raw.dist;
        Self { tarball, integrity, signatures, attestations, deprecated, node }
    }
}

/// Whether a key's name can be shown and stored; any other name is treated as unknown.
pub(super) fn is_key_name(text: &str) -> bool {
    (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

pub(super) fn read_json<T: for<'de> Deserialize<'de>>(document: &FetchedDocument) -> Result<T, SourceErrorKind> {
    if document.is_html() {
        return Err(SourceErrorKind::WebPage);
    }
    serde_json::from_slice(&document.bytes).map_err(|error| SourceErrorKind::Garbage(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(json: &str) -> PackageVersion {
        serde_json::from_str::<RawRelease>(json).unwrap().into()
    }

    #[test]
    fn the_strongest_digest_is_taken_and_sha1_is_none() {
        let sha512 = STANDARD.encode([7u8; 64]);
        let both = release(&format!(r#"{{"dist":{{"integrity":"sha1-AAAA sha256-xx sha512-{sha512}?opt"}}}}"#));
        assert_eq!(both.digest(), Digest::from_bytes(Algorithm::Sha512, &[7; 64]));
        assert_eq!(release(r#"{"dist":{"integrity":"sha1-AAAA","shasum":"00"}}"#).digest(), None);
        assert_eq!(release(r#"{"dist":{}}"#).digest(), None);
    }

    fn package(json: &str) -> Package {
        let url = url::Url::parse("https://h.invalid/a").unwrap();
        let (content_type, bytes) = ("application/json".into(), json.into());
        Package::read(&FetchedDocument { url, content_type, etag: None, changed: None, bytes }).unwrap()
    }

    #[test]
    fn the_short_document_gives_the_last_change_and_the_long_one_every_time() {
        let (old, new): (Timestamp, Timestamp) =
            ("2026-01-01T00:00:00Z".parse().unwrap(), "2026-03-01T00:00:00Z".parse().unwrap());
        let versions = r#""versions":{"1.0.0":{"dist":{}},"2.0.0":{"dist":{}}}"#;
        let short = package(&format!(r#"{{{versions},"modified":"2026-03-01T00:00:00.000Z"}}"#));
        assert_eq!(short.published("1.0.0"), Some(Published::By(new)));
        assert!(short.leaves_open(old) && !short.leaves_open(new));
        let time = r#""time":{"modified":"2026-03-01T00:00:00.000Z","1.0.0":"2026-01-01T00:00:00.000Z","2.0.0":"2026-03-01T00:00:00.000Z"}"#;
        let long = package(&format!("{{{versions},{time}}}"));
        assert_eq!(long.published("1.0.0"), Some(Published::At(old)));
        assert_eq!(long.published("2.0.0"), Some(Published::At(new)));
        assert!(!long.leaves_open(old));
        for odd in [r#""modified":7"#, r#""time":[]"#, r#""time":{"1.0.0":{"name":"gone"}}"#, r#""x":1"#] {
            let none = package(&format!("{{{versions},{odd}}}"));
            assert!(none.published("1.0.0").is_none() && !none.leaves_open(old), "{odd}");
        }
    }

    #[test]
    fn odd_documents_of_old_packages_are_read() {
        assert!(!release(r#"{"dist":{},"deprecated":"","engines":["node"]}"#).deprecated);
        let odd = release(r#"{"dist":{},"deprecated":"use x","engines":{"node":">=18","npm":3}}"#);
        assert_eq!((odd.deprecated, odd.node.as_deref()), (true, Some(">=18")));
    }
}
