//! npm's client certificates: `cert` with `key` for its registry, `certfile` with `keyfile` for a named host.

use url::Url;
use vx_http::{ClientCertificate, Pem, authority};

use super::registry::NpmRegistry;
use super::safety::setting;
use crate::options::SourceOptions;

/// Client certificates in npm's settings; those for a named host come first.
pub(crate) fn client_certificates(options: &SourceOptions) -> Vec<ClientCertificate> {
    let Ok(registry) = NpmRegistry::load(options) else { return Vec::new() };
    let file = |path: &str| Pem::File(options.path(path));
    let named = registry.client_files().into_iter().filter_map(|(host, certificate, key)| {
        let host = authority(&Url::parse(&format!("https://{host}")).ok()?);
        let setting = format!("`certfile` of .npmrc for {host}");
        Some(ClientCertificate { setting, host, certificate: file(certificate), key: file(key) })
    });
    named.chain(of_registry(options, &registry)).collect()
}

/// The registry's client certificate, which the settings hold as text.
fn of_registry(options: &SourceOptions, registry: &NpmRegistry) -> Option<ClientCertificate> {
    let ((certificate, setting), (key, _)) = (setting(options, "cert")?, setting(options, "key")?);
    let host = authority(&registry.address().ok()?);
    Some(ClientCertificate { setting, host, certificate: text(&certificate), key: text(&key) })
}

/// Read a value on one line, in which `\n` stands for the end of a line.
fn text(value: &str) -> Pem {
    Pem::Text(value.replace("\\n", "\n"))
}
