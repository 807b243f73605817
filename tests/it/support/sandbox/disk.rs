//! A small file system for a sandbox, or a layer over its home, in its own mount namespace: it is gone once its last
//! user is.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::Sandbox;

/// The file with the kernel's id of the present boot.
const BOOT_NAME: &str = "/proc/sys/kernel/random/boot_id";
/// The size of an image, in bytes.
const IMAGE_BYTES: u64 = 64 << 20;

/// The namespaces that a disk needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Namespaces {
    /// Mounts.
    Mounts,
    /// Mounts, and users, so that this user may mount.
    Users,
    /// Mounts, and processes, which all end with the disk.
    Processes,
}

/// A mounted file system. Commands started through [`Sandbox::inside`] see it at its mount point, and the test sees it
/// at [`Disk::seen`].
pub(crate) struct Disk {
    /// The process that keeps the namespace. It ends when its input does, even if the test is killed.
    holder: Child,
    point: PathBuf,
    namespaces: Namespaces,
}

/// Mount a memory file system with the options `$1` at `$0`.
const MEMORY: &str = "mount -t tmpfs -o \"$1\" vx-test \"$0\" && echo mounted && exec cat";
/// Mount a new upper layer, in memory at `$1`, over the directory `$0`.
const LAYER: &str = "mount -t tmpfs vx-test \"$1\" && mkdir \"$1/upper\" \"$1/work\" && \
    { mount -t overlay -o \"lowerdir=$0,upperdir=$1/upper,workdir=$1/work\" vx-test \"$0\" || \
      mount -t overlay -o \"userxattr,lowerdir=$0,upperdir=$1/upper,workdir=$1/work\" vx-test \"$0\"; } && \
    echo mounted && exec cat";
/// Mount the image `$1` of a disk at `$0`, in a boot whose id is in the file `$2`. Names are committed to the disk
/// every second, and contents never before them.
const IMAGE: &str = "mount -t proc proc /proc && mount --bind \"$2\" \"$3\" && \
    mount -o loop,commit=1,noauto_da_alloc \"$1\" \"$0\" && echo mounted && exec cat";

impl Disk {
    /// Mount a memory file system of this size here. `None` if mounting is not allowed, which is reported.
    fn memory(point: &Path, options: &str) -> Option<Self> {
        let disk = Self::mount(point, MEMORY, &[options.as_ref()], Namespaces::Mounts);
        if disk.is_none() {
            crate::support::skipped::skipped("mounting a file system is not allowed here");
        }
        disk
    }

    /// Mount an empty upper layer over this directory, whose content becomes the lower one. `None` if that is not
    /// allowed, not even in a namespace of users, which is reported.
    fn layer(point: &Path, upper: &Path) -> Option<Self> {
        let mount = |namespaces| Self::mount(point, LAYER, &[upper], namespaces);
        let disk = mount(Namespaces::Mounts).or_else(|| mount(Namespaces::Users));
        if disk.is_none() {
            crate::support::skipped::skipped("mounting an overlay is not allowed here");
        }
        disk
    }

    /// Mount an image here, as in a new boot of the machine. `None` if that is not allowed, which is reported.
    fn image(point: &Path, image: &Path, boot: &Path) -> Option<Self> {
        let disk = Self::mount(point, IMAGE, &[image, boot, BOOT_NAME.as_ref()], Namespaces::Processes);
        if disk.is_none() {
            crate::support::skipped::skipped("mounting an image of a disk is not allowed here");
        }
        disk
    }

    fn mount(point: &Path, script: &str, arguments: &[&Path], namespaces: Namespaces) -> Option<Self> {
        let mut holder = Command::new("unshare");
        match namespaces {
            Namespaces::Mounts => {}
            Namespaces::Users => {
                holder.args(["--user", "--map-root-user"]);
            }
            Namespaces::Processes => {
                holder.args(["--pid", "--fork", "--kill-child"]);
            }
        }
        holder.args(["--mount", "--propagation", "private", "sh", "-c", script]).arg(point).args(arguments);
        holder.current_dir("/").env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let mut holder = holder.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut said = String::new();
        let output = holder.stdout.take().expect("a pipe");
        let mounted = BufReader::new(output).read_line(&mut said).is_ok() && said == "mounted\n";
        let disk = Self { holder, point: point.to_owned(), namespaces };
        mounted.then_some(disk)
    }

    /// The mount point as the test sees it.
    fn seen(&self) -> PathBuf {
        let inside = self.point.strip_prefix("/").expect("an absolute path");
        Path::new(&format!("/proc/{}/root", self.holder.id())).join(inside)
    }

    /// Change the mount's options, as `mount -o remount,…` does.
    fn remount(&self, options: &str) {
        let mut mount = self.enter();
        mount.args(["mount", "-o", &format!("remount,{options}")]).arg(&self.point);
        assert!(mount.status().expect("it starts").success(), "remount,{options}");
    }

    fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        let namespace = |name: &str| format!("/proc/{}/ns/{name}", self.holder.id());
        match self.namespaces {
            Namespaces::Mounts => {}
            Namespaces::Users => {
                command.args(["--preserve-credentials".to_owned(), format!("--user={}", namespace("user"))]);
            }
            Namespaces::Processes => {
                command.arg(format!("--pid={}", namespace("pid_for_children")));
            }
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
        fs::create_dir(&point).expect("a directory");
        self.disk = Some(Disk::memory(&point, options)?);
        fs::create_dir(self.kept()).expect("a directory");
        Some(self)
    }

    /// Make the present home the lower layer of an overlay, as in a container whose image contains it. `None` if
    /// mounting is not allowed.
    pub(crate) fn in_an_upper_layer(mut self) -> Option<Self> {
        let (point, upper) = (self.root.path().join("disk"), self.root.path().join("upper"));
        [&point, &upper].into_iter().for_each(|directory| fs::create_dir(directory).expect("a directory"));
        fs::rename(self.home(), point.join("home")).expect("the home moves");
        self.disk = Some(Disk::layer(&point, &upper)?);
        Some(self)
    }

    /// Put home and project on a disk whose power can be cut. `None` if such a disk cannot be made or mounted.
    pub(crate) fn on_an_image(mut self) -> Option<Self> {
        let (point, image) = (self.root.path().join("disk"), self.root.path().join("image"));
        fs::create_dir(&point).expect("a directory");
        fs::File::create(&image).and_then(|file| file.set_len(IMAGE_BYTES)).expect("an image");
        let made = Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image).status();
        if !made.is_ok_and(|status| status.success()) {
            crate::support::skipped::skipped("there is no mkfs.ext4 here");
            return None;
        }
        self.disk = Some(Disk::image(&point, &image, &self.boot(1))?);
        [self.kept(), self.disk().join("project")].iter().for_each(|path| fs::create_dir(path).expect("a directory"));
        fs::remove_dir(self.project()).expect("it goes");
        std::os::unix::fs::symlink(point.join("project"), self.project()).expect("a link");
        Some(self)
    }

    /// Cut the power: all processes end at once, and after the restart only the data that the system had written to the
    /// disk is there.
    pub(crate) fn lose_power(&mut self) {
        let disk = self.disk.as_ref().expect("a disk");
        // Kill all but the first process of the namespace, which keeps the mount.
        let _ = disk.enter().args(["kill", "-KILL", "-1"]).status();
        let (image, copy) = (self.root.path().join("image"), self.root.path().join("after"));
        let written = || fs::metadata(&image).and_then(|data| data.modified()).expect("a time");
        let is_state_of_one_instant = || {
            let before = written();
            let copied = Command::new("cp").arg("--sparse=always").args([&image, &copy]).status();
            assert!(copied.expect("cp starts").success());
            before == written()
        };
        // The system goes on writing; a copy that mixes two instants, and never was on the disk, proves nothing.
        while !is_state_of_one_instant() {}
        // This unmounts the old image, which would otherwise be complete.
        self.disk = None;
        fs::rename(&copy, &image).expect("it takes its place");
        let _ = fs::remove_dir_all(self.runtime());
        let disk = Disk::image(&self.disk_point(), &image, &self.boot(2));
        self.disk = Some(disk.expect("it was mounted before"));
    }

    /// A file with the id of this boot of the machine.
    fn boot(&self, number: u32) -> PathBuf {
        let path = self.root.path().join(format!("boot{number}"));
        fs::write(&path, format!("{number:08x}-0000-4000-8000-000000000000\n")).expect("a file");
        path
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
        // Entering a namespace changes to its root, so go back; and `exec`, so that signals reach the program.
        let mut command = disk.enter();
        command.args(["sh", "-c", "cd \"$0\" && exec \"$@\""]).arg(self.project()).arg(program);
        command
    }
}
