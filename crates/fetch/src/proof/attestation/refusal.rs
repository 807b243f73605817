//! The two ways in which an attestation fails: it is wrong, or it cannot be judged here.

use sigstore_verify::{CertificateError, Error, TransparencyLogError};

/// Why an attestation proves nothing; the reason, as half a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It contradicts itself or the archive, so it was changed, or made for another one.
    Wrong(String),
    /// It names an authority or a log that the root of trust does not know, or has a newer form. The root may be older
    /// than it. An archive without any attestation proves no less, so an attacker gains nothing by this.
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
