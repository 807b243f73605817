//! The signature of an archive, beside its digest.

use std::fmt;

/// The result of checking a registry's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// The name of the registry's key that signed package, version and digest.
    By(String),
    /// The registry publishes no keys.
    Unoffered,
    /// No signature could be checked, though there may be one; the reason, as half a sentence.
    Absent(String),
}

impl Signature {
    /// The key of a valid signature.
    pub fn key(&self) -> Option<&str> {
        match self {
            Signature::By(key) => Some(key),
            Signature::Unoffered | Signature::Absent(_) => None,
        }
    }
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
    pub(super) fn hint(&self) -> &'static str {
        match self {
            SignatureFault::Wrong { .. } => {
                "do not use it: what the registry says was changed on the way, or the registry was; compare with another \
                 mirror and tell its keeper"
            }
            SignatureFault::UnknownKey { .. } | SignatureFault::Expired { .. } => {
                "choose another version, or another mirror: one that serves its upstream's packages needs its keys too"
            }
            SignatureFault::Required(_) => {
                "name a registry that signs, lock the tool again with `vx lock --upgrade`, or take `require_signatures` \
                 out of [settings]"
            }
        }
    }
}
