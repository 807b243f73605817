//! An archive of a release, and its location.
//!
//! A source describes an archive once. Lock, plan, configuration document and receipt hold that value, so a new field
//! is added in one place. Each of them keeps the format of its own file.

use std::fmt;

use serde::{Deserialize, Deserializer};
use url::Url;

use crate::digest::Digest;

/// One archive of a release: its identity, and the rules for unpacking it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archive {
    /// The source's name of the package; for an address, the tool.
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

/// A registry's signature of package, version and digest of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The registry's name of its key.
    pub key: String,
    /// The signature, encoded in base 64.
    pub signature: String,
}

/// The builder of an archive, by a verified attestation. Addresses are without `https://`.
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
    /// The reason why no lock can hold it, as half a sentence; `None` if one can.
    pub fn fault(&self) -> Option<String> {
        let sound = |text: &str| {
            (1..=500).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains("://")
        };
        let parts = [&self.issuer, &self.repository, &self.workflow];
        parts.into_iter().find(|part| !sound(part)).map(|part| format!("`{part}` can be no part of a builder"))
    }
}

impl fmt::Display for Attested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { issuer, repository, workflow } = self;
        write!(f, "{workflow} of {repository} ({issuer})")
    }
}

impl Archive {
    /// The reason why no lock and no store can hold it, as half a sentence; `None` if they can.
    ///
    /// The same check covers what is read from a lock and what a source offers for one.
    pub fn fault(&self) -> Option<String> {
        if !is_one_name(&self.version) {
            return Some(format!("`{}` cannot be a version", self.version));
        }
        if !is_one_name(&self.file) {
            return Some(format!("`{}` is no file name", self.file));
        }
        let inside = self.into.is_empty() || self.into.split('/').all(is_one_name);
        (!inside).then(|| format!("`{}` is no folder inside the release", self.into))
    }
}

/// True if a text is the name of one file or folder, and leads to no other place.
pub fn is_one_name(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && !text.contains(['/', '\\', '\0', ':'])
}

impl Origin {
    /// The `Authorization` header for an address that a request for the archive leads to. Redirects lead to other hosts as a
    /// rule, which get no credentials: neither the origin's, nor any that the user keeps for them and didn't mean for this.
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

/// Deserialize a field that is required in a format, such as the digest in a lock: its absence is an error.
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
