//! Changes that the kernel reports: one mark for each directory that may hold a chosen file.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, PipeReader};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init, remove_watch};
use rustix::io::Errno;

use super::watched_files::WatchedFiles;

/// Room for the reports of one read.
const ROOM_BYTES: usize = 16 * 1024;

/// A tree whose directories are marked.
pub(super) struct WatchedTree {
    choice: WatchedFiles,
    reports: OwnedFd,
    /// The directory of each mark.
    marks: HashMap<i32, PathBuf>,
}

/// A report, copied out of the buffer before the next read overwrites it.
struct InotifyEvent {
    mark: i32,
    what: ReadFlags,
    name: Option<Vec<u8>>,
}

impl WatchedTree {
    /// Mark all directories.
    pub(super) fn watch(choice: WatchedFiles) -> io::Result<Self> {
        let reports = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let mut tree = Self { choice, reports, marks: HashMap::new() };
        let root = tree.choice.root().to_owned();
        tree.mark(&root, &mut Vec::new())?;
        Ok(tree)
    }

    /// Give back the choice of files, to watch the tree in another way.
    pub(super) fn into_choice(self) -> WatchedFiles {
        self.choice
    }

    /// Wait for changed files of the choice; none once the time is over or the pipe was closed.
    ///
    /// # Errors
    /// The kernel allows no further mark, or reports nothing.
    pub(super) fn wait(&mut self, woken: &PipeReader, within: Option<Duration>) -> io::Result<Vec<PathBuf>> {
        let within = within.and_then(|within| Timespec::try_from(within).ok());
        let mut sources =
            [self.reports.as_fd(), woken.as_fd()].map(|source| PollFd::from_borrowed_fd(source, PollFlags::IN));
        match poll(&mut sources, within.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut changed = Vec::new();
        for report in self.read()? {
            self.apply_event(&report, &mut changed)?;
        }
        Ok(changed)
    }

    /// All pending reports.
    fn read(&self) -> io::Result<Vec<InotifyEvent>> {
        let mut room = [MaybeUninit::uninit(); ROOM_BYTES];
        let mut reader = Reader::new(&self.reports, &mut room);
        let mut reports = Vec::new();
        loop {
            match reader.next() {
                Ok(event) => {
                    let name = event.file_name().map(|name| name.to_bytes().to_vec());
                    reports.push(InotifyEvent { mark: event.wd(), what: event.events(), name });
                }
                Err(Errno::AGAIN) => return Ok(reports),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn apply_event(&mut self, report: &InotifyEvent, changed: &mut Vec<PathBuf>) -> io::Result<()> {
        if report.what.contains(ReadFlags::QUEUE_OVERFLOW) {
            // Some reports are lost, so anything may have changed.
            return self.mark_anew(changed);
        }
        if report.what.contains(ReadFlags::IGNORED) {
            self.marks.remove(&report.mark);
            return Ok(());
        }
        let Some((folder, name)) = self.marks.get(&report.mark).zip(report.name.as_deref()) else { return Ok(()) };
        let path = folder.join(OsStr::from_bytes(name));
        if report.what.contains(ReadFlags::ISDIR) {
            self.unmark(&path);
            if report.what.contains(ReadFlags::MOVED_FROM) && self.choice.enters(&path) {
                // Its files are gone from here, but the kernel reports only the directory.
                changed.push(path);
                return Ok(());
            }
            return self.mark(&path, changed);
        }
        if self.choice.is_rule(&path) {
            self.choice.read_ignored();
            let root = self.choice.root().to_owned();
            self.mark(&root, &mut Vec::new())?;
        }
        if self.choice.takes(&path) {
            changed.push(path);
        }
        Ok(())
    }

    /// Mark a directory and all below it. Files that are already there count as changed.
    fn mark(&mut self, folder: &Path, changed: &mut Vec<PathBuf>) -> io::Result<()> {
        if !self.choice.enters(folder) {
            return Ok(());
        }
        let what = WatchFlags::CREATE
            | WatchFlags::MODIFY
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::ONLYDIR
            | WatchFlags::DONT_FOLLOW;
        match add_watch(&self.reports, folder, what) {
            Ok(mark) => drop(self.marks.insert(mark, folder.to_owned())),
            // The directory is gone again, or this user may not read it. The root must be there.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) if folder != self.choice.root() => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        // Read after marking, so that a file is either listed here or reported.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => self.mark(&path, changed)?,
                _ if self.choice.takes(&path) => changed.push(path),
                _ => {}
            }
        }
        Ok(())
    }

    fn unmark(&mut self, folder: &Path) {
        let gone: Vec<i32> =
            self.marks.iter().filter(|(_, path)| path.starts_with(folder)).map(|(mark, _)| *mark).collect();
        for mark in gone {
            self.marks.remove(&mark);
            let _ = remove_watch(&self.reports, mark);
        }
    }

    fn mark_anew(&mut self, changed: &mut Vec<PathBuf>) -> io::Result<()> {
        self.choice.read_ignored();
        let root = self.choice.root().to_owned();
        self.unmark(&root);
        self.mark(&root, changed)
    }
}
