//! File systems that refuse to write a file to the disk, or have no modes, as some in user space and network drives do.

use nix::libc;

use crate::failures::*;
use crate::support::sandbox::Refusal;

/// Check that every command that writes to the project or the home succeeds while these calls are refused.
fn is_served(refused: &[Refusal]) {
    let (sandbox, _) = one_good_one_bad();
    let vx = |words: &str| sandbox.start_refusing(words, refused).finish().succeeds();
    vx("sync --plain");
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
    // Each replaces an existing file.
    vx("sync --plain --force");
    vx("uninstall esbuild");
    vx("doctor --fix --offline");
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    sandbox.is_clean();
}

#[test]
fn a_file_system_that_cannot_be_asked_to_write_to_the_disk_is_served() {
    is_served(&[libc::SYS_fsync, libc::SYS_fdatasync].map(|call| Refusal { call, error: libc::EINVAL }));
}

/// The answers of a file system without modes.
fn without_modes() -> Vec<Refusal> {
    let calls = [
        libc::SYS_fchmod,
        libc::SYS_fchmodat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_chmod,
    ];
    calls.map(|call| Refusal { call, error: libc::EPERM }).into()
}

#[test]
fn a_file_system_without_modes_is_served() {
    is_served(&without_modes());
}

#[test]
fn a_command_after_an_install_runs_its_file_on_a_file_system_without_modes() {
    let sandbox = Sandbox::new().offers("biome", "2.3.4").variable("VX_TRUST", "");
    let script = sandbox.project().join("setup.sh");
    sandbox.write("setup.sh", "touch made\n");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o640)).expect("its mode");
    let command = format!("sh {}", script.display());
    let sandbox = sandbox.config(&format!("[tools]\nbiome = {{ version = \"2.3.4\", postinstall = \"{command}\" }}\n"));
    sandbox.vx("trust --yes").succeeds().says("with the present content of setup.sh");
    sandbox.start_refusing("sync --plain", &without_modes()).finish().succeeds();
    assert!(sandbox.stored().iter().any(|path| path.ends_with("/made")), "{:?}", sandbox.stored());
}
