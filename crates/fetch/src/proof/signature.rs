//! The signature of an archive, beside its digest.

use std::fmt;

use vx_base::package::archive::{Archive, Signed};

/// The result of checking a registry's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// Package, version and digest are signed with a key of the registry.
    By(Signed),
    /// The registry publishes no keys.
    Unoffered,
    /// No signature could be checked, though there may be one; the reason, as half a sentence.
    Absent(String),
}

impl Signature {
    /// The signature, if it is good.
    pub fn signed(&self) -> Option<&Signed> {
        match self {
            Signature::By(signed) => Some(signed),
            Signature::Unoffered | Signature::Absent(_) => None,
        }
    }

    /// The reason why there is none, as half a sentence; `None` if there is one.
    pub fn lack(&self) -> Option<&str> {
        match self {
            Signature::By(_) => None,
            Signature::Unoffered => Some("its registry has no document of its keys"),
            Signature::Absent(reason) => Some(reason),
        }
    }
}

/// A lock's claim that a registry signed an archive.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The archive, with its digest.
    pub archive: &'a Archive,
    /// The name of the key.
    pub key: Option<&'a str>,
    /// The signature, encoded in base 64.
    pub signature: Option<&'a str>,
}

/// The result of checking a claim that need not be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The signature is good.
    Good,
    /// The lock claims no signature, and nothing says that there should be one.
    Unclaimed,
    /// The lock claims no signature, and the registry signs what it has: the keys that it published are in the home.
    Missing,
    /// The lock names a key, and does not keep the signature.
    NotKept,
    /// The signature cannot be checked here; the reason, as half a sentence.
    Unchecked(String),
}

/// The reasons to refuse an archive because of its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureFault {
    /// The key did not sign this package, version and digest.
    Wrong {
        /// The key.
        key: String,
    },
    /// The registry does not publish the key of the signature.
    UnknownKey {
        /// The key that the package names.
        key: String,
        /// The keys of the registry.
        known: Vec<String>,
    },
    /// The key had expired when the version was published.
    Expired {
        /// The key.
        key: String,
        /// The time of its expiry.
        expired: String,
        /// The time of publication, if the registry gives it.
        published: Option<String>,
    },
    /// A signature is required, and none could be checked; the reason, as half a sentence.
    Required(String),
}

impl fmt::Display for SignatureFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignatureFault::Wrong { key } => {
                write!(f, "the signature by key {key} is not one of this package, version and digest")
            }
            SignatureFault::UnknownKey { key, known } => {
                write!(f, "it is signed by key {key}, and the registry's own keys are {}", known.join(", "))
            }
            SignatureFault::Expired { key, expired, published: Some(published) } => {
                write!(f, "it was published at {published} and is signed by key {key}, which expired at {expired}")
            }
            SignatureFault::Expired { key, expired, published: None } => {
                write!(
                    f,
                    "it is signed by key {key}, which expired at {expired}, and nothing says when it was published"
                )
            }
            SignatureFault::Required(reason) => write!(f, "`require_signatures` is set, and {reason}"),
        }
    }
}

impl SignatureFault {
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            SignatureFault::Wrong { .. } => {
                "do not use it: what the registry says was changed on the way, or the registry was; compare with another \
                 mirror and tell its keeper"
            }
            SignatureFault::UnknownKey { .. } | SignatureFault::Expired { .. } => {
                "choose another version, or another mirror: one that serves its upstream's packages needs its keys too"
            }
            SignatureFault::Required(_) => {
                "name a registry that signs, lock the tool anew with `vx lock TOOL`, or take `require_signatures` out of \
                 [settings]"
            }
        }
    }
}
