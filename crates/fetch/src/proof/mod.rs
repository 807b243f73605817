//! Proof of an archive's origin: signatures and attestations.

pub(crate) mod attestation;
pub(crate) mod signature;
