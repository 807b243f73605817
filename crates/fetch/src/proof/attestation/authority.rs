//! The root of trust, and how one attestation is verified against it.
//!
//! The root is part of this program. A file in the home replaces it, for a newer root or a different one; only the user
//! of the home can put it there. Nothing is requested: each attestation carries the proofs of its log.

use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;
use sigstore_verify::trust_root::{SigstoreInstance, TrustedRoot};
use sigstore_verify::types::bundle::VerificationMaterialContent;
use sigstore_verify::types::{
    Artifact, ArtifactDigest, Bundle, DerPublicKey, DigestBytes, HashAlgorithm, LogKeyId, SignatureContent,
};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy, VerificationResult, Verifier};
use vx_base::digest::{Algorithm, Digest};
use vx_base::package::archive::Attested;

use super::backend;
use super::refusal::Refusal;
use super::statement::{Statement, StatementKind, StatementSubject};

/// A key with which a registry signs what it published.
pub(crate) struct RegistryKey {
    /// Encoded as in X.509, then in base 64.
    pub(crate) key: String,
    /// From this time on its signatures don't count.
    pub(crate) expires: Option<Timestamp>,
}

/// Finds a registry's key by its name.
pub(crate) type KeyOf<'a> = dyn Fn(&str) -> Option<RegistryKey> + 'a;

/// A root of trust, ready to verify.
pub(crate) struct Authority {
    verifier: Verifier,
    /// Names of the logs of signatures for which the root has keys.
    logs: Vec<LogKeyId>,
}

impl Authority {
    /// Load the root from this file, or the built-in one if the file doesn't exist.
    ///
    /// # Errors
    /// The file can't be used. Holds the reason as half a sentence.
    pub(crate) fn load(file: &Path) -> Result<Self, String> {
        backend::install();
        let unusable = |reason: &dyn std::fmt::Display| format!("the root of trust `{}` {reason}", file.display());
        let root = match fs::read_to_string(file) {
            Ok(text) => TrustedRoot::from_json(&text).map_err(|error| unusable(&format!("makes no sense: {error}")))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let built_in = TrustedRoot::from_embedded(SigstoreInstance::PublicGood);
                built_in.map_err(|error| format!("the built-in root of trust makes no sense: {error}"))?
            }
            Err(error) => return Err(unusable(&format!("cannot be read: {error}"))),
        };
        let verifier = Verifier::new(&root).map_err(|error| unusable(&format!("cannot be used: {error}")))?;
        let logs = root.tlogs.iter().map(|log| log.log_id.key_id.clone()).collect();
        Ok(Self { verifier, logs })
    }

    /// Verify one attestation of an archive, and return the builder that it proves; `None` if this kind of attestation
    /// names no builder.
    pub(crate) fn verify(
        &self,
        bundle: &Value,
        subject: &StatementSubject<'_>,
        key_of: &KeyOf<'_>,
    ) -> Result<Option<Attested>, Refusal> {
        // A form later than this program knows is as unreadable as nonsense.
        let bundle = Bundle::from_json(&bundle.to_string())
            .map_err(|error| Refusal::Unknown(format!("it cannot be read: {error}")))?;
        let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
            return Err(Refusal::Wrong("it has no statement".into()));
        };
        let statement = Statement::read(envelope.payload.as_bytes())?;
        let kind = statement.kind();
        if kind == StatementKind::Other {
            return Ok(None);
        }
        statement.is_about(subject)?;
        self.can_judge(&bundle)?;
        match kind {
            StatementKind::Publication => self.published(&bundle, subject.digest, key_of).map(|()| None),
            StatementKind::Build | StatementKind::Other => self.built(&bundle, subject.digest).map(Some),
        }
    }

    /// Refuse as unknown an attestation whose log came after this root, or whose record is from before logs gave
    /// proofs: the verifier reports both as if the record were wrong.
    fn can_judge(&self, bundle: &Bundle) -> Result<(), Refusal> {
        for entry in &bundle.verification_material.tlog_entries {
            if !self.logs.contains(&entry.log_id.key_id) {
                return Err(Refusal::Unknown(format!("the root of trust has no log {}", entry.log_id.key_id)));
            }
            if entry.inclusion_proof.is_none() {
                return Err(Refusal::Unknown("its log gave no proof that it holds the record".into()));
            }
        }
        Ok(())
    }

    /// Return the builder that a verified certificate names.
    fn built(&self, bundle: &Bundle, digest: &Digest) -> Result<Attested, Refusal> {
        let result = self.verifier.verify(artifact(digest)?, bundle, &VerificationPolicy::any_identity())?;
        if !(result.certificate_verified() && result.sct_verified() && result.tlog_verified()) {
            return Err(Refusal::Wrong("it was not verified in full".into()));
        }
        builder(&result).ok_or_else(|| Refusal::Unknown("its certificate names no repository and workflow".into()))
    }

    /// Check that the registry itself signed an attestation, before its key expired.
    fn published(&self, bundle: &Bundle, digest: &Digest, key_of: &KeyOf<'_>) -> Result<(), Refusal> {
        let VerificationMaterialContent::PublicKey(named) = &bundle.verification_material.content else {
            return Err(Refusal::Wrong("the registry's record names no key".into()));
        };
        let RegistryKey { key, expires } =
            key_of(&named.hint).ok_or_else(|| Refusal::Unknown(format!("key {} is not known", named.hint)))?;
        let key = DerPublicKey::from_base64(&key)
            .map_err(|error| Refusal::Wrong(format!("key {} makes no sense: {error}", named.hint)))?;
        let result = self.verifier.verify(artifact(digest)?, bundle, &PublicKeyVerificationPolicy::new(key))?;
        let times = result.verified_timestamps();
        match expires {
            Some(expires) if times.is_empty() || times.iter().any(|time| *time >= expires) => {
                Err(Refusal::Wrong(format!("key {} had expired at {expires}, before it signed", named.hint)))
            }
            _ => Ok(()),
        }
    }
}

fn artifact(digest: &Digest) -> Result<Artifact<'static>, Refusal> {
    let algorithm = match digest.algorithm() {
        Algorithm::Sha256 => HashAlgorithm::Sha2256,
        Algorithm::Sha512 => HashAlgorithm::Sha2512,
    };
    let of = ArtifactDigest::new(algorithm, DigestBytes::new(digest.bytes().to_vec()));
    of.map(Artifact::from_digest).map_err(|error| Refusal::Wrong(error.to_string()))
}

/// Read the builder from a certificate: the build service, the repository, and the workflow's file in it.
fn builder(result: &VerificationResult) -> Option<Attested> {
    let claims = &result.certificate()?.ci_claims;
    let issuer = without_scheme(result.issuer()?)?;
    let repository = without_scheme(claims.source_repository_uri.as_deref()?)?;
    let config = without_scheme(claims.build_config_uri.as_deref()?)?;
    let file = config.split('@').next().unwrap_or_default();
    // The repository's own workflows are named by their file in it, all others with their repository.
    let own = file.strip_prefix(&format!("{repository}/"));
    // GitLab writes `//` before the file.
    let workflow = own.unwrap_or(file).trim_start_matches('/').to_owned();
    (!workflow.is_empty()).then_some(Attested { issuer, repository, workflow })
}

/// Strip `https://`, which a lock leaves out.
fn without_scheme(address: &str) -> Option<String> {
    let rest = address.strip_prefix("https://")?.trim_end_matches('/');
    (!rest.is_empty()).then(|| rest.to_owned())
}
