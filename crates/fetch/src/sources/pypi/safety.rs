//! pip's settings for safe connections: `cert`, `client-cert` and `trusted-host`.

use url::Url;
use vx_http::{CertificateFile, ClientCertificate, Pem, authority};

use super::config::{Named, pip_setting};
use super::index::PythonIndex;
use crate::options::SourceOptions;

/// Certificate files that pip and Python's programs use.
pub(crate) fn certificate_files(options: &SourceOptions) -> Vec<CertificateFile> {
    let variable = |name: &str| options.variable(name).map(|path| (path, name.to_owned()));
    let bundle = variable("REQUESTS_CA_BUNDLE").or_else(|| variable("CURL_CA_BUNDLE"));
    let file = |(path, setting): Named| CertificateFile { setting, path: options.path(&path) };
    setting(options, "cert").into_iter().chain(bundle).map(file).collect()
}

/// Client certificate of pip, in one file with its key. Only the configured index gets it: pip would give it to any
/// host that asks.
pub(crate) fn client_certificate(options: &SourceOptions) -> Option<ClientCertificate> {
    let (path, setting) = setting(options, "client-cert")?;
    let host = authority(&PythonIndex::configured(options)?.url);
    let file = || Pem::File(options.path(&path));
    Some(ClientCertificate { setting, host, certificate: file(), key: file() })
}

/// Hosts whose certificates pip doesn't check; a host named with a port only on that port.
pub(crate) fn trusted_hosts(options: &SourceOptions) -> Vec<String> {
    let named = setting(options, "trusted-host").map(|(hosts, _)| hosts).unwrap_or_default();
    named.split_whitespace().filter_map(trusted_host).collect()
}

fn trusted_host(text: &str) -> Option<String> {
    let url = Url::parse(&format!("https://{text}")).ok()?;
    let plain = url.path() == "/" && url.username().is_empty() && url.query().is_none() && url.fragment().is_none();
    let behind_address = text.rsplit(']').next().unwrap_or(text);
    let host = url.host_str().filter(|_| plain)?;
    Some(if behind_address.contains(':') { authority(&url) } else { format!("{host}:*") })
}

/// Find a setting of pip: in its variable, or else in its files.
fn setting(options: &SourceOptions, key: &str) -> Option<Named> {
    let name = format!("PIP_{}", key.to_uppercase().replace('-', "_"));
    options.variable(&name).map(|value| (value, name)).or_else(|| pip_setting(options, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trusted_host_is_for_its_port_or_for_all() {
        for (text, host) in [
            ("Corp.invalid", "corp.invalid:*"),
            ("corp.invalid:8443", "corp.invalid:8443"),
            ("corp.invalid:443", "corp.invalid"),
            ("127.0.0.1", "127.0.0.1:*"),
            ("[::1]", "[::1]:*"),
            ("[::1]:8443", "[::1]:8443"),
        ] {
            assert_eq!(trusted_host(text).as_deref(), Some(host), "{text}");
        }
        for text in ["", "https://corp.invalid", "corp.invalid/x", "me@corp.invalid", "corp.invalid:port", "a b"] {
            assert_eq!(trusted_host(text), None, "{text}");
        }
    }
}
