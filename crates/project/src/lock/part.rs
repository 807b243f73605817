//! One archive in the lock, and the format of its table.

use serde::{Deserialize, Serialize};

use vx_base::digest::Digest;
use vx_base::package::archive::{Archive, Attested, Signed, known};
use vx_base::shown_address::locked_address;

/// An archive of a locked release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "LockPartRow", into = "LockPartRow")]
pub struct LockedPart {
    pub(super) archive: Archive,
    /// Key of the registry that signed package, version and digest, if a signature was verified.
    pub signed_by: Option<String>,
    /// The signature, encoded in base 64, to be verified again. Locks of older versions of vx have only the key.
    pub signature: Option<String>,
    /// Builder, if an attestation was verified.
    pub attested: Option<Attested>,
    /// Address, for a tool from an address of the project.
    pub url: Option<String>,
}

/// A part as it is written in the file.
#[derive(Serialize, Deserialize)]
struct LockPartRow {
    package: String,
    version: String,
    file: String,
    #[serde(deserialize_with = "known")]
    digest: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    built_from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    built_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vouched_by: Option<String>,
    #[serde(default, skip_serializing_if = "is_unwritable")]
    size: Option<u64>,
    #[serde(default, skip_serializing_if = "is_zero")]
    strip: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    into: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl LockedPart {
    /// Make the part for an archive; `None` without a digest, since a lock has to identify the bytes.
    pub fn new(archive: Archive, signed: Option<Signed>, url: Option<String>) -> Option<Self> {
        let (signed_by, signature) = signed.map(|Signed { key, signature }| (key, signature)).unzip();
        archive.digest.is_some().then_some(Self { archive, signed_by, signature, attested: None, url })
    }

    /// The same part with this builder.
    #[must_use]
    pub fn attested(self, attested: Option<Attested>) -> Self {
        Self { attested, ..self }
    }

    /// The same part with this signature.
    #[must_use]
    pub fn signed(self, signed: Signed) -> Self {
        Self { signed_by: Some(signed.key), signature: Some(signed.signature), ..self }
    }

    /// Archive, always with its digest.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }
}

impl From<LockedPart> for LockPartRow {
    fn from(part: LockedPart) -> Self {
        let LockedPart { archive, signed_by, signature, attested, url } = part;
        let Archive { package, version, file, digest, size, strip, into } = archive;
        let (built_from, built_by, vouched_by) = match attested {
            Some(Attested { issuer, repository, workflow }) => (Some(repository), Some(workflow), Some(issuer)),
            None => (None, None, None),
        };
        Self {
            package,
            version,
            file,
            digest,
            signed_by,
            signature,
            built_from,
            built_by,
            vouched_by,
            size,
            strip,
            into,
            url,
        }
    }
}

impl From<LockPartRow> for LockedPart {
    fn from(row: LockPartRow) -> Self {
        let attested = builder(&row);
        let LockPartRow { package, version, file, digest, signed_by, signature, size, strip, into, url, .. } = row;
        let archive = Archive { package, version, file, digest, size, strip, into };
        // An earlier vx may have written more of the address than a lock should hold.
        let url = url.as_deref().map(locked_address);
        Self { archive, signed_by, signature, attested, url }
    }
}

/// Read the builder from a row. If the row lacks a field of it, that field is empty, which the check of the entry
/// refuses.
fn builder(row: &LockPartRow) -> Option<Attested> {
    let LockPartRow { built_from, built_by, vouched_by, .. } = row;
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let any = [built_from, built_by, vouched_by].into_iter().any(Option::is_some);
    any.then(|| Attested { issuer: part(vouched_by), repository: part(built_from), workflow: part(built_by) })
}

/// Whether a size is unknown or beyond TOML's largest number, 2^63.
fn is_unwritable(size: &Option<u64>) -> bool {
    size.is_none_or(|size| i64::try_from(size).is_err())
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}
