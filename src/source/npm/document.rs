//! The cached parts of the registry's documents.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nodejs_semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::{Algorithm, Digest};
use crate::source::error::SourceErrorKind;
use crate::source::http::Document;
use crate::source::listed::{Listed, PassedOver};

/// A package, with its versions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::source) struct Package {
    pub(in crate::source) versions: BTreeMap<String, PackageVersion>,
    /// The versions that cannot be used as they are described.
    #[serde(default, skip_serializing_if = "PassedOver::is_empty")]
    pub(in crate::source) passed_over: PassedOver,
}

/// A version of a package.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::source) struct PackageVersion {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tarball: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) integrity: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) signatures: Vec<SignedBy>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::source) deprecated: bool,
    /// The range of node versions that it supports, if it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::source) node: Option<String>,
}

/// A signature, with the name of its key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SignedBy {
    pub(super) keyid: String,
    /// Encoded in base 64.
    pub(super) sig: String,
}

/// The time of publication of each version.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Times {
    /// An unpublished version has an object here, not a text.
    time: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct RawPackage {
    versions: BTreeMap<String, Listed<RawRelease>>,
}

/// Old documents hold arbitrary values in these fields, so only `dist` has to be well-formed.
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
}

impl Times {
    pub(super) fn read(document: &Document) -> Result<Self, SourceErrorKind> {
        read_json(document)
    }

    pub(super) fn of(&self, version: &str) -> Option<&str> {
        self.time.get(version).and_then(Value::as_str)
    }
}

impl Package {
    pub(super) fn read(document: &Document) -> Result<Self, SourceErrorKind> {
        let raw: RawPackage = read_json(document)?;
        let mut package = Self::default();
        for (version, listed) in raw.versions {
            match listed {
                Listed::Sound(release) if Version::parse(&version).is_ok() => {
                    package.versions.insert(version, PackageVersion::from(release));
                }
                _ => package.passed_over.add(&version),
            }
        }
        match package.passed_over.names() {
            [first, ..] if package.versions.is_empty() => {
                Err(SourceErrorKind::Garbage(format!("none of its versions can be used, such as `{first}`")))
            }
            _ => Ok(package),
        }
    }
}

impl PackageVersion {
    pub(super) fn read(document: &Document) -> Result<Self, SourceErrorKind> {
        read_json::<RawRelease>(document).map(Self::from)
    }

    /// The strongest digest in the document; SHA-1 does not count.
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
        Self { tarball: raw.dist.tarball, integrity: raw.dist.integrity, signatures, deprecated, node }
    }
}

/// True if a key's name can be shown and stored; any other name is treated as unknown.
pub(super) fn is_key_name(text: &str) -> bool {
    (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

pub(super) fn read_json<T: for<'de> Deserialize<'de>>(document: &Document) -> Result<T, SourceErrorKind> {
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

    #[test]
    fn odd_documents_of_old_packages_are_read() {
        assert!(!release(r#"{"dist":{},"deprecated":"","engines":["node"]}"#).deprecated);
        let odd = release(r#"{"dist":{},"deprecated":"use x","engines":{"node":">=18","npm":3}}"#);
        assert_eq!((odd.deprecated, odd.node.as_deref()), (true, Some(">=18")));
    }
}
