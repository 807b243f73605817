//! The links of `vx shims`, and other copies that precede them on PATH.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::{finds_and_mends, finds_one, found, well, wrongs};
use crate::support::sandbox::Sandbox;

/// Links for two tools, first on PATH.
fn linked() -> Sandbox {
    let sandbox = well();
    sandbox.vx("shims").succeeds();
    let path = format!("{}:/usr/bin:/bin", sandbox.home().join("shims").display());
    sandbox.variable("PATH", &path)
}

#[test]
fn links_that_lead_nowhere_are_found_and_made_anew() {
    let sandbox = linked();
    assert_eq!(wrongs(sandbox.vx("doctor --json").succeeds()), [""; 0]);
    let shims = sandbox.home().join("shims");
    fs::remove_file(shims.join(".vx")).expect("it goes");
    symlink("/no/such/vx", shims.join(".vx")).expect("a link");
    finds_and_mends(&sandbox, &["its link to vx leads nowhere"]);
    fs::remove_file(shims.join(".launcher")).expect("it goes");
    finds_and_mends(&sandbox, &["links lead nowhere: biome, esbuild, vx"]);
    fs::write(shims.join(".launcher"), "of another vx").expect("a file");
    finds_and_mends(&sandbox, &["its launcher is from another vx"]);
}

#[test]
fn a_copy_that_stands_before_the_links_is_found_with_its_owner() {
    let sandbox = linked();
    let other = sandbox.root().join("user/.volta/bin");
    fs::create_dir_all(&other).expect("a directory");
    fs::write(other.join("biome"), "#!/bin/sh\n").expect("a file");
    fs::set_permissions(other.join("biome"), fs::Permissions::from_mode(0o755)).expect("its mode");
    let (other, shims) = (other.display().to_string(), sandbox.home().join("shims").display().to_string());
    let sandbox = sandbox.variable("PATH", &format!("{other}:{shims}:/bin"));
    finds_one(&sandbox, &[&other, "it is volta's and has biome, and comes before vx's own folder"]);
    let sandbox = sandbox.variable("PATH", &format!("{shims}:{other}:/bin"));
    assert_eq!(wrongs(sandbox.vx("doctor --json").succeeds()), [""; 0]);
}

#[test]
fn links_that_no_shell_finds_are_advised_about() {
    let sandbox = linked().variable("PATH", "/usr/bin:/bin");
    let advice = found(&sandbox.vx("doctor --json").succeeds(), "advice");
    assert!(advice.iter().any(|advice| advice.contains("shims: it is not on PATH")), "{advice:#?}");
}
