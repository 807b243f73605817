//! Checks a version's signature by its registry, for each new lock entry, from cached documents.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use vx_base::package::archive::Signed;

use super::keys::{NpmSigningKeys, Signer};
use crate::documents::cache::ResponseCache;
use crate::documents::http::Query;
use crate::error::{SourceError, SourceErrorKind};
use crate::options::credentials::Netrc;
use crate::proof::signature::{Signature, SignatureFault};
use crate::sources::npm::Npm;
use crate::sources::npm::document::{PackageVersion, SignedBy};

/// How long the keys are used before they are requested again. A signature by an unknown key requests them at once.
pub(in crate::sources::npm) const KEYS_FRESH_FOR: Duration = Duration::from_secs(86_400);

/// The published keys of a registry.
pub(crate) enum RegistryKeys {
    /// The keys.
    Known(NpmSigningKeys),
    /// The registry has none, as is usual for mirrors.
    None,
    /// The request for the keys failed.
    Unknown(SourceError),
}

/// A version whose signature is checked, with what is needed to request documents for it.
#[derive(Clone, Copy)]
pub(in crate::sources::npm) struct Examined<'a> {
    pub(in crate::sources::npm) cache: &'a ResponseCache,
    pub(in crate::sources::npm) netrc: &'a Netrc,
    /// The package.
    pub(in crate::sources::npm) name: &'a str,
    pub(in crate::sources::npm) version: &'a str,
    /// Document of the version in the registry.
    pub(in crate::sources::npm) release: &'a PackageVersion,
}

impl Npm {
    /// Request the keys of a package's registry.
    pub(crate) fn keys(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        name: &str,
    ) -> Result<Arc<RegistryKeys>, SourceError> {
        let registry = self.registry()?;
        let url = registry.keys_url(name)?;
        self.keys.get(url.as_str(), || {
            let authorization = registry.authorizer(netrc, name);
            let query = Query::json("the keys of the npm registry", &url, &authorization);
            Ok(match cache.ask("npm-keys", &query, Some(KEYS_FRESH_FOR), NpmSigningKeys::read) {
                Ok(keys) if keys.is_empty() => RegistryKeys::None,
                Ok(keys) => RegistryKeys::Known(keys),
                Err(error) if says_none(&error.kind) => RegistryKeys::None,
                Err(error) => RegistryKeys::Unknown(error),
            })
        })
    }

    /// Check a version's signature. A wrong signature is an error; a missing one is an error only if signatures are
    /// required.
    pub(in crate::sources::npm) fn signature(&self, examined: Examined<'_>) -> Result<Signature, SourceError> {
        let Examined { cache, netrc, name, version, release } = examined;
        let keys = self.keys(cache, netrc, name)?;
        let fault = |fault| self.unsigned(name, version, fault);
        let signature = match &*keys {
            RegistryKeys::None => {
                let passed_on = self.passed_on(examined).map_err(fault)?;
                passed_on.unwrap_or(Signature::Unoffered)
            }
            RegistryKeys::Unknown(error) => {
                let passed_on = self.passed_on(examined).map_err(fault)?;
                let unchecked = || Signature::Absent(format!("its signatures cannot be checked: {error}"));
                passed_on.unwrap_or_else(unchecked)
            }
            RegistryKeys::Known(_) if release.signatures.is_empty() => {
                Signature::Absent("its registry signs packages, and has no signature of this one".into())
            }
            RegistryKeys::Known(keys) => match self.verify(examined, keys).map_err(fault)? {
                Some(Signer::Current(key)) => keepable(key, release),
                Some(Signer::Expired { key, expires }) => {
                    self.before(examined, &key, expires).map_err(fault)?;
                    keepable(key, release)
                }
                None => Signature::Absent("it has no signature".into()),
            },
        };
        match &signature {
            Signature::Unoffered if self.options.require_signatures => Err(fault(SignatureFault::Required(
                "its registry signs nothing: it has no document of its keys".into(),
            ))),
            Signature::Absent(reason) if self.options.require_signatures => {
                Err(fault(SignatureFault::Required(reason.clone())))
            }
            _ => Ok(signature),
        }
    }

    /// Check signatures that a mirror without keys passes on from its upstream; `None` if no key of the catalogue made
    /// one.
    fn passed_on(&self, examined: Examined<'_>) -> Result<Option<Signature>, SignatureFault> {
        let release = examined.release;
        match NpmSigningKeys::default().verify(&examined.message(), &release.signatures) {
            Ok(Some(Signer::Current(key))) => Ok(Some(keepable(key, release))),
            Ok(Some(Signer::Expired { key, expires })) => {
                let known = self.before(examined, &key, expires).is_ok();
                Ok(known.then(|| keepable(key, release)))
            }
            Ok(None) | Err(SignatureFault::UnknownKey { .. }) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Verify a version. If its key is unknown, the registry's keys are requested again, because the cached ones may be
    /// older.
    fn verify(&self, examined: Examined<'_>, keys: &NpmSigningKeys) -> Result<Option<Signer>, SignatureFault> {
        let Examined { cache, netrc, name, release, .. } = examined;
        let message = examined.message();
        let first = keys.verify(&message, &release.signatures);
        if !matches!(first, Err(SignatureFault::UnknownKey { .. })) || cache.is_offline() {
            return first;
        }
        let Ok(url) = self.registry().and_then(|registry| registry.keys_url(name)) else { return first };
        cache.mark_stale("npm-keys", &url);
        self.keys.forget(url.as_str());
        match self.keys(cache, netrc, name).as_deref() {
            Ok(RegistryKeys::Known(keys)) => keys.verify(&message, &release.signatures),
            _ => first,
        }
    }

    /// Accept an expired key for a version that was published before its expiry.
    fn before(&self, examined: Examined<'_>, key: &str, expires: Timestamp) -> Result<(), SignatureFault> {
        let Examined { cache, netrc, name, version, .. } = examined;
        let times = self.times(cache, netrc, name, &[version]).ok();
        match times.and_then(|times| times.get(version)) {
            Some(published) if published < expires => Ok(()),
            published => {
                let (key, published) = (key.to_owned(), published.map(|at| at.to_string()));
                Err(SignatureFault::Expired { key, expired: expires.to_string(), published })
            }
        }
    }

    pub(in crate::sources::npm) fn unsigned(&self, name: &str, version: &str, fault: SignatureFault) -> SourceError {
        self.unproved(name, version, SourceErrorKind::Signature(fault))
    }

    /// Make the error for a version that isn't proved.
    pub(in crate::sources::npm) fn unproved(&self, name: &str, version: &str, kind: SourceErrorKind) -> SourceError {
        let what = format!("the npm package {name} {version}");
        match self.registry().and_then(|registry| registry.package_url(name)) {
            Ok(url) => SourceError::for_url(what, &url, kind),
            Err(_) => SourceError::new(what, kind),
        }
    }
}

impl Examined<'_> {
    /// Text that a registry signs.
    fn message(&self) -> String {
        let Self { name, version, release, .. } = self;
        format!("{name}@{version}:{}", release.integrity.as_deref().unwrap_or_default())
    }
}

/// Return the verified signature by this key, if a lock can hold it: it must cover the digest alone, since a lock holds
/// no other part of the registry's document.
fn keepable(key: String, release: &PackageVersion) -> Signature {
    let of_digest = release.digest().map(|digest| digest.integrity());
    let signature = release.signatures.iter().find(|signature| signature.keyid == key);
    match signature.filter(|_| of_digest.is_some() && of_digest == release.integrity) {
        Some(SignedBy { sig, .. }) => Signature::By(Signed { key, signature: sig.clone() }),
        None => Signature::Absent("its signature is of several digests at once, which no lock can keep".into()),
    }
}

/// Whether a response means that the registry has no keys: any response of a server to an unknown address.
fn says_none(kind: &SourceErrorKind) -> bool {
    match kind {
        SourceErrorKind::NoSuchPackage | SourceErrorKind::WebPage => true,
        SourceErrorKind::Status(status) => (400..500).contains(status) && *status != 429 || *status == 501,
        _ => false,
    }
}
