//! Signatures of the registry: its keys, the signatures in a lock, and attestations.

pub(super) mod attested;
pub(super) mod keys;
pub(super) mod signed;
pub(super) mod stored_signature;
