//! Checks all attestations of an archive together: every attestation about the build must be good, and all must name
//! the same builder.

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::OnceLock;

use serde_json::Value;
use vx_base::package::archive::Attested;

use super::authority::{Authority, KeyOf};
use super::refusal::Refusal;
use super::statement::StatementSubject;
use super::{Attestation, AttestationFault};

/// Most attestations of one archive. Registries give two.
const MOST: usize = 16;

/// Checks attestations against a home's root of trust, which is loaded at the first check.
pub(crate) struct Checker {
    root: PathBuf,
    authority: OnceLock<Result<Authority, String>>,
}

impl Checker {
    /// Check against the root in this file, or else the built-in one.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root, authority: OnceLock::new() }
    }

    /// Verify an archive's attestations, which `fetch` requests. Failing to fetch them isn't an error.
    ///
    /// # Errors
    /// An attestation is wrong, or two name different builders.
    pub(crate) fn check<E: Display>(
        &self,
        fetch: impl FnOnce() -> Result<Vec<Value>, E>,
        subject: &StatementSubject<'_>,
        key_of: &KeyOf<'_>,
    ) -> Result<Attestation, AttestationFault> {
        let authority = match self.authority.get_or_init(|| Authority::load(&self.root)) {
            Ok(authority) => authority,
            Err(reason) => return Ok(Attestation::Absent(reason.clone())),
        };
        match fetch() {
            Ok(bundles) => check(authority, &bundles, subject, key_of),
            Err(error) => Ok(Attestation::Absent(format!("its attestations cannot be fetched: {error}"))),
        }
    }
}

/// Verify these attestations of an archive.
pub(super) fn check(
    authority: &Authority,
    bundles: &[Value],
    subject: &StatementSubject<'_>,
    key_of: &KeyOf<'_>,
) -> Result<Attestation, AttestationFault> {
    if bundles.len() > MOST {
        return Err(AttestationFault::Wrong(format!("it has {} of them", bundles.len())));
    }
    let mut builder: Option<Attested> = None;
    let mut unknown = None;
    for bundle in bundles {
        match (authority.verify(bundle, subject, key_of), &builder) {
            (Ok(Some(by)), Some(known)) if *known != by => {
                return Err(AttestationFault::Disagree(Box::new((known.clone(), by))));
            }
            (Ok(Some(by)), _) => builder = Some(by),
            (Ok(None), _) => {}
            (Err(Refusal::Wrong(reason)), _) => return Err(AttestationFault::Wrong(reason)),
            (Err(Refusal::Unknown(reason)), _) => unknown = unknown.or(Some(reason)),
        }
    }
    let unproved = || match unknown {
        Some(reason) => Attestation::Absent(format!("its attestation cannot be verified: {reason}")),
        None => Attestation::Absent("its attestations say nothing about its build".into()),
    };
    Ok(builder.map_or_else(unproved, Attestation::By))
}
