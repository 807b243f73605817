//! The lock of a sync: written, verified, signed, and changed by hand.

mod addresses;
mod attested;
mod forged;
mod instructions;
mod kept;
mod locking;
mod signatures;
mod verified;
