//! What is known of who vouches for an archive beside its digest.

use std::fmt;

/// Whether a registry's signature was found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// Package, version and digest are signed by this key of the registry; its name, as the registry gives it.
    By(String),
    /// The registry signs nothing, as far as it says.
    Unoffered,
    /// There is none that could be checked though there might be; why, in half a sentence.
    Absent(String),
}

impl Signature {
    /// The key, where there is a good signature.
    pub fn key(&self) -> Option<&str> {
        match self {
            Signature::By(key) => Some(key),
            Signature::Unoffered | Signature::Absent(_) => None,
        }
    }
}

/// Why an archive must not be used whose digest comes with signatures, or should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureFault {
    /// The key did not sign this package, version and digest.
    Wrong {
        /// The key.
        key: String,
    },
    /// Signed by nobody whom the registry names.
    UnknownKey {
        /// The key that the package names.
        key: String,
        /// The keys of the registry.
        known: Vec<String>,
    },
    /// The key was not in use any more when the version was published.
    Expired {
        /// The key.
        key: String,
        /// When it expired.
        expired: String,
        /// When the version was published, where the registry says.
        published: Option<String>,
    },
    /// A signature is required, and there is none that can be checked; why, in half a sentence.
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
