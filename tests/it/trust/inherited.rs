//! Inherited settings act by consent to the project further up from which they come.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::{acted, cautious, evil_tool, let_it_settle, make_shims, shim_in, vx_in};
use crate::support::sandbox::Sandbox;

/// A project with the lines `above`, and below it a project with the lines `below`, which declares `biome`.
fn nested(sandbox: Sandbox, above: &str, below: &str) -> (Sandbox, PathBuf) {
    let inner = sandbox.project().join("inner");
    fs::create_dir(&inner).expect("a directory");
    fs::write(inner.join("vx.toml"), format!("[tools]\nbiome = \"2.3.4\"\n{below}")).expect("a file");
    (sandbox.config(above), inner)
}

#[test]
fn a_project_further_up_that_is_withheld_gives_its_catalogue_tools_and_nothing_else() {
    let sandbox = cautious();
    let line = evil_tool(&sandbox, "say", ", postinstall = \"echo EVIL\"");
    let above = format!("[tools]\nruff = \"0.15.1\"\n{line}[env]\nMODE = \"test\"\n[settings]\nsources = [\"npm\"]\n");
    let (sandbox, inner) = nested(sandbox, &above, "");
    make_shims(&sandbox);
    let told = vx_in(&sandbox, &inner, "ruff").succeeds().says("project/vx.toml");
    assert!(!told.stdout().contains("MODE=test"));
    assert_eq!(vx_in(&sandbox, &inner, "ruff").succeeds().stderr(), "", "said once");
    for _ in 0..2 {
        let_it_settle();
        assert!(!shim_in(&sandbox, &inner, "biome").succeeds().stdout().contains("MODE=test"));
    }
    for words in ["say", "which say", "sync say", "sync"] {
        vx_in(&sandbox, &inner, words).refuses_with("`say` needs your consent").says("project/vx.toml");
    }
    let env = vx_in(&sandbox, &inner, "env --shell json").succeeds().stdout();
    assert!(env.contains("store/ruff") && !env.contains("MODE"), "{env}");
    assert!(!acted(&sandbox));

    vx_in(&sandbox, &inner, "trust --show").succeeds().prints("sets the variable MODE=test");
    vx_in(&sandbox, &inner, "trust --yes").succeeds();
    assert!(shim_in(&sandbox, &inner, "biome").succeeds().stdout().contains("MODE=test"), "the route ends with it");
    vx_in(&sandbox, &inner, "say").succeeds();
    assert!(acted(&sandbox));
    sandbox.vx("trust --revoke").succeeds();
    assert!(!shim_in(&sandbox, &inner, "biome").succeeds().stdout().contains("MODE=test"));
}

#[test]
fn each_project_needs_a_consent_of_its_own() {
    let (sandbox, inner) = nested(cautious(), "[env]\nONE = \"1\"\n", "[env]\nTWO = \"2\"\n");
    sandbox.vx("trust --yes").succeeds();
    let printed = vx_in(&sandbox, &inner, "biome").succeeds().stdout();
    assert!(printed.contains("ONE=1") && !printed.contains("TWO=2"), "{printed}");
    vx_in(&sandbox, &inner, "trust --yes").succeeds().says("you have agreed to");
    let printed = vx_in(&sandbox, &inner, "biome").succeeds().stdout();
    assert!(printed.contains("ONE=1") && printed.contains("TWO=2"), "{printed}");
    vx_in(&sandbox, &inner, "trust --revoke").succeeds();
    let printed = vx_in(&sandbox, &inner, "biome").succeeds().stdout();
    assert!(printed.contains("ONE=1") && !printed.contains("TWO=2"), "{printed}");
}

#[test]
fn a_file_further_up_that_others_may_write_to_counts_as_a_strangers() {
    let (sandbox, inner) = nested(cautious(), "[tools]\nruff = \"0.15.1\"\n[env]\nMODE = \"test\"\n", "");
    vx_in(&sandbox, &inner, "trust --yes").succeeds();
    assert!(vx_in(&sandbox, &inner, "ruff").succeeds().stdout().contains("MODE=test"));
    let file = sandbox.project().join("vx.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).expect("its mode");
    let told = vx_in(&sandbox, &inner, "ruff").succeeds().says("can be written to by others");
    assert!(!told.stdout().contains("MODE=test"));
    vx_in(&sandbox, &inner, "trust --yes").succeeds().says("can be written to by others");
}

#[test]
fn a_weaker_setting_further_up_is_inherited_with_consent_alone() {
    let above = "[tools]\nruff = \"0.15.1\"\n[settings.mirrors]\nnodejs = \"https://evil.invalid/\"\n";
    let (sandbox, inner) = nested(cautious(), above, "");
    vx_in(&sandbox, &inner, "biome").succeeds().says("project/vx.toml");
    vx_in(&sandbox, &inner, "trust --show").succeeds().prints("mirrors.nodejs = https://evil.invalid/");
}
