//! A part of a release: one archive, as it stands in the plan and in the configuration document.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::package::archive::{Archive, Origin};

/// One archive of a release, with its origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "PartDocument", into = "PartDocument")]
pub struct Part {
    /// The archive. The document omits its package and version, because an install does not need them.
    pub archive: Archive,
    /// The location; `None` until an archive from a lock is located, and for an install from the cache alone.
    pub origin: Option<Origin>,
}

/// A part as it is written in the document.
#[derive(Serialize, Deserialize)]
struct PartDocument {
    /// Empty if the origin is not known.
    url: String,
    file_name: String,
    digest: Option<Digest>,
    size: Option<u64>,
    strip: u32,
    #[serde(default)]
    into: String,
    #[serde(default)]
    authorization: Option<String>,
}

impl From<Part> for PartDocument {
    fn from(part: Part) -> Self {
        let Archive { package: _, version: _, file: file_name, digest, size, strip, into } = part.archive;
        let (url, authorization) = part.origin.map(|origin| (origin.url, origin.authorization)).unwrap_or_default();
        Self { url, file_name, digest, size, strip, into, authorization }
    }
}

impl From<PartDocument> for Part {
    fn from(row: PartDocument) -> Self {
        let PartDocument { url, file_name: file, digest, size, strip, into, authorization } = row;
        let origin = (!url.is_empty()).then_some(Origin { url, authorization });
        Self { archive: Archive { file, digest, size, strip, into, ..Archive::default() }, origin }
    }
}
