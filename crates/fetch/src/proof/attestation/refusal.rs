//! Two ways in which an attestation fails: it is wrong, or it can't be judged here.

use sigstore_verify::{CertificateError, Error, TransparencyLogError};

/// Why an attestation proves nothing, as half a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It contradicts itself or the archive, so it was changed or made for another archive.
    Wrong(String),
    /// It names an authority or a log that the root of trust doesn't know, or has a newer form; the root may be older
    /// than the attestation. It then counts as missing. An attacker could just as well remove it, so damaging it gains
    /// nothing.
    Unknown(String),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let reason = error.to_string();
        match error {
            Error::Certificate(
                CertificateError::NoValidAuthority { .. }
                | CertificateError::ChainInvalid(_)
                | CertificateError::Sct(_),
            )
            | Error::TransparencyLog(TransparencyLogError::MalformedEntry(_))
            | Error::Timestamp(_)
            | Error::UnsupportedBundle(_) => Refusal::Unknown(reason),
            _ => Refusal::Wrong(reason),
        }
    }
}
