//! A small file system of a sandbox's own, or a layer over its home, in a mount namespace of its own: it is gone when its last user is.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::Sandbox;

/// A mounted file system. It is seen by commands started through [`Disk::command`], and by the test as [`Disk::seen`].
pub(crate) struct Disk {
    /// The process that keeps the namespace. It ends when its input does, even if the test is killed.
    holder: Child,
    point: PathBuf,
    /// True if the holder has a namespace of users, too.
    of_own_user: bool,
}

/// Mount a memory file system with the options `$1` at `$0`.
const MEMORY: &str = "mount -t tmpfs -o \"$1\" vx-test \"$0\" && echo mounted && exec cat";
/// Mount a new upper layer, in memory at `$1`, over the directory `$0`.
const LAYER: &str = "mount -t tmpfs vx-test \"$1\" && mkdir \"$1/upper\" \"$1/work\" && \
    { mount -t overlay -o \"lowerdir=$0,upperdir=$1/upper,workdir=$1/work\" vx-test \"$0\" || \
      mount -t overlay -o \"userxattr,lowerdir=$0,upperdir=$1/upper,workdir=$1/work\" vx-test \"$0\"; } && \
    echo mounted && exec cat";

impl Disk {
    /// Mount a memory file system of this size here. `None` if mounting is not allowed, which is reported.
    fn memory(point: &Path, options: &str) -> Option<Self> {
        let disk = Self::mount(point, MEMORY, options, false);
        if disk.is_none() {
            crate::skipped::skipped("mounting a file system is not allowed here");
        }
        disk
    }

    /// Mount an empty upper layer over this directory, whose content becomes the lower one. `None` if that is not
    /// allowed, not even in a namespace of users, which is reported.
    fn layer(point: &Path, upper: &Path) -> Option<Self> {
        let upper = upper.to_str().expect("a path of a test");
        let disk = Self::mount(point, LAYER, upper, false).or_else(|| Self::mount(point, LAYER, upper, true));
        if disk.is_none() {
            crate::skipped::skipped("mounting an overlay is not allowed here");
        }
        disk
    }

    fn mount(point: &Path, script: &str, argument: &str, of_own_user: bool) -> Option<Self> {
        let mut holder = Command::new("unshare");
        if of_own_user {
            holder.args(["--user", "--map-root-user"]);
        }
        holder.args(["--mount", "--propagation", "private", "sh", "-c", script]).arg(point).arg(argument);
        holder.current_dir("/").env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let mut holder = holder.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut said = String::new();
        let output = holder.stdout.take().expect("a pipe");
        let mounted = BufReader::new(output).read_line(&mut said).is_ok() && said == "mounted\n";
        let disk = Self { holder, point: point.to_owned(), of_own_user };
        mounted.then_some(disk)
    }

    /// The mount point as the test sees it.
    fn seen(&self) -> PathBuf {
        let inside = self.point.strip_prefix("/").expect("an absolute path");
        Path::new(&format!("/proc/{}/root", self.holder.id())).join(inside)
    }

    /// Change how it is mounted, as by `mount -o remount,…`.
    fn remount(&self, options: &str) {
        let mut mount = self.enter();
        mount.args(["mount", "-o", &format!("remount,{options}")]).arg(&self.point);
        assert!(mount.status().expect("it starts").success(), "remount,{options}");
    }

    fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        let namespace = |name: &str| format!("/proc/{}/ns/{name}", self.holder.id());
        if self.of_own_user {
            command.args(["--preserve-credentials".to_owned(), format!("--user={}", namespace("user"))]);
        }
        command.arg(format!("--mount={}", namespace("mnt")));
        command
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

impl Sandbox {
    /// Put the home on a small file system at `disk/`. `None` if mounting is not allowed.
    pub(crate) fn on_a_disk(mut self, options: &str) -> Option<Self> {
        let point = self.root.path().join("disk");
        std::fs::create_dir(&point).expect("a directory");
        self.disk = Some(Disk::memory(&point, options)?);
        std::fs::create_dir(self.kept()).expect("a directory");
        Some(self)
    }

    /// Make the home as it is the lower layer of an overlay, as in a container whose image has it. `None` if mounting is
    /// not allowed.
    pub(crate) fn in_an_upper_layer(mut self) -> Option<Self> {
        let (point, upper) = (self.root.path().join("disk"), self.root.path().join("upper"));
        [&point, &upper].into_iter().for_each(|directory| std::fs::create_dir(directory).expect("a directory"));
        std::fs::rename(self.home(), point.join("home")).expect("the home moves");
        self.disk = Some(Disk::layer(&point, &upper)?);
        Some(self)
    }

    /// The path of the small file system for programs in the sandbox.
    pub(crate) fn disk_point(&self) -> PathBuf {
        self.root.path().join("disk")
    }

    /// The small file system as the test sees it.
    pub(crate) fn disk(&self) -> PathBuf {
        self.disk.as_ref().expect("a disk").seen()
    }

    pub(crate) fn remount(&self, options: &str) {
        self.disk.as_ref().expect("a disk").remount(options);
    }

    /// A command that sees the same file systems as the sandbox's programs, in the project's directory.
    pub(crate) fn inside(&self, program: &str) -> Command {
        let Some(disk) = &self.disk else {
            let mut command = Command::new(program);
            command.current_dir(self.project());
            return command;
        };
        // Entering a namespace leads to its root; and the process stays the same, for signals to reach it.
        let mut command = disk.enter();
        command.args(["sh", "-c", "cd \"$0\" && exec \"$@\""]).arg(self.project()).arg(program);
        command
    }
}
