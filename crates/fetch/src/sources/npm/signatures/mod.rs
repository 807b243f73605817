//! The signatures of the registry: its keys, what a lock keeps of them, and attestations.

pub(super) mod attested;
pub(super) mod keys;
pub(super) mod signed;
pub(super) mod stored_signature;
