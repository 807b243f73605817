//! Attestations: signed statements about who built an archive, and from which repository.
//!
//! A build service signs such a statement with a key that lives for ten minutes. An authority certifies that key for
//! the workflow that runs, and a public log records the signature. So four things are verified ([`authority`]): the
//! chain of the certificate, its record in a log of certificates, the record of the signature, and its time. The root
//! of trust is part of this program or is in the home; no registry and no lock can name another.

pub(crate) mod authority;
pub(crate) mod backend;
pub(crate) mod check;
pub(crate) mod refusal;
pub(crate) mod statement;
#[cfg(test)]
mod tests;

use std::fmt;

use vx_base::package::archive::Attested;

/// What came of verifying an archive's attestations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attestation {
    /// This workflow built it from this repository.
    By(Attested),
    /// Its source has no attestation of it.
    Unoffered,
    /// No attestation could be verified, though there is one. Holds the reason as half a sentence.
    Absent(String),
}

impl Attestation {
    /// Workflow and repository, if they are proved.
    pub fn attested(&self) -> Option<&Attested> {
        match self {
            Attestation::By(attested) => Some(attested),
            Attestation::Unoffered | Attestation::Absent(_) => None,
        }
    }

    /// Why nothing is proved, as half a sentence; `None` if a builder is proved.
    pub fn lack(&self) -> Option<&str> {
        match self {
            Attestation::By(_) => None,
            Attestation::Unoffered => Some("its source has no attestation of it"),
            Attestation::Absent(reason) => Some(reason),
        }
    }
}

/// Why an archive is refused because of its attestations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttestationFault {
    /// An attestation contradicts itself or the archive. Holds the reason as half a sentence.
    Wrong(String),
    /// Two attestations of one archive name different builders.
    Disagree(Box<(Attested, Attested)>),
    /// An attestation is required, and none could be verified. Holds the reason as half a sentence.
    Required(String),
    /// The lock names another builder than the attestations.
    NotAsLocked(Box<(Attested, Attested)>),
}

impl fmt::Display for AttestationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AttestationFault::Wrong(reason) => write!(f, "its attestation is wrong: {reason}"),
            AttestationFault::Disagree(pair) => {
                write!(f, "its attestations disagree: it was built by {}, or by {}", pair.0, pair.1)
            }
            AttestationFault::Required(reason) => write!(f, "`require_provenance` names the tool, and {reason}"),
            AttestationFault::NotAsLocked(pair) => {
                write!(f, "vx.lock says that it was built by {}, and its attestation says by {}", pair.0, pair.1)
            }
        }
    }
}

impl AttestationFault {
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            AttestationFault::Wrong(_) | AttestationFault::Disagree(_) => {
                "do not use it: what the registry says was changed on the way, or the registry was; compare with another \
                 mirror and tell its operator"
            }
            AttestationFault::Required(_) => {
                "name a registry that passes attestations on, lock the tool anew with `vx lock TOOL`, or take the tool out \
                 of `require_provenance` in [settings]"
            }
            AttestationFault::NotAsLocked(_) => {
                "look at the history of vx.lock; `vx lock TOOL` locks the builder that the attestation names"
            }
        }
    }
}
