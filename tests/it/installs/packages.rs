//! Packages of the registries by their own names: packages that ship their programs, and packages that don't.

mod consent;
mod lacking;
mod locked;
mod native;

use serde_json::{Value, json};
use vx_base::system::platform::{Arch, Os, Platform};

use crate::support::registry::archive::{Entry, script, tgz, wheel};
use crate::support::registry::{Npm, wheel_tag};
use crate::support::sandbox::{Finished, Sandbox};

/// A script that greets and prints its arguments, for node and for the shell that stands for node in these tests.
pub(crate) fn cli(path: &str, greeting: &str) -> Entry {
    let text = format!(
        "#!/usr/bin/env node\n\":\" //; echo \"{greeting} $@\"; exit\n\
         console.log([\"{greeting}\", ...process.argv.slice(2)].join(\" \"));\n"
    );
    Entry::file(&format!("package/{path}"), 0o644, text)
}

/// Publish an npm package with this manifest, in its archive and in the registry's record of it.
pub(crate) fn publish(sandbox: &Sandbox, package: &str, version: &str, manifest: &Value, files: &[Entry]) {
    let mut own = manifest.clone();
    (own["name"], own["version"]) = (json!(package), json!(version));
    let mut entries = vec![Entry::file("package/package.json", 0o644, own.to_string())];
    entries.extend(files.iter().cloned());
    sandbox.registry().npm(package, version, &tgz(&entries), Npm::default());
    sandbox.registry().rewrite(package, version, |record| {
        manifest.as_object().expect("a table").iter().for_each(|(key, value)| record[key] = value.clone());
    });
}

/// Publish a wheel for this machine.
pub(crate) fn publish_wheel(sandbox: &Sandbox, package: &str, version: &str, metadata: &str, files: &[Entry]) {
    let stem = format!("{}-{version}", package.replace('-', "_"));
    let mut entries = vec![Entry::file(
        &format!("{stem}.dist-info/METADATA"),
        0o644,
        format!("Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n{metadata}\n"),
    )];
    entries.extend(files.iter().map(|file| Entry { path: file.path.replace("{stem}", &stem), ..file.clone() }));
    let platform = Platform::current().expect("tests run where tools are known");
    let name = format!("{stem}-py3-none-{}.whl", wheel_tag(platform));
    sandbox.registry().pypi(package, &name, &wheel(&entries));
}

/// A sandbox with a node that runs scripts, and a package with two programs.
fn with_moo(config: &str) -> Sandbox {
    let sandbox = Sandbox::new().config(config).offers("node", "22.1.0");
    for version in ["1.4.0", "1.5.0"] {
        let bin = json!({ "bin": { "think": "./lib/think.js", "moo": "./cli.js" } });
        let files = [cli("cli.js", &format!("moo {version}")), cli("lib/think.js", "think")];
        publish(&sandbox, "moo", version, &bin, &files);
    }
    sandbox
}

const MOO: &str = "[tools]\nnode = \"22\"\n\"npm:moo\" = \"1\"\n";

#[test]
fn a_package_of_npm_is_a_tool_under_its_name() {
    let sandbox = with_moo(MOO);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["node 22.1.0", "npm:moo 1.5.0"]);
    for words in ["moo a b", "npm:moo a b", "x moo a b", "x npm:moo a b", "x npm:moo@1.5 a b"] {
        assert_eq!(sandbox.vx(words).succeeds().stdout(), "moo 1.5.0 a b\n", "{words}");
    }
    assert_eq!(sandbox.vx("think twice").succeeds().stdout(), "think twice\n");
    let path = sandbox.vx("which moo").succeeds().stdout();
    assert!(path.trim().ends_with("/store/npm=moo/1.5.0/bin/moo"), "{path}");
    assert_eq!(sandbox.vx("which npm:moo").succeeds().stdout(), path);
    sandbox.vx("sync").succeeds().says("nothing to do");
    sandbox.vx("list").succeeds().prints("npm:moo          1.5.0");
    sandbox.vx("config").succeeds().prints("npm:moo");
    sandbox.vx("doctor").succeeds();
    sandbox.is_whole();
}

#[test]
fn a_package_is_locked_upgraded_and_removed_like_any_tool() {
    let sandbox = with_moo("[tools]\nnode = \"22\"\n\"npm:moo\" = \"1.4\"\n");
    sandbox.vx("lock").succeeds().says("npm:moo 1.4.0");
    let lock = sandbox.read("vx.lock");
    assert!(lock.contains("[tools.\"npm:moo\"]") && lock.contains("into = \"lib/node_modules/moo\""), "{lock}");
    sandbox.vx("lock --check").succeeds();
    sandbox.vx("sync --frozen").succeeds();
    sandbox.write("vx.toml", MOO);
    sandbox.vx("outdated").succeeds().prints("npm:moo  1.4.0   1.5.0");
    sandbox.vx("lock --upgrade npm:moo").succeeds().says("1.5.0");
    sandbox.vx("sync npm:moo").succeeds();
    assert_eq!(sandbox.installed(), ["node 22.1.0", "npm:moo 1.4.0", "npm:moo 1.5.0"]);
    sandbox.vx("uninstall npm:moo@1.4.0").succeeds();
    assert_eq!(sandbox.installed(), ["node 22.1.0", "npm:moo 1.5.0"]);
}

#[test]
fn a_scoped_package_in_capitals_has_a_folder_and_shims_of_its_own() {
    let sandbox = Sandbox::new()
        .config("[tools]\nnode = \"22\"\n\"npm:@My.Scope/Tool\" = \"1\"\n\"npm:@my.scope/tool\" = \"1\"\n");
    let sandbox = sandbox.offers("node", "22.1.0");
    for (package, greeting) in [("@My.Scope/Tool", "large"), ("@my.scope/tool", "small")] {
        publish(&sandbox, package, "1.0.0", &json!({ "bin": "cli.js" }), &[cli("cli.js", greeting)]);
    }
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["node 22.1.0", "npm:@My.Scope/Tool 1.0.0", "npm:@my.scope/tool 1.0.0"]);
    assert_eq!(sandbox.vx("Tool").succeeds().stdout(), "large \n");
    assert_eq!(sandbox.vx("tool").succeeds().stdout(), "small \n");
    let folders: Vec<String> =
        sandbox.stored().iter().map(|path| path.split('/').next().unwrap_or_default().to_lowercase()).collect();
    assert!(
        folders.contains(&"npm=@my.scope=tool".to_owned()) && folders.contains(&"npm=@!my.!scope=!tool".to_owned())
    );
    sandbox.vx("shims").succeeds();
    let mut linked = sandbox.inside(sandbox.home().join("shims/tool").to_str().expect("a path"));
    linked.env_clear().envs(sandbox.environment());
    assert_eq!(sandbox.run("tool", linked).finish().succeeds().stdout(), "small \n");
    let links: Vec<_> = std::fs::read_dir(sandbox.home().join("shims"))
        .expect("shims")
        .flatten()
        .map(|link| link.file_name())
        .collect();
    assert!(!links.iter().any(|link| link.to_string_lossy().contains(':')), "{links:?}");
    sandbox.is_whole();
}

#[test]
fn a_package_beside_a_tools_own_name_is_its_source() {
    let sandbox =
        Sandbox::new().config("[tools]\nspell = { version = \"2\", source = \"pypi\", package = \"spell-cli\" }\n");
    let files = [script("{stem}.data/scripts/spell", "2.0.0"), script("{stem}.data/scripts/check", "check")];
    publish_wheel(&sandbox, "spell-cli", "2.0.0", "", &files);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["spell 2.0.0"]);
    assert_eq!(sandbox.program_says("spell"), "2.0.0");
    assert_eq!(sandbox.program_says("check"), "check");
    assert!(sandbox.read("vx.lock").contains("package = \"spell-cli\""));
    // A lock with another package is out of date, not forged.
    publish_wheel(&sandbox, "spell-other", "2.0.0", "", &[script("{stem}.data/scripts/spell", "other")]);
    sandbox.write("vx.toml", &sandbox.read("vx.toml").replace("spell-cli", "spell-other"));
    sandbox.vx("lock --check").exits_with(1).prints("another package than spell-other");
    sandbox.vx("sync --locked").exits_with(2);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.program_says("spell"), "other");
}

#[test]
fn a_package_of_the_python_index_is_a_tool_under_its_name() {
    let sandbox = Sandbox::new().config("[tools]\n\"pypi:spell-cli\" = \"2\"\n");
    let metadata = "Requires-Dist: pytest ; extra == \"test\"";
    publish_wheel(&sandbox, "spell-cli", "2.0.0", metadata, &[script("{stem}.data/scripts/spell", "2.0.0")]);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.vx("spell --version").succeeds().stdout(), "2.0.0\n");
    assert_eq!(sandbox.vx("pypi:spell-cli").succeeds().stdout(), "2.0.0\n");
    sandbox.vx("sync").succeeds().says("nothing to do");
    sandbox.is_whole();
}

#[test]
fn a_package_that_the_catalogue_has_under_its_name_is_the_catalogues() {
    let sandbox = Sandbox::new().variable("VX_TRUST", "").offers("prettier", "3.1.0").offers("node", "22.1.0");
    let sandbox = sandbox.config("[tools]\nnode = \"22\"\n\"npm:prettier\" = \"3\"\n");
    sandbox.vx("sync").succeeds().keeps_silent_about("trust");
    sandbox.vx("prettier").succeeds().prints("3.1.0 of prettier");
}

#[test]
fn a_package_is_run_and_installed_without_a_project() {
    let sandbox = with_moo("").offers("node", "22.1.0");
    std::fs::remove_file(sandbox.project().join("vx.toml")).expect("a file");
    sandbox.vx("install node").succeeds();
    let said = |finished: Finished| finished.succeeds().stdout();
    assert_eq!(said(sandbox.vx("x npm:moo hello")), "moo 1.5.0 hello\n");
    assert_eq!(said(sandbox.vx("x npm:moo@1.4 hello")), "moo 1.4.0 hello\n");
    sandbox.vx("npm:moo hello").refuses_with("is neither a command of vx").says("`vx x npm:moo`");
    sandbox.vx("moo").exits_with(2);
    sandbox.vx("which moo").exits_with(1);
    sandbox.vx("x --no-install npm:other").fails_with("npm:other@latest is not installed");
    sandbox.vx("install npm:moo@9").fails_with("no version matches `9`");
    sandbox.vx("x npm:../moo").refuses_with("cannot be the name of an npm package");
    sandbox.vx("x pypi:Foo_Bar").refuses_with("is spelled `foo-bar` here").says("write `pypi:foo-bar`");
}

/// The platform in npm's words.
fn npm_words() -> (&'static str, &'static str) {
    let platform = Platform::current().expect("tests run where tools are known");
    let os = match platform.os {
        Os::Linux => "linux",
        Os::Macos => "darwin",
        Os::Windows => "win32",
    };
    (os, if platform.arch == Arch::X64 { "x64" } else { "arm64" })
}
