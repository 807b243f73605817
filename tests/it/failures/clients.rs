//! Servers that are trusted by name, and servers that demand a client certificate: the settings of npm and pip, each
//! for its own host.

use std::fs;

use vx_base::system::platform::Platform;

use super::connections::behind_tls;
use super::*;
use crate::support::registry::archive::{Entry, script, wheel};
use crate::support::registry::wheel_tag;
use crate::support::server::{Authority, Secured};

/// A project with biome of npm's registry and ruff of pip's index, both behind TLS that demands a client certificate of
/// the authority. The server is trusted; the client's certificate and key are in the user's directory.
struct Demanding {
    sandbox: Sandbox,
    npm: Secured,
    _pip: Secured,
}

impl Demanding {
    fn new() -> Self {
        let sandbox =
            Sandbox::new().offers("esbuild", "0.27.0").config("[tools]\nesbuild = \"0.27.0\"\nruff = \"1.0.0\"\n");
        let tag = wheel_tag(Platform::current().expect("tests run where tools are known"));
        let archive = wheel(&[Entry { path: "ruff-1.0.0.data/scripts/ruff".into(), ..script("x", "1.0.0") }]);
        sandbox.registry().pypi("ruff", &format!("ruff-1.0.0-py3-none-{tag}.whl"), &archive);
        let clients = Authority::new();
        let [npm, pip] = [(); 2].map(|()| Secured::before_for(sandbox.registry().server(), &clients));
        let (certificate, key) = clients.issue(&["client"]);
        for (name, text) in [
            ("issuers.pem", format!("{}{}", npm.issuer(), pip.issuer())),
            ("client.pem", certificate.clone()),
            ("client.key", key.clone()),
            ("both.pem", format!("{key}{certificate}")),
        ] {
            fs::write(sandbox.root().join("user").join(name), text).expect("a file");
        }
        let issuers = sandbox.root().join("user/issuers.pem").display().to_string();
        let sandbox = sandbox.variable("NODE_EXTRA_CA_CERTS", &issuers);
        let sandbox = sandbox.variable("NPM_CONFIG_REGISTRY", &npm.url("/npm/"));
        let sandbox = sandbox.variable("UV_DEFAULT_INDEX", &pip.url("/simple/"));
        Self { sandbox, npm, _pip: pip }
    }

    fn user_file(&self, name: &str, text: &str) {
        let path = self.sandbox.root().join("user").join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn user_text(&self, name: &str) -> String {
        fs::read_to_string(self.sandbox.root().join("user").join(name)).expect("a file")
    }
}

#[test]
fn a_client_certificate_is_shown_to_the_host_that_a_setting_is_for_and_to_no_other() {
    let of_npm = |demanding: &Demanding, name: &str| {
        let inline = |file: &str| demanding.user_text(file).trim().replace('\n', "\\n");
        let host = demanding.npm.url("/npm/").replace("https:", "");
        match name {
            "cert and key" => format!("cert=\"{}\"\nkey=\"{}\"\n", inline("client.pem"), inline("client.key")),
            _ => format!("{host}:certfile=~/client.pem\n{host}:keyfile=~/client.key\n"),
        }
    };
    for name in ["cert and key", "certfile and keyfile"] {
        let demanding = Demanding::new();
        demanding.user_file(".npmrc", &of_npm(&demanding, name));
        let synced = sync(&demanding.sandbox).fails_with("1 of 2 tools did not install: ruff");
        assert_eq!(demanding.sandbox.installed(), ["esbuild 0.27.0"], "{name}: {synced:?}");
    }
    let demanding = Demanding::new();
    demanding.user_file(".config/pip/pip.conf", "[global]\nclient-cert = ~/both.pem\n");
    let synced = sync(&demanding.sandbox).fails_with("1 of 2 tools did not install: esbuild");
    let synced = synced.says("no safe connection to ").says("it requires a client certificate");
    assert_eq!(demanding.sandbox.installed(), ["ruff 1.0.0"], "{synced:?}");
    demanding.user_file(".npmrc", &of_npm(&demanding, "cert and key"));
    sync(&demanding.sandbox).succeeds();
}

#[test]
fn a_client_certificate_that_cannot_be_used_is_named_by_its_setting_and_no_key_is_printed() {
    let demanding = Demanding::new();
    demanding.user_file(".config/pip/pip.conf", "[global]\nclient-cert = ~/client.pem\n");
    demanding.user_file(".npmrc", "cert=\"-----BEGIN planted\"\nkey=\"planted\"\n");
    let said = sync(&demanding.sandbox).fails_with("2 of 2 tools did not install");
    said.says("`client-cert` of ")
        .says("client.pem`, which holds no key without a password")
        .says("`cert` of ")
        .says("is damaged")
        .keeps_silent_about("planted");
}

#[test]
fn a_host_that_pip_trusts_is_used_for_all_its_ports_or_for_the_named_one() {
    let address = |secured: &Secured| secured.url("").replace("https://", "");
    for (name, set) in [
        ("all ports", (|_| "127.0.0.1".to_owned()) as fn(&str) -> String),
        ("its port", str::to_owned),
        ("several", |address| format!("other.invalid\n    {address}")),
    ] {
        let (sandbox, secured) = behind_tls();
        let pip = sandbox.root().join("user/.config/pip");
        fs::create_dir_all(&pip).expect("a folder");
        let text = format!("[global]\ntrusted-host = {}\n", set(&address(&secured)));
        fs::write(pip.join("pip.conf"), text).expect("a file");
        let synced = sync(&sandbox);
        assert_eq!(synced.code(), Some(0), "{name}: {synced:?}");
    }
    for other in ["127.0.0.1:1", "localhost", "127.0.0.2", ""] {
        let (sandbox, _secured) = behind_tls();
        let sandbox = sandbox.variable("PIP_TRUSTED_HOST", other);
        sync(&sandbox).fails_with("2 of 2 tools did not install").says("an unknown issuer");
    }
    let (sandbox, secured) = behind_tls();
    sync(&sandbox.variable("PIP_TRUSTED_HOST", &format!("x.invalid {}", address(&secured)))).succeeds();
}

#[test]
fn a_missing_client_certificate_has_a_hint_with_the_settings_for_it() {
    let demanding = Demanding::new();
    let settings = "set `certfile` with `keyfile` in .npmrc, or `client-cert` in pip.conf, for this host";
    sync(&demanding.sandbox)
        .fails_with("it requires a client certificate")
        .says(settings)
        .keeps_silent_about("SSL_CERT_FILE");
}
