//! An archive as its source describes it.

use vx_base::package::Part;
use vx_base::package::archive::{Archive, Origin};

use crate::proof::attestation::Attestation;
use crate::proof::signature::Signature;

/// An archive with its current location and the signature of its digest.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// The archive.
    pub archive: Archive,
    /// Its location.
    pub origin: Origin,
    /// Key that signed the digest, or the reason why none is known.
    pub signature: Signature,
    /// Builder by its attestations, or the reason why none is known.
    pub attestation: Attestation,
}

impl Artifact {
    /// An archive from a source that signs nothing.
    pub(crate) fn unsigned(archive: Archive, origin: Origin) -> Self {
        Self { archive, origin, signature: Signature::Unoffered, attestation: Attestation::Unoffered }
    }

    /// Make it a part of a release to install.
    pub fn part(self) -> Part {
        Part { archive: self.archive, origin: Some(self.origin) }
    }
}
