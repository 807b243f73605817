//! Checks a signature in a lock, without the registry's documents of the package.
//!
//! A lock comes with a repository, so the key can't come from it: whoever forges a signature can name a forged key as
//! well. Keys come from the catalogue, or from the registry that this user's configuration names; its document of keys
//! is stored in the home, and answers without a request, however old it is.

use std::time::Duration;

use super::keys::{NpmSigningKeys, is_built_in};
use super::signed::{KEYS_FRESH_FOR, RegistryKeys};
use crate::documents::cache::ResponseCache;
use crate::error::SourceError;
use crate::options::credentials::Netrc;
use crate::proof::signature::{Claim, Proof, SignatureFault};
use crate::sources::npm::Npm;
use crate::sources::npm::document::SignedBy;

/// How old a document of keys may be to count as complete: a key that isn't in it isn't the registry's. An older
/// document is requested again, since the lock may be newer.
const COMPLETE_FOR: Duration = Duration::from_secs(3600);

/// A signature from a lock, in the form of a registry's document.
struct StoredSignature<'a> {
    package: &'a str,
    message: String,
    signatures: [SignedBy; 1],
}

impl Npm {
    /// Check that a lock claims as much as the settings require, without checking the signature itself.
    pub(crate) fn claimed(&self, claim: &Claim<'_>) -> Result<(), SourceError> {
        let reason = match (claim.key, claim.signature) {
            _ if !self.options.require_signatures => return Ok(()),
            (Some(_), Some(_)) => return Ok(()),
            (Some(key), None) => format!("vx.lock names key {key}, and does not keep the signature"),
            (None, _) => "vx.lock names no key that signed it".to_owned(),
        };
        Err(self.refused(claim, SignatureFault::Required(reason)))
    }

    /// Check the signature in a lock. An expired key counts: the time of publication was compared with its expiry when
    /// the lock was written, and expiry doesn't make its signatures easier to forge.
    pub(crate) fn proof(&self, cache: &ResponseCache, netrc: &Netrc, claim: &Claim<'_>) -> Result<Proof, SourceError> {
        self.claimed(claim)?;
        let (key, signature) = match (claim.key, claim.signature) {
            (Some(key), Some(signature)) => (key.to_owned(), signature.to_owned()),
            (Some(_), None) => return Ok(Proof::NotKept),
            (None, _) if self.is_known_to_sign(cache, &claim.archive.package) => return Ok(Proof::Missing),
            (None, _) => return Ok(Proof::Unclaimed),
        };
        let archive = claim.archive;
        let integrity = archive.digest.as_ref().map(|digest| digest.integrity()).unwrap_or_default();
        let kept = StoredSignature {
            package: &archive.package,
            message: format!("{}@{}:{integrity}", archive.package, archive.version),
            signatures: [SignedBy { keyid: key.clone(), sig: signature }],
        };
        let proof = match self.known_keys(cache, &kept)? {
            Some(keys) if keys.has(&key) => self.verified(cache, netrc, &kept, &keys),
            known => self.verified_anew(cache, netrc, &kept, known),
        };
        proof.map_err(|fault| self.refused(claim, fault)).and_then(|proof| match proof {
            Proof::Unchecked(reason) if self.options.require_signatures => {
                Err(self.refused(claim, SignatureFault::Required(reason)))
            }
            proof => Ok(proof),
        })
    }

    /// Whether the home has the keys of a package's registry. Nothing is requested.
    fn is_known_to_sign(&self, cache: &ResponseCache, package: &str) -> bool {
        let url = self.registry().and_then(|registry| registry.keys_url(package));
        url.is_ok_and(|url| {
            cache.recall::<NpmSigningKeys>("npm-keys", &url, Duration::MAX).is_some_and(|keys| !keys.is_empty())
        })
    }

    /// Keys that are known without a request: the catalogue's if one of them made the signature, else the registry's as
    /// stored in the home, or `None`.
    fn known_keys(
        &self,
        cache: &ResponseCache,
        kept: &StoredSignature<'_>,
    ) -> Result<Option<NpmSigningKeys>, SourceError> {
        if is_built_in(&kept.signatures[0].keyid) {
            return Ok(Some(NpmSigningKeys::default()));
        }
        let url = self.registry()?.keys_url(kept.package)?;
        Ok(cache.recall("npm-keys", &url, Duration::MAX))
    }

    /// Verify with a known key, unless the registry has withdrawn it since.
    fn verified(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        kept: &StoredSignature<'_>,
        keys: &NpmSigningKeys,
    ) -> Result<Proof, SignatureFault> {
        keys.verify(&kept.message, &kept.signatures)?;
        let [SignedBy { keyid, .. }] = &kept.signatures;
        if !is_built_in(keyid)
            && let Ok(now) = self.keys(cache, netrc, kept.package)
            && let RegistryKeys::Known(now) = &*now
        {
            now.verify(&kept.message, &kept.signatures)?;
        }
        Ok(Proof::Good)
    }

    /// Verify with a key that isn't in the stored document: the registry is asked for its keys, unless the document is
    /// so young that it is complete.
    fn verified_anew(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        kept: &StoredSignature<'_>,
        known: Option<NpmSigningKeys>,
    ) -> Result<Proof, SignatureFault> {
        let Ok(url) = self.registry().and_then(|registry| registry.keys_url(kept.package)) else {
            return Ok(Proof::Unchecked("no registry is known that could have its key".into()));
        };
        let complete = known.filter(|_| cache.recall::<NpmSigningKeys>("npm-keys", &url, COMPLETE_FOR).is_some());
        if let Some(keys) = complete {
            return keys.verify(&kept.message, &kept.signatures).map(|_| Proof::Good);
        }
        if cache.recall::<NpmSigningKeys>("npm-keys", &url, KEYS_FRESH_FOR).is_some() {
            cache.mark_stale("npm-keys", &url);
            self.keys.forget(url.as_str());
        }
        let [SignedBy { keyid, .. }] = &kept.signatures;
        match self.keys(cache, netrc, kept.package).as_deref() {
            Ok(RegistryKeys::Known(now)) if now.has(keyid) || !cache.is_offline() => {
                now.verify(&kept.message, &kept.signatures).map(|_| Proof::Good)
            }
            Ok(RegistryKeys::None) => Ok(Proof::Unchecked(format!("its registry does not publish key {keyid}"))),
            Ok(RegistryKeys::Unknown(error)) | Err(error) => {
                Ok(Proof::Unchecked(format!("key {keyid} cannot be fetched: {error}")))
            }
            Ok(RegistryKeys::Known(_)) => {
                Ok(Proof::Unchecked(format!("key {keyid} is not among the keys in the home, and vx is offline")))
            }
        }
    }

    fn refused(&self, claim: &Claim<'_>, fault: SignatureFault) -> SourceError {
        self.unsigned(&claim.archive.package, &claim.archive.version, fault)
    }
}
