//! A fresh file system for each sample: ext4 in a file, mounted through a loop device.
//!
//! Deleting and reinstalling on the same ext4 makes the kernel's share of the work three to ten times as expensive for
//! minutes; a new file system costs 20 ms.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const SIZE_BYTES: u64 = 6 << 30;

/// A mounted file system; unmounted and removed when dropped.
pub(crate) struct Disk {
    image: PathBuf,
    mount: PathBuf,
}

impl Disk {
    /// Make a file system, with its file in `images`, mounted at `mount`.
    pub(crate) fn fresh(images: &Path, mount: &Path) -> io::Result<Self> {
        fs::create_dir_all(mount)?;
        let image = image(images);
        File::create(&image)?.set_len(SIZE_BYTES)?;
        let disk = Self { image, mount: mount.to_owned() };
        let lazy = "lazy_itable_init=0,lazy_journal_init=0,nodiscard";
        call(Command::new("mkfs.ext4").args(["-q", "-F", "-N", "160000", "-E", lazy]).arg(&disk.image))?;
        call(Command::new("mount").args(["-o", "loop,noatime"]).arg(&disk.image).arg(mount))?;
        Ok(disk)
    }

    /// The mount point.
    pub(crate) fn path(&self) -> &Path {
        &self.mount
    }

    /// Write everything to the image, so that the next sample does not pay for this one.
    pub(crate) fn settle(&self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(File::open(&self.mount)?)?)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        unmount(&self.mount);
        let _ = fs::remove_file(&self.image);
    }
}

/// The file that holds the file system. It is named after the bench, so that a later run can remove it.
fn image(images: &Path) -> PathBuf {
    images.join("vx-bench-install.img")
}

/// Remove the leftovers of a run that was killed.
pub(crate) fn remove_leftover(images: &Path, mount: &Path) {
    unmount(mount);
    let _ = fs::remove_file(image(images));
}

fn unmount(mount: &Path) {
    let mounted = || {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        mounts.lines().any(|line| line.split(' ').nth(1).is_some_and(|at| Path::new(at) == mount))
    };
    // A process that is just ending may still have files open there.
    for attempt in 0..50 {
        if !mounted() {
            return;
        }
        let mut command = Command::new("umount");
        if attempt == 49 {
            command.arg("--lazy");
        }
        let _ = command.arg(mount).stderr(Stdio::null()).status();
        if mounted() {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn call(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(io::Error::other(format!("{}: {said}", command.get_program().to_string_lossy())))
}
