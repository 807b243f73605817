//! An archive to fetch, and where it is.

use std::fmt;

use super::signature::Signature;
use crate::digest::Digest;

/// An archive to fetch, with what is known of it beforehand.
#[derive(Clone)]
pub struct Artifact {
    /// The package that it belongs to; for an address, the tool.
    pub package: String,
    /// The version of that package.
    pub version: String,
    /// Its file name.
    pub file_name: String,
    /// Where it is now.
    pub url: String,
    /// What its bytes digest to; always there for registries.
    pub digest: Option<Digest>,
    /// Who signed the digest.
    pub signature: Signature,
    /// Its size in bytes, where the source says.
    pub size: Option<u64>,
    /// How many leading path components to drop.
    pub strip: u32,
    /// The folder of the release to unpack into; empty for the top.
    pub into: String,
    /// The `Authorization` header for its host.
    pub authorization: Option<String>,
}

/// Where an archive is.
#[derive(Clone, PartialEq, Eq)]
pub struct Located {
    /// Its address.
    pub url: String,
    /// The `Authorization` header for that address's host.
    pub authorization: Option<String>,
}

impl fmt::Debug for Artifact {
    /// Without the address and the header, which may hold credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artifact")
            .field("package", &self.package)
            .field("version", &self.version)
            .field("file_name", &self.file_name)
            .field("digest", &self.digest)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Located")
    }
}
