//! Client certificates, by which a client identifies itself to a host: each with its key, for one host.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};
use ureq::tls::{Certificate, ClientCert, PrivateKey};

use super::HttpError;

/// A client certificate with its key, for one host.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCertificate {
    /// The setting that names it, for errors.
    pub setting: String,
    /// The only host that receives it, with the port if that is not the default.
    pub host: String,
    /// The certificate, and the chain to its issuer.
    pub certificate: Pem,
    /// Its key, without a password.
    pub key: Pem,
}

/// The source of PEM data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pem {
    /// A file.
    File(PathBuf),
    /// The text itself, which may be a secret.
    Text(String),
}

impl ClientCertificate {
    /// Read the certificate and its key.
    pub(super) fn load(&self) -> Result<ClientCert, HttpError> {
        let fault = |reason: String| HttpError::Setting { setting: self.setting.clone(), reason };
        let (certificates, key) = (self.certificate.bytes().map_err(fault)?, self.key.bytes().map_err(fault)?);
        let chain = CertificateDer::pem_slice_iter(&certificates).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| fault(self.certificate.is("is damaged")))?;
        if chain.is_empty() {
            return Err(fault(self.certificate.is("holds no certificate")));
        }
        let der = PrivateKeyDer::from_pem_slice(&key).map_err(|error| match error {
            pem::Error::NoItemsFound => fault(self.key.is("holds no key without a password")),
            _ => fault(self.key.is("is damaged")),
        })?;
        let owned: Vec<_> = chain.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
        // Check that the key belongs to the certificate: making a client with another key would panic.
        CertifiedKey::from_der(chain, der, &rustls::crypto::ring::default_provider())
            .map_err(|error| fault(format!("cannot be used: {error}")))?;
        let key = PrivateKey::from_pem(&key).map_err(|error| fault(format!("cannot be used: {error}")))?;
        Ok(ClientCert::new_with_certs(&owned, key))
    }
}

impl Pem {
    fn bytes(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::File(path) => fs::read(path).map_err(|error| self.is(&format!("cannot be read: {error}"))),
            Self::Text(text) => Ok(text.clone().into_bytes()),
        }
    }

    fn is(&self, fault: &str) -> String {
        match self {
            Self::File(path) => format!("names `{}`, which {fault}", path.display()),
            Self::Text(_) => fault.to_owned(),
        }
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate")
            .field("setting", &self.setting)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};

    fn pair() -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let own = CertificateParams::new(vec!["client".into()]).expect("parameters").self_signed(&key);
        (own.expect("a certificate").pem(), key.serialize_pem())
    }

    fn of(certificate: Pem, key: Pem) -> ClientCertificate {
        ClientCertificate { setting: "`cert` of .npmrc".into(), host: "h.invalid".into(), certificate, key }
    }

    #[test]
    fn a_certificate_with_its_key_is_read_and_any_other_is_named_with_its_setting() {
        let top = tempfile::tempdir().expect("a directory");
        let (certificate, key) = pair();
        let both = top.path().join("client.pem");
        fs::write(&both, format!("{key}{certificate}")).expect("a file");
        assert!(of(Pem::File(both.clone()), Pem::File(both.clone())).load().is_ok());
        assert!(of(Pem::Text(certificate.clone()), Pem::Text(key.clone())).load().is_ok());
        let why = |certificate: &str, key: Pem| {
            let loaded = of(Pem::Text(certificate.to_owned()), key).load();
            loaded.expect_err("it cannot be used").to_string()
        };
        let other = pair().1;
        let mut damaged = key.clone();
        damaged.replace_range(60..64, "!!!!");
        for (certificate, key, text) in [
            ("", Pem::Text(key.clone()), "`cert` of .npmrc holds no certificate"),
            (&certificate, Pem::Text(certificate.clone()), "`cert` of .npmrc holds no key without a password"),
            (&certificate, Pem::Text(other), "`cert` of .npmrc cannot be used: "),
            (&certificate, Pem::Text(damaged), "`cert` of .npmrc is damaged"),
            (
                &certificate,
                Pem::File("/no/such.key".into()),
                "`cert` of .npmrc names `/no/such.key`, which cannot be read",
            ),
        ] {
            let said = why(certificate, key);
            assert!(said.starts_with(text), "{said}");
        }
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(why(garbage, Pem::Text(key)).contains("cannot be used"));
    }

    #[test]
    fn what_prints_a_client_certificate_prints_no_key() {
        let printed = format!("{:?}", of(Pem::Text("planted".into()), Pem::Text("planted".into())));
        assert!(!printed.contains("planted") && printed.contains("h.invalid"), "{printed}");
    }
}
