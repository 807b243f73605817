//! Boards to test with, in both forms, which leave nothing behind.
#![allow(dead_code, reason = "each test file uses its own part of this")]

pub(crate) mod children;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(crate) mod stepper;
#[cfg(target_os = "linux")]
pub(crate) mod system;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use vx_shm::layout::HeaderImage;
use vx_shm::{Board, CreateError};

/// The place in which a test makes boards: a temporary directory, or unique names. Both are removed when this is
/// dropped.
pub(crate) struct Form {
    directory: tempfile::TempDir,
    named: bool,
    names: Mutex<Vec<String>>,
}

static COUNTER: AtomicU32 = AtomicU32::new(0);

impl Form {
    pub(crate) fn file() -> Self {
        Self::of(false)
    }

    #[cfg(feature = "named")]
    pub(crate) fn named() -> Self {
        Self::of(true)
    }

    fn of(named: bool) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), named, names: Mutex::default() }
    }

    /// Board files on a memory file system, where boards belong, if there is one.
    pub(crate) fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        clear_leftovers(&place);
        let prefix = format!("{LEFTOVER}{}-", std::process::id());
        let directory = tempfile::Builder::new().prefix(&prefix).tempdir_in(place).unwrap();
        Self { directory, named: false, names: Mutex::default() }
    }

    /// A path that is not in use yet.
    pub(crate) fn fresh(&self) -> PathBuf {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        if self.named {
            let name = format!("vx-test-{}-{number}", std::process::id());
            self.names.lock().unwrap().push(name.clone());
            PathBuf::from(format!("shm:{name}"))
        } else {
            self.directory.path().join(format!("{number}.board"))
        }
    }

    /// Also remove this name, which a test chose itself, like those of [`fresh`](Self::fresh).
    pub(crate) fn adopt(&self, path: PathBuf) -> PathBuf {
        if let Some(name) = path.to_str().and_then(|path| path.strip_prefix("shm:")) {
            self.names.lock().unwrap().push(name.to_owned());
        }
        path
    }

    pub(crate) fn create(&self, path: &Path, title: &str, capacity: u32) -> Result<Board, CreateError> {
        match path.to_str().and_then(|path| path.strip_prefix("shm:")) {
            Some(name) => Board::create_named(name, title, capacity),
            None => Board::create(path, title, capacity),
        }
    }

    pub(crate) fn board(&self, title: &str, capacity: u32) -> Board {
        self.create(&self.fresh(), title, capacity).expect("a board in a fresh place")
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Form {
    fn drop(&mut self) {
        for name in self.names.lock().unwrap().drain(..) {
            let _ = vx_shm::remove_named(&name);
            // Also remove the half-made segment of a failed test.
            #[cfg(target_os = "linux")]
            let _ = std::fs::remove_file(Path::new("/dev/shm").join(name));
        }
    }
}

/// The names of temporary directories begin like this, and the process id follows; a killed run leaves them behind.
const LEFTOVER: &str = "vx-torture-";

/// Remove the directories of killed runs, whose processes are gone.
fn clear_leftovers(place: &Path) {
    for entry in std::fs::read_dir(place).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix(LEFTOVER).and_then(|rest| rest.split_once('-')).map(|(pid, _)| pid.to_owned());
        if owner.is_some_and(|pid| Path::new("/proc/self").exists() && !Path::new("/proc").join(pid).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Change some of a board's facts, and correct the checksum.
pub(crate) fn with_facts(bytes: &mut [u8], change: impl FnOnce(&mut HeaderImage)) {
    let length = size_of::<HeaderImage>();
    let mut facts: HeaderImage = bytemuck::pod_read_unaligned(&bytes[..length]);
    change(&mut facts);
    bytes[..length].copy_from_slice(bytemuck::bytes_of(&facts.sealed()));
}

/// Copy a board, and make its creator a process that has ended.
pub(crate) fn copy_with_dead_creator(from: &Path, to: &Path) {
    let mut bytes = std::fs::read(from).unwrap();
    with_facts(&mut bytes, |facts| facts.creator_start -= 1);
    write_private(to, &bytes);
}

/// Write a file with the mode that boards have.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

/// Run a test on a board file, and again on a named segment.
pub(crate) fn both_forms(test: impl Fn(&Form)) {
    test(&Form::file());
    #[cfg(feature = "named")]
    test(&Form::named());
}

/// A small generator of random numbers: the same seed gives the same sequence.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }
}
