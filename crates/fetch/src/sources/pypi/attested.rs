//! Attestations of a Python package's file: its build service signed them, and the index passes them on.
//!
//! The index names a publisher beside each group of them. This name is ignored: the certificates name the workflow, and
//! the index can't change them.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;
use vx_base::package::archive::Archive;

use super::Pypi;
use crate::documents::cache::ResponseCache;
use crate::documents::http::{FetchedDocument, Query, web_address};
use crate::error::{SourceError, SourceErrorKind};
use crate::options::credentials::Netrc;
use crate::proof::attestation::statement::StatementSubject;
use crate::proof::attestation::{Attestation, AttestationFault};

/// Forms of the document that can be read.
const ACCEPTED: &str = "application/vnd.pypi.integrity.v1+json, application/json;q=0.5";

/// How long the attestations of a file are used: neither the file nor they change.
const FRESH_FOR: Duration = Duration::from_secs(7 * 86_400);

/// Type of the statements in the envelopes, which the index leaves out.
const STATEMENT: &str = "application/vnd.in-toto+json";

/// Type of the bundles that the attestations are put into.
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// An index's answer about one file.
#[derive(Deserialize)]
struct RawProvenance {
    attestation_bundles: Vec<RawGroup>,
}

#[derive(Deserialize)]
struct RawGroup {
    attestations: Vec<RawPythonAttestation>,
}

#[derive(Deserialize)]
struct RawPythonAttestation {
    verification_material: RawMaterial,
    envelope: RawEnvelope,
}

#[derive(Deserialize)]
struct RawMaterial {
    certificate: Value,
    transparency_entries: Value,
}

#[derive(Deserialize)]
struct RawEnvelope {
    statement: Value,
    signature: Value,
}

impl Pypi {
    /// Find a file's builder by the attestations at this address, if the index names one.
    ///
    /// # Errors
    /// The attestations are wrong. Failing to fetch them isn't an error.
    pub(super) fn attestation(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        archive: &Archive,
        address: Option<&str>,
    ) -> Result<Attestation, SourceError> {
        let (Some(address), Some(digest)) = (address, &archive.digest) else { return Ok(Attestation::Unoffered) };
        let subject = StatementSubject { name: archive.file.clone(), digest };
        let fetch = || self.attestations(cache, netrc, archive, address);
        self.checker.check(fetch, &subject, &|_| None).map_err(|fault| self.unattested(cache, archive, fault))
    }

    /// Verify the attestations that the index has now, for the entry of a lock.
    pub(crate) fn attestation_now(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        archive: &Archive,
    ) -> Result<Attestation, SourceError> {
        let page = self.page(cache, netrc, &archive.package, None)?;
        let file = page.files.iter().find(|file| file.name == archive.file);
        self.attestation(cache, netrc, archive, file.and_then(|file| file.provenance.as_deref()))
    }

    fn attestations(
        &self,
        cache: &ResponseCache,
        netrc: &Netrc,
        archive: &Archive,
        address: &str,
    ) -> Result<Vec<Value>, SourceError> {
        let index = self.index(cache)?;
        let what = format!("the attestations of {}", archive.file);
        let url = web_address(address).map_err(|kind| SourceError::for_url(&what, &index.url, kind))?;
        let authorization = |url: &Url| self.authorization(index, netrc, url);
        let query = Query::new(&what, &url, ACCEPTED, &authorization);
        let fresh_for = if self.options.fresh_for.is_zero() { Duration::ZERO } else { FRESH_FOR };
        cache
            .ask(&format!("pypi-attestations-{}", archive.file), &query, Some(fresh_for), read)
            .map_err(SourceError::of_document)
    }

    fn unattested(&self, cache: &ResponseCache, archive: &Archive, fault: AttestationFault) -> SourceError {
        let what = format!("the Python package {} {}", archive.package, archive.version);
        match self.index(cache) {
            Ok(index) => SourceError::for_url(what, &index.url, SourceErrorKind::Attestation(fault)),
            Err(_) => SourceError::new(what, SourceErrorKind::Attestation(fault)),
        }
    }
}

fn read(document: &FetchedDocument) -> Result<Vec<Value>, SourceErrorKind> {
    if document.is_html() {
        return Err(SourceErrorKind::WebPage);
    }
    bundles(&document.bytes).map_err(|error| SourceErrorKind::Garbage(error.to_string()))
}

/// Bring the attestations into the form that npm uses, which is the form that is verified.
pub(crate) fn bundles(document: &[u8]) -> serde_json::Result<Vec<Value>> {
    let raw: RawProvenance = serde_json::from_slice(document)?;
    let attestations = raw.attestation_bundles.into_iter().flat_map(|group| group.attestations);
    Ok(attestations.map(bundle).collect())
}

fn bundle(attestation: RawPythonAttestation) -> Value {
    let RawPythonAttestation { verification_material: material, envelope } = attestation;
    json!({
        "mediaType": BUNDLE,
        "verificationMaterial": {
            "certificate": { "rawBytes": material.certificate },
            "tlogEntries": material.transparency_entries,
        },
        "dsseEnvelope": {
            "payloadType": STATEMENT,
            "payload": envelope.statement,
            "signatures": [{ "sig": envelope.signature }],
        },
    })
}
