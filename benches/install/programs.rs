//! The programs that the bench needs on this machine.

use std::io;

/// Each program, and the package that contains it.
const NEEDED: [(&str, &str); 8] = [
    ("nginx", "nginx"),
    ("curl", "curl"),
    ("bsdtar", "libarchive-tools"),
    ("npm", "npm"),
    ("python3", "python3 with pip"),
    ("mkfs.ext4", "e2fsprogs"),
    ("mount", "mount"),
    ("umount", "mount"),
];

/// Check that all of them are on PATH, before an archive is fetched or a disk is made.
///
/// # Errors
/// The error names every program that is missing, with its package.
pub(crate) fn check_all() -> io::Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |program: &str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    let missing: Vec<_> = NEEDED.iter().filter(|(program, _)| !is_there(program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> =
        missing.iter().map(|(program, package)| format!("\n  `{program}` (package {package})")).collect();
    Err(io::Error::other(format!("this bench needs programs that are not on PATH:{}", lines.concat())))
}
