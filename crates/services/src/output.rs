//! The output of a service: all of it goes to the log, the last of it to the board and to memory, and a probe looks for
//! readiness in it.
//!
//! It is read as fast as it comes, even if it can't be written anywhere: a service never waits for a reader.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use jiff::Timestamp;
use parking_lot::Mutex;
use vx_process::{LineSplitter, Log, LogPolicy, Tail};
use vx_shm::{LOG_LINE_BYTES, Slot};

use super::entries::Stamper;
use super::probe::{Probe, ProbeResult};
use crate::builds::mistakes::{Mistake, Mistakes};

/// Full files to keep beside the log.
pub const KEPT_FILES: u8 = 1;
/// Last bytes to keep for an error.
const TAIL_BYTES: usize = 8 * 1024;
/// Longest wait for the end of the output once all processes have ended.
const LEFT_OPEN: Duration = Duration::from_millis(200);

/// The destinations of a service's output.
pub(super) struct ServiceOutput {
    log: Mutex<(Stamper, Log)>,
    tail: Mutex<Tail>,
    probe: Mutex<Option<Probe>>,
    mistakes: Mutex<Option<Mistakes>>,
    /// The slot, until it is ended.
    slot: Mutex<Option<Slot>>,
    wake: Mutex<WakePipe>,
}

/// A pipe with a byte in it while the guard has something to look at.
struct WakePipe {
    writer: PipeWriter,
    full: bool,
}

impl ServiceOutput {
    /// Begin the output of the service with this slot, in files of at most `log_bytes`. The pipe holds a byte while
    /// there is a reason to check the readiness.
    ///
    /// # Errors
    /// The log cannot be made.
    pub(super) fn new(slot: Slot, log: &Path, log_bytes: u64) -> io::Result<(Arc<Self>, PipeReader)> {
        let policy = LogPolicy { most_bytes: log_bytes, kept_files: KEPT_FILES };
        let log = Log::go_on(log, policy)?;
        let (reader, writer) = io::pipe()?;
        let output = Self {
            log: Mutex::new((Stamper::default(), log)),
            tail: Mutex::new(Tail::keeping(TAIL_BYTES)),
            probe: Mutex::new(None),
            mistakes: Mutex::new(None),
            slot: Mutex::new(Some(slot)),
            wake: Mutex::new(WakePipe { writer, full: false }),
        };
        Ok((Arc::new(output), reader))
    }

    /// Read the output of the next process from here on; `probe` finds out whether the process is ready.
    pub(super) fn drain(self: &Arc<Self>, from: PipeReader, probe: Probe) -> io::Result<Drained> {
        *self.probe.lock() = Some(probe);
        *self.tail.lock() = Tail::keeping(TAIL_BYTES);
        let (sender, over) = bounded(1);
        let output = Arc::clone(self);
        thread::Builder::new().name("output".into()).spawn(move || {
            output.read_all(from);
            let _ = sender.send(());
        })?;
        Ok(Drained(over))
    }

    fn read_all(&self, mut from: PipeReader) {
        let mut buffer = vec![0; 64 * 1024];
        let mut lines = LineSplitter::of_at_most(LOG_LINE_BYTES);
        loop {
            let read = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            self.receive(&buffer[..read], &mut lines);
        }
        if let Some(slot) = &mut *self.slot.lock() {
            lines.finish(|line| slot.log_line(line));
        }
    }

    fn receive(&self, bytes: &[u8], lines: &mut LineSplitter) {
        self.write_log(bytes);
        self.tail.lock().push(bytes);
        if let Some(slot) = &mut *self.slot.lock() {
            lines.feed(bytes, |line| slot.log_line(line));
        }
        if let Some(mistakes) = &mut *self.mistakes.lock() {
            mistakes.output(bytes);
        }
        if let Some(probe) = &mut *self.probe.lock() {
            probe.output(bytes);
            self.wake();
        }
    }

    /// Write output to the log, each line with the time at which its first byte arrived.
    fn write_log(&self, bytes: &[u8]) {
        let (stamper, log) = &mut *self.log.lock();
        let mut stamped = Vec::with_capacity(bytes.len() * 2);
        stamper.stamp(Timestamp::now(), bytes, &mut stamped);
        log.write(&stamped);
    }

    fn wake(&self) {
        let mut wake = self.wake.lock();
        if !wake.full {
            wake.full = wake.writer.write_all(&[1]).is_ok();
        }
    }

    /// Take the byte out of the pipe, if it is there; the next reason puts in another.
    pub(super) fn woken(&self, mut reader: &PipeReader) {
        let mut wake = self.wake.lock();
        if wake.full {
            wake.full = reader.read_exact(&mut [0]).is_err();
        }
    }

    /// Check whether the service is ready; `None` once that has been decided.
    pub(super) fn poll_readiness(&self, now: Instant) -> Option<ProbeResult> {
        let mut probe = self.probe.lock();
        let look = probe.as_mut()?.poll(now);
        if matches!(look, ProbeResult::Ready | ProbeResult::Late { .. }) {
            *probe = None;
        }
        Some(look)
    }

    /// Stop checking: the process has ended.
    pub(super) fn forget_probe(&self) {
        *self.probe.lock() = None;
    }

    /// Look for the mistakes of a build from here on.
    pub(super) fn look_for(&self, mistakes: Option<Mistakes>) {
        *self.mistakes.lock() = mistakes;
    }

    /// Take the mistakes that were found.
    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        self.mistakes.lock().take().map(Mistakes::finish).unwrap_or_default()
    }

    /// Write to the slot.
    pub(super) fn on_slot(&self, write: impl FnOnce(&mut Slot)) {
        if let Some(slot) = &mut *self.slot.lock() {
            write(slot);
        }
    }

    /// Take the slot, to end it.
    pub(super) fn take_slot(&self) -> Option<Slot> {
        self.slot.lock().take()
    }

    /// Read the last lines of the present process's output.
    pub(super) fn last_lines(&self, most: usize) -> Vec<String> {
        let lines = self.tail.lock().lines();
        lines[lines.len().saturating_sub(most)..].to_vec()
    }
}

/// Output that is being read.
pub(super) struct Drained(Receiver<()>);

impl Drained {
    /// Wait for its end, briefly: all processes have ended, so only a process of another tree could hold it open.
    pub(super) fn finish(self) {
        let _ = self.0.recv_timeout(LEFT_OPEN);
    }
}
