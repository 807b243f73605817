//! What a view of `vx up` needs: the control of the services that belong to the command, and the lines that they print.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use jiff::Timestamp;
use vx_status::source::{LogPart, LogPlace, Logs, PrintedLine, RequestFailure, Settled, WorkControl};

use crate::boards::control::RemoteControl;
use crate::doors::cli::screens::views::BoardLogs;
use crate::serving::up::{Lease, ServiceLogStream, UpError};

/// The interval for reading what services print.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// The control of services that belong to this process.
pub(super) struct LeaseControl {
    lease: Lease,
    each: RemoteControl,
    /// The channel on which the view reports that it was asked to end the process.
    ends: Sender<()>,
}

impl LeaseControl {
    pub(super) fn new(lease: Lease, ends: Sender<()>) -> io::Result<Self> {
        Ok(Self { each: RemoteControl::for_board(lease.board())?, lease, ends })
    }
}

impl WorkControl for LeaseControl {
    fn cancel(&mut self, key: &str) {
        self.each.cancel(key);
    }

    fn cancel_all(&mut self) {
        self.lease.stop();
    }

    fn end(&mut self) {
        // All services have ended if there is no receiver.
        let _ = self.ends.send(());
    }

    fn settled(&self) -> Option<Settled> {
        self.lease.settled()
    }

    fn retry(&mut self, key: &str) {
        self.each.retry(key);
    }

    fn restart(&mut self, key: &str) {
        self.each.restart(key);
    }

    fn rebuild(&mut self, key: &str) {
        self.each.rebuild(key);
    }

    fn request_failure(&mut self) -> Option<RequestFailure> {
        self.each.request_failure()
    }
}

/// The logs of services, with new lines to print above the view.
pub(super) struct PrintingLogs {
    logs: BoardLogs,
    together: ServiceLogStream,
    looked_at: Option<Instant>,
}

impl PrintingLogs {
    /// The logs beside this board; lines from before `since` are not printed.
    pub(super) fn for_board(board: &Path, since: Timestamp) -> Result<Self, UpError> {
        Ok(Self {
            logs: BoardLogs::beside(board),
            together: ServiceLogStream::for_services(board, &[], since)?,
            looked_at: None,
        })
    }
}

impl Logs for PrintingLogs {
    fn tail(&mut self, key: &str, lines: usize) -> Vec<String> {
        self.logs.tail(key, lines)
    }

    fn location(&self, key: &str) -> Option<String> {
        self.logs.location(key)
    }

    fn read(&mut self, key: &str, place: LogPlace) -> LogPart {
        self.logs.read(key, place)
    }

    fn read_together(&mut self, keys: &[String], place: LogPlace) -> LogPart {
        self.logs.read_together(keys, place)
    }

    fn printed(&mut self, last: bool) -> Vec<PrintedLine> {
        if !last && self.looked_at.is_some_and(|at| at.elapsed() < BETWEEN_LOOKS) {
            return Vec::new();
        }
        self.looked_at = Some(Instant::now());
        let entries = self.together.read(last).into_iter();
        entries.map(|entry| PrintedLine { key: entry.source.as_ref().to_owned(), text: entry.message }).collect()
    }
}
