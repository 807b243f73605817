//! An archive's signature by its registry.

use std::fmt;

use vx_base::package::archive::{Archive, Signed};

/// What came of checking a registry's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// Package, version and digest are signed with a key of the registry.
    By(Signed),
    /// The registry publishes no keys.
    Unoffered,
    /// No signature could be checked, though there may be one. Holds the reason as half a sentence.
    Absent(String),
}

impl Signature {
    /// Key and signature, if the signature is good.
    pub fn signed(&self) -> Option<&Signed> {
        match self {
            Signature::By(signed) => Some(signed),
            Signature::Unoffered | Signature::Absent(_) => None,
        }
    }

    /// Why nothing is proved, as half a sentence; `None` if the signature is good.
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
    /// Name of the key.
    pub key: Option<&'a str>,
    /// The signature, encoded in base 64.
    pub signature: Option<&'a str>,
}

/// What came of checking a claim, unless the archive is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The signature is good.
    Good,
    /// The lock claims no signature, and nothing says that there should be one.
    Unclaimed,
    /// The lock claims no signature although the registry signs its packages: its published keys are in the home.
    Missing,
    /// The lock names a key but doesn't hold the signature.
    NotKept,
    /// The signature can't be checked here. Holds the reason as half a sentence.
    Unchecked(String),
}

/// Why an archive is refused because of its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureFault {
    /// The key did not sign this package, version and digest.
    Wrong {
        /// Name of the key.
        key: String,
    },
    /// The registry does not publish the key of the signature.
    UnknownKey {
        /// Key that the package names.
        key: String,
        /// Keys of the registry.
        known: Vec<String>,
    },
    /// The key had expired when the version was published.
    Expired {
        /// Name of the key.
        key: String,
        /// When the key expired.
        expired: String,
        /// When the version was published, if the registry says.
        published: Option<String>,
    },
    /// A signature is required, and none could be checked. Holds the reason as half a sentence.
    Required(String),
}

impl fmt::Display for SignatureFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignatureFault::Wrong { key } => {
                write!(f, "the signature by key {key} is not for this package, version and digest")
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
                 mirror and tell its operator"
            }
            SignatureFault::UnknownKey { .. } | SignatureFault::Expired { .. } => {
                "choose another version, or another mirror: a mirror has to serve the keys of its upstream, too"
            }
            SignatureFault::Required(_) => {
                "name a registry that signs, lock the tool anew with `vx lock TOOL`, or take `require_signatures` out of \
                 [settings]"
            }
        }
    }
}
