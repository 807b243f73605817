//! An archive of a release, and its location.
//!
//! A source describes an archive once. Lock, plan, configuration document and receipt all hold that value, so a new
//! field is added in one place. Each of them keeps its own file format.

use std::fmt;

use serde::{Deserialize, Deserializer};
use url::Url;

use crate::digest::Digest;

/// One archive of a release: how to identify it, and how to unpack it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archive {
    /// The source's name for the package; for an address, the tool.
    pub package: String,
    /// The version of that package, which may differ from the tool's.
    pub version: String,
    /// Its file name; the extension gives the format.
    pub file: String,
    /// The expected digest, if the source or the project gives one; registries always do.
    pub digest: Option<Digest>,
    /// The size in bytes, if the source gives it. Without a digest, exactly this many bytes are accepted.
    pub size: Option<u64>,
    /// The number of leading path components to drop from each entry.
    pub strip: u32,
    /// The folder of the release to unpack into; empty for the top.
    pub into: String,
}

/// The location of an archive, with the credentials for its host.
#[derive(Clone, PartialEq, Eq)]
pub struct Origin {
    /// The address.
    pub url: String,
    /// The `Authorization` header for that address's host.
    pub authorization: Option<String>,
}

/// A registry's signature over the package, version and digest of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The registry's name for the key.
    pub key: String,
    /// The signature, encoded in base 64.
    pub signature: String,
}

/// The builder of an archive, proved by a verified attestation. Addresses are without `https://`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attested {
    /// The service that vouched for the workflow, such as `token.actions.githubusercontent.com`.
    pub issuer: String,
    /// The repository that it was built from.
    pub repository: String,
    /// The file of the workflow in the repository.
    pub workflow: String,
}

impl Attested {
    /// Why a lock can't hold it, as half a sentence; `None` if it can.
    pub fn fault(&self) -> Option<String> {
        let sound = |text: &str| {
            (1..=500).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains("://")
        };
        let parts = [&self.issuer, &self.repository, &self.workflow];
        parts.into_iter().find(|part| !sound(part)).map(|part| format!("`{part}` cannot be part of a builder"))
    }
}

impl fmt::Display for Attested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { issuer, repository, workflow } = self;
        write!(f, "{workflow} of {repository} ({issuer})")
    }
}

impl Archive {
    /// Why neither lock nor store can hold it, as half a sentence; `None` if they can.
    ///
    /// The same check is made for an archive read from a lock and for one that a source offers for a lock.
    pub fn fault(&self) -> Option<String> {
        if !is_one_name(&self.version) {
            return Some(format!("`{}` cannot be a version", self.version));
        }
        if !is_one_name(&self.file) {
            return Some(format!("`{}` is not a file name", self.file));
        }
        let inside = self.into.is_empty() || self.into.split('/').all(is_one_name);
        (!inside).then(|| format!("`{}` is not a folder inside the release", self.into))
    }
}

/// Checks that a text is the name of a single file or folder, and can't lead to another place.
pub fn is_one_name(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && !text.contains(['/', '\\', '\0', ':'])
}

impl Origin {
    /// The `Authorization` header for an address that a request for the archive leads to. Redirects usually lead to
    /// other hosts, which get no credentials: neither the origin's, nor those that the user has stored for them for
    /// other purposes.
    pub fn authorization_for(&self, hop: &Url) -> Option<String> {
        let is_own = Url::parse(&self.url).is_ok_and(|own| own.origin() == hop.origin());
        self.authorization.clone().filter(|_| is_own)
    }
}

impl fmt::Debug for Origin {
    /// Hides the address and the header, since either may hold credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin").finish_non_exhaustive()
    }
}

/// Deserialize an optional value that a format requires, such as the digest in a lock: its absence is an error.
pub fn known<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_that_leads_elsewhere_is_found() {
        let sound =
            Archive { version: "1.0.0".into(), file: "a.tgz".into(), into: "lib/a".into(), ..Archive::default() };
        assert_eq!(sound.fault(), None);
        let evil = || "99.0.0/../../../evil".to_owned();
        for archive in [
            Archive { version: evil(), ..sound.clone() },
            Archive { file: "..".into(), ..sound.clone() },
            Archive { file: "C:a.tgz".into(), ..sound.clone() },
            Archive { into: evil(), ..sound.clone() },
        ] {
            assert!(archive.fault().is_some(), "{archive:?}");
        }
    }

    #[test]
    fn what_prints_an_origin_prints_no_credential() {
        let url = "https://user:planted@host.invalid/a.tgz?token=planted".into();
        let origin = Origin { url, authorization: Some("Bearer planted".into()) };
        for printed in
            [format!("{origin:?}"), format!("{origin:#?}"), format!("{:?}", Some((Archive::default(), origin)))]
        {
            assert!(!printed.contains("planted") && printed.contains("Origin"), "{printed}");
        }
    }
}
