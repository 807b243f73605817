//! Addresses and digests that a project declares for a tool: one, or one for each platform.

use std::collections::BTreeMap;

use vx_base::digest::Digest;
use vx_base::system::platform::Platform;
use vx_base::template;

/// A tool's addresses, with `{version}` and the like unexpanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeclaredAddresses {
    /// One template for every platform.
    One(String),
    /// A template for each platform.
    Each(BTreeMap<Platform, String>),
}

/// Digests that a project declares for an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeclaredDigests {
    /// A single digest: of the same archive for every platform, or of one platform's archive.
    One(Digest),
    /// An archive for each platform.
    Each(BTreeMap<Platform, Digest>),
}

impl DeclaredAddresses {
    /// Template for this platform, if one is declared.
    pub fn for_platform(&self, platform: Platform) -> Option<&str> {
        match self {
            Self::One(template) => Some(template),
            Self::Each(templates) => templates.get(&platform).map(String::as_str),
        }
    }

    /// Whether every platform has the same archive.
    pub fn is_same_everywhere(&self) -> bool {
        match self {
            Self::One(template) => template::is_same_everywhere(template),
            Self::Each(templates) => {
                let all = || templates.iter().map(|(platform, template)| template::expand(template, "", *platform));
                templates.len() == Platform::ALL.len() && all().all(|one| all().next() == Some(one))
            }
        }
    }
}

impl DeclaredDigests {
    /// Digest of the archive for this platform, if one is declared for exactly this platform.
    pub fn for_platform(&self, platform: Platform) -> Option<&Digest> {
        match self {
            Self::One(digest) => Some(digest),
            Self::Each(digests) => digests.get(&platform),
        }
    }
}
