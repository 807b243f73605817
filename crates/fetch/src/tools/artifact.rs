//! One archive, as a source describes it.

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
    /// The key that signed the digest, or the reason why none is known.
    pub signature: Signature,
    /// The builder by its attestations, or the reason why none is known.
    pub attestation: Attestation,
}

impl Artifact {
    /// An archive of a source that signs nothing.
    pub(crate) fn unsigned(archive: Archive, origin: Origin) -> Self {
        Self { archive, origin, signature: Signature::Unoffered, attestation: Attestation::Unoffered }
    }

    /// The archive as a part of a release to install.
    pub fn part(self) -> Part {
        Part { archive: self.archive, origin: Some(self.origin) }
    }
}
