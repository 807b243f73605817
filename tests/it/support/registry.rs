//! A loopback registry for tests with the protocols of npm and of the Python package index, and archives made in
//! memory.
//!
//! It uses [`Server`], on which a test can replace each published path by a faulty reply.

pub(crate) mod archive;
pub(crate) mod authority;
#[cfg(target_os = "linux")]
pub(crate) mod native;
mod signing;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vx_base::digest::{Algorithm, Digest};
use vx_base::package::source_kind::SourceKind;
use vx_base::system::platform::{Arch, Os, Platform};
use vx_fetch::{Recipe, RecipeRequest};

use crate::support::server::{Reply, Server};
use archive::{Entry, filler, script, tgz, wheel};
use authority::as_indexed;
pub(crate) use signing::Signer;

/// The formats in which the Python index answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// JSON on request, HTML otherwise.
    Both,
    /// HTML for every request.
    Html,
}

/// The documents of npm packages that have the times of publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    /// All, like a registry that knows no short documents.
    Always,
    /// The long documents only. Short documents have the time of the last change.
    Long,
    /// None, like a mirror that leaves times out.
    Never,
}

/// A running registry; it stops when dropped.
pub(crate) struct Registry {
    server: Server,
    state: Mutex<State>,
}

struct State {
    language: Language,
    npm: BTreeMap<String, BTreeMap<String, Value>>,
    pypi: BTreeMap<String, Vec<Wheel>>,
    archives: Vec<Vec<u8>>,
    signer: Option<Signer>,
    times: Times,
    /// The time of publication for everything published next.
    clock: Option<String>,
    /// The times of npm versions, by package and version.
    npm_times: BTreeMap<(String, String), String>,
}

#[derive(Clone)]
struct Wheel {
    name: String,
    path: String,
    digest: Digest,
    size: usize,
    yanked: bool,
    uploaded: Option<String>,
    /// The path of its attestations.
    provenance: Option<String>,
}

/// Fields of a version's npm document beside its archive.
#[derive(Clone, Copy, Default)]
pub(crate) struct Npm<'a> {
    /// The node versions that it accepts.
    pub(crate) node: Option<&'a str>,
    pub(crate) deprecated: bool,
}

impl Registry {
    /// An empty registry on a free loopback port.
    pub(crate) fn start() -> Self {
        let state = State {
            language: Language::Both,
            npm: BTreeMap::new(),
            pypi: BTreeMap::new(),
            archives: Vec::new(),
            signer: None,
            times: Times::Always,
            clock: None,
            npm_times: BTreeMap::new(),
        };
        Self { server: Server::start(), state: Mutex::new(state) }
    }

    /// The underlying server, for faults and for the requests it got.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// The variables that make `vx` use this registry and no other.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        vec![
            ("NPM_CONFIG_REGISTRY".into(), self.server.url("/npm/")),
            ("UV_DEFAULT_INDEX".into(), self.server.url("/simple/")),
        ]
    }

    /// Answer for Python packages in these formats from now on.
    pub(crate) fn speak(&self, language: Language) {
        self.state().language = language;
        let packages: Vec<String> = self.state().pypi.keys().cloned().collect();
        packages.iter().for_each(|package| self.serve_page(package));
    }

    /// Answer for npm packages with times in these documents from now on.
    pub(crate) fn give_times(&self, times: Times) {
        self.state().times = times;
        let versions: Vec<(String, String)> = self.state().npm_times.keys().cloned().collect();
        versions.iter().for_each(|(package, version)| self.serve_npm(package, version));
    }

    /// Give everything published from now on this time of publication. Without a time, npm packages have an old one,
    /// and Python packages none.
    pub(crate) fn publish_at(&self, time: Option<&str>) {
        self.state().clock = time.map(str::to_owned);
    }

    /// Every archive that was published, even if another reply is served in its place.
    pub(crate) fn archives(&self) -> Vec<Vec<u8>> {
        self.state().archives.clone()
    }

    /// Count this archive as published.
    pub(crate) fn know(&self, archive: &[u8]) {
        self.state().archives.push(archive.to_vec());
    }

    /// Sign every npm package from now on with this key, and publish the key as the registry's own.
    pub(crate) fn sign_with(&self, signer: Signer) {
        self.server.serve(KEYS_PATH, Reply::json(signer.document()));
        self.state().signer = Some(signer);
    }

    /// Publish a version of an npm package.
    pub(crate) fn npm(&self, package: &str, version: &str, archive: &[u8], said: Npm<'_>) {
        self.know(archive);
        let path = npm_archive_path(package, version);
        let integrity = format!("sha512-{}", STANDARD.encode(bytes_of(&digest(Algorithm::Sha512, archive))));
        let mut document = json!({
            "name": package,
            "version": version,
            "dist": { "tarball": self.server.url(&path), "integrity": integrity, "shasum": "0".repeat(40) },
        });
        let message = format!("{package}@{version}:{integrity}");
        if let Some(signer) = &self.state().signer {
            document["dist"]["signatures"] = json!([signer.sign(&message)]);
        }
        if let Some(node) = said.node {
            document["engines"] = json!({ "node": node });
        }
        if said.deprecated {
            document["deprecated"] = json!("use another");
        }
        self.server.serve(&path, Reply::ok(archive).header("Content-Type", "application/octet-stream"));
        let time = self.state().clock.clone().unwrap_or_else(|| PUBLISHED.to_owned());
        self.state().npm_times.insert((package.to_owned(), version.to_owned()), time);
        self.state().npm.entry(package.to_owned()).or_default().insert(version.to_owned(), document);
        self.serve_npm(package, version);
    }

    /// Change the registry's record of a version, in all of its documents.
    pub(crate) fn rewrite(&self, package: &str, version: &str, change: impl FnOnce(&mut Value)) {
        change(self.state().npm.get_mut(package).and_then(|versions| versions.get_mut(version)).expect("published"));
        self.serve_npm(package, version);
    }

    /// Serve attestations of a version's wheels; `attest` makes each from the wheel's name and digest.
    pub(crate) fn attest_wheels(&self, package: &str, version: &str, attest: impl Fn(&str, &Value) -> Value) {
        let between = format!("-{version}-");
        for wheel in self.state().pypi.get_mut(package).expect("published") {
            if wheel.name.contains(&between) {
                let path = attestations_path(&wheel.name);
                let bundle = attest(&wheel.name, &json!({ "sha256": wheel.digest.hex() }));
                let groups = json!([{ "attestations": [as_indexed(&bundle)] }]);
                self.server
                    .serve(&path, Reply::json(json!({ "version": 1, "attestation_bundles": groups }).to_string()));
                wheel.provenance = Some(path);
            }
        }
        self.serve_page(package);
    }

    /// Serve attestations of a version of an npm package; `attest` makes them from its name and digest.
    pub(crate) fn attest_npm(&self, package: &str, version: &str, attest: impl Fn(&str, &Value) -> Vec<Value>) {
        let path = attestations_path(&format!("{package}@{version}"));
        let url = self.server.url(&path);
        self.rewrite(package, version, |said| {
            let integrity = said["dist"]["integrity"].as_str().expect("text").trim_start_matches("sha512-");
            let digest: String =
                STANDARD.decode(integrity).expect("base 64").iter().map(|byte| format!("{byte:02x}")).collect();
            let name = format!("pkg:npm/{}@{version}", package.replace('@', "%40"));
            let bundles = attest(&name, &json!({ "sha512": digest }));
            let attestations: Vec<Value> = bundles.iter().map(|bundle| json!({ "bundle": bundle })).collect();
            self.server.serve(&path, Reply::json(json!({ "attestations": attestations }).to_string()));
            said["dist"]["attestations"] = json!({ "url": url });
        });
    }

    fn serve_npm(&self, package: &str, version: &str) {
        let state = self.state();
        let versions = &state.npm[package];
        self.server.serve(&format!("{}/{version}", npm_path(package)), Reply::json(versions[version].to_string()));
        let of_package = state.npm_times.iter().filter(|((of, _), _)| of == package);
        let time: BTreeMap<&String, &String> = of_package.map(|((_, version), time)| (version, time)).collect();
        let modified = time.values().max().map(|time| (*time).clone());
        let bare = json!({ "name": package, "dist-tags": { "latest": version }, "versions": versions });
        let (mut long, mut short) = (bare.clone(), bare.clone());
        long["time"] = json!(time);
        short["modified"] = json!(modified);
        let (long, short, bare) = (long.to_string(), short.to_string(), bare.to_string());
        let times = state.times;
        let reply = Reply::choose(move |request| match times {
            Times::Always => Reply::json(long.clone()),
            Times::Long if request.header("accept").is_some_and(|accept| accept.contains("npm.install-v1")) => {
                Reply::json(short.clone())
            }
            Times::Long => Reply::json(long.clone()),
            Times::Never => Reply::json(bare.clone()),
        });
        self.server.serve(&npm_path(package), reply);
    }

    /// Publish a wheel, whose name contains version and platform.
    pub(crate) fn pypi(&self, package: &str, name: &str, archive: &[u8]) {
        self.publish_wheel(package, name, archive, false);
    }

    /// Publish empty wheels with these names, in place of the package's others.
    pub(crate) fn pypi_all(&self, package: &str, names: &[String]) {
        let empty = digest(Algorithm::Sha256, b"");
        let wheel = |name: &String| {
            let (path, digest) = (wheel_path(name), empty.clone());
            Wheel { name: name.clone(), path, digest, size: 1, yanked: false, uploaded: None, provenance: None }
        };
        self.state().pypi.insert(package.to_owned(), names.iter().map(wheel).collect());
        self.serve_page(package);
    }

    /// Publish a wheel that its authors have withdrawn.
    pub(crate) fn pypi_yanked(&self, package: &str, name: &str, archive: &[u8]) {
        self.publish_wheel(package, name, archive, true);
    }

    /// Publish a version of a tool of the catalogue for this machine, in the form of its registry. Its programs are
    /// scripts that print the version.
    pub(crate) fn offer(&self, tool: &str, version: &str) {
        self.offer_sized(tool, version, 0);
    }

    /// Publish such a version with this many bytes that cannot be compressed.
    pub(crate) fn offer_sized(&self, tool: &str, version: &str, filler_bytes: usize) {
        let platform = Platform::current().expect("tests run where tools are known");
        let recipe = Recipe::for_tool(tool, &RecipeRequest::default(), &[], platform).expect("a tool of the catalogue");
        let package = &recipe.packages()[0];
        let file = match recipe.source {
            SourceKind::Pypi => format!("{}-{version}-py3-none-{}.whl", package.replace('-', "_"), wheel_tag(platform)),
            _ => String::new(),
        };
        let programs = recipe.programs(version, &file);
        let own = programs.iter().filter(|program| program.runner.is_none());
        let mut entries: Vec<Entry> = own.map(|program| script(&program.path, version)).collect();
        if recipe.needs().is_some() {
            let text = format!("echo \"{version} of {tool}\"\n");
            entries.extend(programs.iter().map(|program| Entry::file(&program.path, 0o644, text.clone())));
            entries.dedup_by(|one, other| one.path == other.path);
        }
        if filler_bytes > 0 {
            entries.push(filler("share/filler", filler_bytes));
        }
        match recipe.source {
            SourceKind::Pypi => self.pypi(package, &file, &wheel(&entries)),
            _ => self.npm(package, version, &tgz(&below("package", &entries)), Npm::default()),
        }
        if tool == "node" {
            let parts =
                ["npm", "npx"].map(|name| Entry::file(&format!("package/bin/{name}-cli.js"), 0o644, "echo 11.0.0\n"));
            self.npm("npm", "11.0.0", &tgz(&parts), Npm { node: Some(">=16"), deprecated: false });
        }
    }

    fn publish_wheel(&self, package: &str, name: &str, archive: &[u8], yanked: bool) {
        self.know(archive);
        let digest = digest(Algorithm::Sha256, archive);
        let path = wheel_path(name);
        self.server.serve(&path, Reply::ok(archive).header("Content-Type", "application/zip"));
        let uploaded = self.state().clock.clone();
        let wheel =
            Wheel { name: name.to_owned(), path, digest, size: archive.len(), yanked, uploaded, provenance: None };
        {
            let mut state = self.state();
            let wheels = state.pypi.entry(package.to_owned()).or_default();
            wheels.retain(|known| known.name != name);
            wheels.push(wheel);
        }
        self.serve_page(package);
    }

    fn serve_page(&self, package: &str) {
        let state = self.state();
        let wheels = &state.pypi[package];
        let (json, html) = (json_page(package, wheels), html_page(wheels));
        let speaks_json = state.language == Language::Both;
        let reply = Reply::choose(move |request| {
            let asked = request.header("accept").is_some_and(|accept| accept.contains("vnd.pypi.simple.v1+json"));
            if asked && speaks_json {
                Reply::ok(json.clone()).header("Content-Type", "application/vnd.pypi.simple.v1+json")
            } else {
                Reply::html(&html)
            }
        });
        self.server.serve(&page_path(package), reply);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The path of an npm registry's keys.
pub(crate) const KEYS_PATH: &str = "/npm/-/npm/v1/keys";

/// The time at which everything was published, by the registry's own records.
const PUBLISHED: &str = "2024-06-01T12:00:00.000Z";

/// The path of an npm package's document.
pub(crate) fn npm_path(package: &str) -> String {
    format!("/npm/{}", package.replace('/', "%2f"))
}

/// The path of an npm archive.
pub(crate) fn npm_archive_path(package: &str, version: &str) -> String {
    let bare = package.rsplit('/').next().unwrap_or(package);
    format!("/npm/{package}/-/{bare}-{version}.tgz")
}

/// The path of a Python package's page.
pub(crate) fn page_path(package: &str) -> String {
    format!("/simple/{package}/")
}

/// The path of the attestations of a wheel, or of a version of an npm package.
pub(crate) fn attestations_path(name: &str) -> String {
    format!("/attestations/{}", name.replace('/', "%2f"))
}

/// The path of a wheel.
pub(crate) fn wheel_path(name: &str) -> String {
    format!("/files/{name}")
}

/// The platform tag of a wheel for this platform.
pub(crate) fn wheel_tag(platform: Platform) -> &'static str {
    match (platform.os, platform.arch) {
        (Os::Linux, Arch::X64) => "manylinux_2_17_x86_64",
        (Os::Linux, Arch::Arm64) => "manylinux_2_17_aarch64",
        (Os::Macos, Arch::X64) => "macosx_11_0_x86_64",
        (Os::Macos, Arch::Arm64) => "macosx_11_0_arm64",
        (Os::Windows, Arch::X64) => "win_amd64",
        (Os::Windows, Arch::Arm64) => "win_arm64",
    }
}

fn below(folder: &str, entries: &[Entry]) -> Vec<Entry> {
    entries.iter().map(|entry| Entry { path: format!("{folder}/{}", entry.path), ..entry.clone() }).collect()
}

fn json_page(package: &str, wheels: &[Wheel]) -> String {
    let files: Vec<Value> = wheels
        .iter()
        .map(|wheel| {
            let mut file = json!({
                "filename": wheel.name,
                "url": format!("../..{}", wheel.path),
                "hashes": { "sha256": wheel.digest.hex() },
                "size": wheel.size,
                "yanked": wheel.yanked,
            });
            if let Some(provenance) = &wheel.provenance {
                file["provenance"] = json!(format!("../..{provenance}"));
            }
            if let Some(uploaded) = &wheel.uploaded {
                file["upload-time"] = json!(uploaded);
            }
            file
        })
        .collect();
    json!({ "meta": { "api-version": "1.1" }, "name": package, "files": files }).to_string()
}

fn html_page(wheels: &[Wheel]) -> String {
    let links: Vec<String> = wheels
        .iter()
        .map(|wheel| {
            let yanked = if wheel.yanked { " data-yanked=\"broken\"" } else { "" };
            format!("<a href=\"../..{}#sha256={}\"{yanked}>{}</a><br/>", wheel.path, wheel.digest.hex(), wheel.name)
        })
        .collect();
    format!(
        "<!DOCTYPE html><html><head><meta name=\"pypi:repository-version\" content=\"1.0\"></head><body>\n{}\n</body></html>\n",
        links.join("\n")
    )
}

/// The digest of some bytes.
pub(crate) fn digest(algorithm: Algorithm, bytes: &[u8]) -> Digest {
    let mut hasher = algorithm.hasher();
    hasher.update(bytes);
    hasher.finish()
}

fn bytes_of(digest: &Digest) -> Vec<u8> {
    let hex = digest.hex();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits")).collect()
}
