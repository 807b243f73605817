//! Attestations of an npm package: provenance by its build service, and the registry's record of the publication.

use serde::Deserialize;
use serde_json::Value;
use vx_base::package::archive::Archive;

use super::keys::NpmSigningKeys;
use super::signed::RegistryKeys;
use crate::documents::cache::ResponseCache;
use crate::documents::http::{FetchedDocument, Query, web_address};
use crate::error::{SourceError, SourceErrorKind};
use crate::options::credentials::Netrc;
use crate::proof::attestation::Attestation;
use crate::proof::attestation::statement::StatementSubject;
use crate::sources::npm::Npm;
use crate::sources::npm::document::{PackageVersion, read_json};

/// Document of a version's attestations.
#[derive(Deserialize)]
struct RawAttestations {
    attestations: Vec<RawNpmAttestation>,
}

#[derive(Deserialize)]
struct RawNpmAttestation {
    bundle: Value,
}

impl Npm {
    /// Find an archive's builder by the attestations of its registry.
    ///
    /// # Errors
    /// The attestations are wrong. Failing to fetch them isn't an error.
    pub(in crate::sources::npm) fn attestation(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        archive: &Archive,
        release: &PackageVersion,
    ) -> Result<Attestation, SourceError> {
        let (Some(address), Some(digest)) = (&release.attestations, &archive.digest) else {
            return Ok(Attestation::Unoffered);
        };
        let subject = StatementSubject { name: format!("pkg:npm/{}@{}", archive.package, archive.version), digest };
        let keys = match self.keys(cache, netrc, &archive.package).as_deref() {
            Ok(RegistryKeys::Known(keys)) => keys.clone(),
            _ => NpmSigningKeys::default(),
        };
        let fetch = || self.attestations(cache, netrc, archive, address);
        let checked = self.checker.check(fetch, &subject, &|name| keys.of_registry(name));
        checked.map_err(|fault| self.unproved(&archive.package, &archive.version, SourceErrorKind::Attestation(fault)))
    }

    /// Verify the attestations that the registry has now, for the entry of a lock.
    pub(crate) fn attestation_now(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        archive: &Archive,
    ) -> Result<Attestation, SourceError> {
        let release = self.release(cache, netrc, &archive.package, &archive.version)?;
        self.attestation(cache, netrc, archive, &release)
    }

    fn attestations(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        archive: &Archive,
        address: &str,
    ) -> Result<Vec<Value>, SourceError> {
        let (name, version) = (&archive.package, &archive.version);
        let registry = self.registry()?;
        let what = format!("the attestations of the npm package {name} {version}");
        let url = web_address(address).map_err(|kind| SourceError::new(&what, kind))?;
        let url = registry.rewritten(url, name);
        let authorization = registry.authorizer(netrc, name);
        let query = Query::json(&what, &url, &authorization);
        cache
            .ask(&format!("npm-attestations-{name}-{version}"), &query, Some(self.version_fresh_for()), read)
            .map_err(SourceError::of_document)
    }
}

fn read(document: &FetchedDocument) -> Result<Vec<Value>, SourceErrorKind> {
    let raw: RawAttestations = read_json(document)?;
    Ok(raw.attestations.into_iter().map(|attestation| attestation.bundle).collect())
}
