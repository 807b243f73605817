//! File systems that refuse to write a file to the disk, or have no modes, as some in user space and network drives do.

use nix::libc;

use super::*;
use crate::sandbox::Refusal;

/// Every command that writes to the project or the home does its work and succeeds, whatever is refused.
fn is_served(refused: &[Refusal]) {
    let (sandbox, _) = one_good_one_bad();
    let vx = |words: &str| sandbox.start_refusing(words, refused).finish().succeeds();
    vx("sync --plain");
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
    // Each replaces a file that is there already.
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

#[test]
fn a_file_system_without_modes_is_served() {
    let calls = [
        libc::SYS_fchmod,
        libc::SYS_fchmodat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_chmod,
    ];
    is_served(&calls.map(|call| Refusal { call, error: libc::EPERM }));
}
