//! Certificates by which servers are trusted, beside those of the platform.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use ureq::tls::{Certificate, PemItem, parse_pem};
use url::Url;

use super::HttpError;
use super::client_certificate::ClientCertificate;

/// The trust that a user's settings define, beside that of the platform (which `SSL_CERT_FILE` replaces).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsTrust {
    /// Files with certificates of further issuers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<CertificateFile>,
    /// Hosts whose certificates are not checked, each with its port if that is not the default, or with `*` for all
    /// ports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unchecked: Vec<String>,
    /// Client certificates; if there are several for one host, the first counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientCertificate>,
}

/// A file with certificates in PEM, or a directory of such files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFile {
    /// The setting that names it, for errors.
    pub setting: String,
    /// Its path.
    pub path: PathBuf,
}

impl TlsTrust {
    /// Returns whether the platform alone decides.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.unchecked.is_empty() && self.clients.is_empty()
    }

    /// Returns whether the certificate of this address's host is checked.
    pub(super) fn checks(&self, url: &Url) -> bool {
        let any_port = format!("{}:*", url.host_str().unwrap_or_default());
        !self.unchecked.contains(&authority(url)) && !self.unchecked.contains(&any_port)
    }

    /// The index of the client certificate for this address's host.
    pub(super) fn client_for(&self, url: &Url) -> Option<usize> {
        let host = authority(url);
        self.clients.iter().position(|client| client.host == host)
    }

    /// All trusted issuers; `None` for the platform's only.
    pub(super) fn issuers(&self) -> Result<Option<Vec<Certificate<'static>>>, HttpError> {
        if self.files.is_empty() {
            return Ok(None);
        }
        // Ignore errors: issuers of the platform that cannot be read are missing for every program.
        let platform = rustls_native_certs::load_native_certs().certs;
        let mut issuers: Vec<_> = platform.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        for file in &self.files {
            let found = certificates(&file.path).map_err(|reason| {
                let (setting, path) = (file.setting.clone(), file.path.display());
                HttpError::Setting { setting, reason: format!("names `{path}`, which {reason}") }
            })?;
            issuers.extend(found);
        }
        Ok(Some(issuers))
    }
}

/// The host of an address, with its port if that is not the default.
pub fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Reads the certificates in a file, or in the files of a directory.
fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let mut found = Vec::new();
    if path.is_dir() {
        for entry in fs::read_dir(path).map_err(unreadable)?.flatten() {
            let bytes = fs::read(entry.path()).unwrap_or_default();
            found.extend(parse_pem(&bytes).flatten().filter_map(certificate));
        }
    } else {
        let bytes = fs::read(path).map_err(unreadable)?;
        for item in parse_pem(&bytes) {
            found.extend(certificate(item.map_err(|_| "is damaged".to_owned())?));
        }
    }
    if found.is_empty() { Err("holds no certificate".into()) } else { Ok(found) }
}

fn certificate(item: PemItem<'static>) -> Option<Certificate<'static>> {
    match item {
        PemItem::Certificate(certificate) => Some(certificate),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_named_with_its_setting() {
        let top = tempfile::tempdir().expect("a directory");
        let path = top.path().join("ca.pem");
        let why = |path: &Path| {
            let file = CertificateFile { setting: "`cafile` of .npmrc".into(), path: path.to_owned() };
            let trust = TlsTrust { files: vec![file], ..TlsTrust::default() };
            trust.issuers().map(drop).expect_err("no certificate").to_string()
        };
        assert!(why(&path).contains("`cafile` of .npmrc names `") && why(&path).contains("cannot be read"));
        fs::write(&path, "nothing").expect("a file");
        assert!(why(&path).ends_with("holds no certificate") && why(top.path()).ends_with("holds no certificate"));
        fs::write(&path, "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n").expect("a file");
        assert!(why(&path).ends_with("is damaged"));
        assert!(TlsTrust::default().issuers().is_ok_and(|issuers| issuers.is_none()));
    }

    #[test]
    fn only_the_named_hosts_go_unchecked() {
        let trust = TlsTrust { unchecked: vec!["h.invalid:8443".into()], ..TlsTrust::default() };
        let checks = |url: &str| trust.checks(&Url::parse(url).expect("an address"));
        assert!(
            !checks("https://h.invalid:8443/a") && checks("https://h.invalid/a") && checks("https://x.invalid:8443/")
        );
        let trust = TlsTrust { unchecked: vec!["h.invalid:*".into()], ..TlsTrust::default() };
        let checks = |url: &str| trust.checks(&Url::parse(url).expect("an address"));
        assert!(
            !checks("https://h.invalid:8443/a") && !checks("https://h.invalid/a") && checks("https://x.h.invalid/")
        );
    }
}
