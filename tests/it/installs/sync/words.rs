//! Requests in words, and the system's own tools.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::sandbox::Sandbox;

#[test]
fn a_word_that_means_nothing_fails_for_its_own_tool() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"nightly\"\nesbuild = \"stable\"\nuv = \">=22 <20\"\n");
    let sandbox = sandbox.offers("esbuild", "0.27.0").offers("biome", "2.3.4").offers("uv", "0.13.8");
    let failed = sandbox.vx("sync").exits_with(1);
    let failed = failed.says("`biome`: `nightly` is not a version, nor a channel that vx knows");
    failed.says("`uv`: no version can match `>=22 <20`: its parts exclude each other");
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    assert_eq!(sandbox.vx("esbuild --version").succeeds().stdout(), "0.27.0\n");
}

/// A sandbox whose search path has these programs, each of which prints its own name.
fn with_programs(programs: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    let folder = sandbox.root().join("system");
    fs::create_dir(&folder).expect("a directory");
    for program in programs {
        let file = folder.join(program);
        fs::write(&file, format!("#!/bin/sh\necho {program} 1.95.0 of this system\n")).expect("a file");
        fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).expect("a mode");
    }
    let path = format!("{}:/usr/bin:/bin", folder.display());
    sandbox.variable("PATH", &path)
}

#[test]
fn the_systems_copy_of_a_tool_has_all_of_its_programs() {
    let sandbox =
        with_programs(&["rustc", "cargo", "node", "npm"]).config("[tools]\nrust = \"system\"\nnode = \"system\"\n");
    sandbox.vx("sync").succeeds();
    for (name, program) in [("cargo", "cargo"), ("rustc", "rustc"), ("rust", "rustc"), ("npm", "npm"), ("node", "node")]
    {
        let said = format!("{program} 1.95.0 of this system\n");
        assert_eq!(sandbox.vx(&format!("{name} --version")).succeeds().stdout(), said, "{name}");
        let path = sandbox.vx(&format!("which {name}")).succeeds().stdout();
        assert!(path.trim().ends_with(&format!("system/{program}")), "{name}: {path}");
    }
    sandbox.vx("rustdoc").fails_with("no `rustdoc` is on PATH");
    sandbox.vx("which rustdoc").fails_with("no `rustdoc` is on PATH");
}

#[test]
fn another_projects_npm_does_not_stand_in_for_the_systems() {
    let sandbox = with_programs(&["node", "npm"]).config("[tools]\nnode = \"22\"\n").offers("node", "22.1.0");
    sandbox.vx("sync").succeeds();
    sandbox.write("vx.toml", "[tools]\nnode = \"system\"\n");
    assert_eq!(sandbox.vx("npm --version").succeeds().stdout(), "npm 1.95.0 of this system\n");
}
