//! The home and the runtime directory themselves.

use std::fs;
use std::path::{Path, PathBuf};

use vx_base::paths::{FileSystemKind, Home, RuntimeError};
use vx_base::trouble::{Explain, Trouble, TroubleKind};

use crate::doors::doctor::finding::{DoctorCheck, Finding, Remedy, Severity};

/// The runtime directory, as far as it is known without creating it.
type Runtime = Result<Option<PathBuf>, RuntimeError>;

/// Check the home and the runtime directory.
pub(super) fn check(home: &Home, runtime: &Runtime) -> Vec<Finding> {
    let mut findings = in_home(home);
    match runtime {
        Err(error) => findings.push(unusable(error)),
        Ok(Some(directory)) => findings.extend(on_disk(directory)),
        Ok(None) => {}
    }
    findings
}

/// Make one of vx's directories accessible to its owner only.
#[cfg(unix)]
pub(super) fn close(path: &Path) -> Result<(), Trouble> {
    use std::os::unix::fs::PermissionsExt;

    let closed = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
    closed.map_err(|error| Trouble::new(TroubleKind::Disk, error))
}

#[cfg(not(unix))]
pub(super) fn close(_: &Path) -> Result<(), Trouble> {
    Err(Trouble::new(TroubleKind::Disk, "this system has no modes of directories"))
}

fn in_home(home: &Home) -> Vec<Finding> {
    let mut findings = Vec::new();
    // A missing home is not a fault, because the first install creates it.
    let Ok(data) = fs::metadata(home.root()) else { return findings };
    if !data.is_dir() || !is_writable(home.root()) {
        let what = if data.is_dir() { "this user cannot write to it" } else { "it is not a directory" };
        let mend = "make it a directory that you can write to, or name another with VX_HOME";
        findings.push(place(home.root(), Severity::Wrong, what, "nothing can be installed", mend));
        return findings;
    }
    if let Some((one, other)) = apart(&home.store(), &home.tmp()) {
        let what = format!("`{one}` and `{other}` are on two file systems");
        let why = "a finished release is renamed into the store, which does not work across file systems";
        let mend = "keep both on one file system: move the whole home with VX_HOME instead of a part of it";
        findings.push(place(home.root(), Severity::Wrong, &what, why, mend));
    }
    match FileSystemKind::detect(home.root()) {
        FileSystemKind::OneName => {
            let what = "its file system has no hard links";
            let why = "files are copied instead of linked, and modes and links are lost";
            let mend = "put it on a native file system of this machine: set VX_HOME";
            findings.push(place(home.root(), Severity::Advice, what, why, mend));
        }
        FileSystemKind::Network => {
            let what = "it is on another machine";
            let why = "installs wait for the network, and locks hold only as far as that machine keeps them";
            let mend = "put it on a disk of this machine: set VX_HOME";
            findings.push(place(home.root(), Severity::Advice, what, why, mend));
        }
        FileSystemKind::Memory | FileSystemKind::Disk | FileSystemKind::Unknown => {}
    }
    findings
}

/// Two existing directories on different file systems.
#[cfg(unix)]
fn apart(one: &Path, other: &Path) -> Option<(String, String)> {
    use std::os::unix::fs::MetadataExt;

    let device = |path: &Path| fs::metadata(path).ok().map(|data| data.dev());
    let (first, second) = (device(one)?, device(other)?);
    (first != second).then(|| (one.display().to_string(), other.display().to_string()))
}

#[cfg(not(unix))]
fn apart(_: &Path, _: &Path) -> Option<(String, String)> {
    None
}

#[cfg(unix)]
fn is_writable(path: &Path) -> bool {
    use rustix::fs::{Access, access};

    access(path, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn is_writable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| !data.permissions().readonly())
}

fn unusable(error: &RuntimeError) -> Finding {
    let mend = error.hint().unwrap_or_else(|| "name another with VX_RUNTIME_DIR".into());
    let why = "no run can make a board, so nothing can be installed";
    match error {
        RuntimeError::Unsafe { path, problem } => {
            let found = place(path, Severity::Wrong, &format!("the runtime directory {problem}"), why, &mend);
            match is_only_open(path) {
                true => Finding {
                    mend: "close it to others: `vx doctor --fix`, or `chmod 700`".into(),
                    remedy: Remedy::CloseDirectory { path: path.clone() },
                    ..found
                },
                false => found,
            }
        }
        error => Finding { what: error.to_string(), ..place(Path::new(""), Severity::Wrong, "", why, &mend) },
    }
}

/// Whether the only fault of a directory is that other users may enter it.
#[cfg(unix)]
fn is_only_open(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let ours = |data: &fs::Metadata| data.is_dir() && data.uid() == rustix::process::geteuid().as_raw();
    fs::symlink_metadata(path).is_ok_and(|data| ours(&data) && data.mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_only_open(_: &Path) -> bool {
    false
}

fn on_disk(directory: &Path) -> Option<Finding> {
    let (what, why) = match FileSystemKind::detect(directory) {
        FileSystemKind::Disk | FileSystemKind::OneName => {
            ("boards are on a disk", "writers of a board sometimes wait while the system writes its pages to the disk")
        }
        FileSystemKind::Network => (
            "boards are on another machine",
            "what processes on that machine write may not be seen here, and writers wait for the network",
        ),
        FileSystemKind::Memory | FileSystemKind::Unknown => return None,
    };
    let mend = "name a directory in memory with VX_RUNTIME_DIR, such as one below /dev/shm";
    Some(place(directory, Severity::Advice, what, why, mend))
}

fn place(path: &Path, severity: Severity, what: &str, why: &'static str, mend: &str) -> Finding {
    let subject = match path.as_os_str().is_empty() {
        true => "the runtime directory".to_owned(),
        false => path.display().to_string(),
    };
    let (what, mend) = (what.to_owned(), mend.to_owned());
    Finding { check: DoctorCheck::Place, severity, subject, what, why, mend, remedy: Remedy::ByHand }
}
