//! Credentials reach only the host that they are for.

use super::*;
use crate::support::server::Server;

const TOKEN: &str = "planted-secret";

fn host(server: &Server) -> String {
    server.address().trim_start_matches("http://").to_owned()
}

fn authorizations(server: &Server) -> Vec<Option<String>> {
    server.requests().iter().map(|request| request.header("authorization").map(str::to_owned)).collect()
}

#[test]
fn npms_token_goes_to_its_registry_and_with_the_archive() {
    let registry = Registry::start();
    registry.offer("esbuild", "0.28.2");
    let npmrc = format!(
        "registry={}\n//{}/npm/:_authToken=${{NPM_TOKEN}}\n",
        registry.server().url("/npm"),
        host(registry.server())
    );
    for place in ["project/.npmrc", "user/.npmrc"] {
        let setting = Setting::empty().file(place, &npmrc).with("NPM_TOKEN", TOKEN);
        let artifact = resolve(&setting.sources(), "esbuild", "latest").unwrap().remove(0);
        assert_eq!(artifact.origin.authorization.as_deref(), Some("Bearer planted-secret"));
        assert!(!format!("{artifact:?}").contains(TOKEN));
    }
    assert!(authorizations(registry.server()).iter().all(|header| header.as_deref() == Some("Bearer planted-secret")));
}

#[test]
fn an_archive_on_another_host_gets_no_token() {
    let (registry, other) = (Registry::start(), Server::start());
    registry.offer("esbuild", "0.28.2");
    let digest = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [1u8; 64]);
    let document = format!(
        r#"{{"versions":{{"1.0.0":{{"dist":{{"tarball":"{}","integrity":"sha512-{digest}"}}}}}}}}"#,
        other.url("/x.tgz")
    );
    registry.server().serve(&npm_path("@esbuild/linux-x64"), Reply::json(document));
    other.serve("/x.tgz", Reply::ok("x"));
    let npmrc = format!("//{}/npm/:_authToken={TOKEN}\n", host(registry.server()));
    let setting = Setting::of(&registry).file("user/.npmrc", &npmrc);
    let artifact = resolve(&setting.sources(), "esbuild", "latest").unwrap().remove(0);
    assert_eq!(artifact.origin.authorization, None);
    assert_eq!(authorizations(&other), [None]);
}

#[test]
fn a_redirect_to_another_host_takes_no_credentials_along() {
    let (registry, other) = (Registry::start(), Server::start());
    registry.offer("uv", "0.13.8");
    other.serve("/uv", Reply::html("<html><meta name='pypi:repository-version' content='1.0'>"));
    registry.server().serve(&page_path("uv"), Reply::redirect(&other.url("/uv")));
    let address = format!("http://me:{TOKEN}@{}/simple", host(registry.server()));
    let setting = Setting::empty().with("PIP_INDEX_URL", &address);
    assert_eq!(setting.sources().candidates(&recipe("uv"), LINUX).unwrap(), []);
    assert!(authorizations(registry.server())[0].is_some());
    assert_eq!(authorizations(&other), [None]);
}

#[test]
fn netrc_speaks_for_hosts_without_other_credentials() {
    let registry = Registry::start();
    registry.offer("uv", "0.13.8");
    let netrc = format!("machine 127.0.0.1 login me password {TOKEN}\n");
    let artifact =
        resolve(&Setting::of(&registry).file("user/.netrc", &netrc).sources(), "uv", "latest").unwrap().remove(0);
    assert!(artifact.origin.authorization.as_deref().is_some_and(|header| header.starts_with("Basic ")));
    assert!(authorizations(registry.server()).iter().all(Option::is_some));
    let other = format!("machine other.invalid login me password {TOKEN}\n");
    let artifact =
        resolve(&Setting::of(&registry).file("user/.netrc", &other).sources(), "uv", "latest").unwrap().remove(0);
    assert_eq!(artifact.origin.authorization, None);
}

#[test]
fn credentials_in_an_address_are_in_no_error_and_no_cache() {
    let registry = Registry::start();
    registry.offer("uv", "0.13.8");
    let address = format!("http://me:{TOKEN}@{}/simple", host(registry.server()));
    let setting = Setting::empty().with("UV_DEFAULT_INDEX", &address);
    resolve(&setting.sources(), "uv", "latest").unwrap();
    for entry in std::fs::read_dir(setting.root.path().join("vx/cache/index")).unwrap() {
        assert!(!std::fs::read_to_string(entry.unwrap().path()).unwrap().contains(TOKEN));
    }
    registry.server().serve(&page_path("ruff"), Reply::status(500));
    for tool in ["ruff", "just"] {
        let error = resolve(&setting.sources(), tool, "latest").unwrap_err();
        assert!(!format!("{error} {error:?}").contains(TOKEN), "{error}");
    }
    let bad = Setting::empty().with("UV_DEFAULT_INDEX", &format!("ftp://me:{TOKEN}@h.invalid/"));
    let error = resolve(&bad.sources(), "uv", "latest").unwrap_err();
    assert!(!format!("{error} {error:?}").contains(TOKEN), "{error}");
}

#[test]
fn a_proxy_is_used_for_all_but_its_exceptions() {
    let registry = Registry::start();
    registry.offer("uv", "0.13.8");
    let dead = format!("http://{}", host(&Server::start()));
    let setting = Setting::of(&registry).with("http_proxy", &dead);
    assert!(matches!(resolve(&setting.sources(), "uv", "latest").unwrap_err().kind, SourceErrorKind::Proxy { .. }));
    let excepted = Setting::of(&registry).with("http_proxy", &dead).with("NO_PROXY", "example.invalid, 127.0.0.0/8");
    assert!(resolve(&excepted.sources(), "uv", "latest").is_ok());
    let https_only = Setting::of(&registry).with("HTTPS_PROXY", &dead);
    assert!(resolve(&https_only.sources(), "uv", "latest").is_ok());
}
