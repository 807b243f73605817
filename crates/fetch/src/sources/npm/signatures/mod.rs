//! The signatures of the registry: its keys, what a lock keeps of them, and attestations.

pub(super) mod attested;
pub(super) mod kept;
pub(super) mod keys;
pub(super) mod signed;
