//! Getting an answer that can be used: asking, judging the head of what comes, waiting and asking again.

use std::time::{Duration, Instant};

use crossbeam_channel::RecvTimeoutError;

use super::super::cancel::POLL;
use super::cache::PartFile;
use super::retry::{Next, may_change};
use super::transfer::{self, Answer, Content, Failure, Head};
use super::{ARCHIVE_BYTES, Download, DownloadErrorKind, Result, Source};

impl Download<'_> {
    /// Ask for what is missing until an answer can be used.
    pub(super) fn connect(&mut self) -> Result<()> {
        loop {
            let have = self.part_file.as_ref().map_or(0, PartFile::length);
            self.request.from = have;
            self.request.etag = self.part_file.as_ref().filter(|_| have > 0).and_then(PartFile::etag);
            match self.answer()? {
                Some(Ok((head, content))) => {
                    if self.accept(head, have, content)? {
                        return Ok(());
                    }
                }
                Some(Err(failure)) => {
                    let reason = self.failed(failure)?;
                    self.wait(reason, None)?;
                }
                None => self.wait("no answer in time".to_owned(), None)?,
            }
        }
    }

    /// Ask, and wait for the answer unless the install is to stop; `None` when there is none in time.
    fn answer(&self) -> Result<Option<Answer>> {
        let session = self.session;
        let answers = transfer::ask(&session.agent, session.watch, self.request.clone());
        let patience = session.patience.connect * 2 + session.patience.answer;
        let start = Instant::now();
        loop {
            session.watch.check()?;
            match answers.recv_timeout(POLL) {
                Ok(answer) => return Ok(Some(answer)),
                Err(RecvTimeoutError::Timeout) if start.elapsed() < patience => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }

    /// Use an answer; false when it is to be asked again.
    fn accept(&mut self, head: Head, have: u64, content: Content) -> Result<bool> {
        match head.status {
            200 => {
                if have > 0 {
                    // The server cannot continue, or has another version now.
                    self.start_over()?;
                }
                self.announce(head.length, head.html)?;
                self.html = head.html;
                if let Some(part) = &self.part_file {
                    part.say_etag(head.etag.as_deref());
                }
                self.source = Source::Network(content);
            }
            206 if head.range.is_some_and(|range| range.first == Some(have)) => {
                self.announce(head.range.and_then(|range| range.total), false)?;
                self.resume(have, Some(content))?;
            }
            416 if have > 0 && head.range.is_some_and(|range| range.total == Some(have)) => self.resume(have, None)?,
            206 | 416 if have > 0 => {
                self.start_over()?;
                return Ok(false);
            }
            status if may_change(status) => {
                self.wait(format!("the server answered {status}"), head.retry_after)?;
                return Ok(false);
            }
            status => return Err(DownloadErrorKind::Status { address: self.address.clone(), status }),
        }
        Ok(true)
    }

    /// Continue behind the bytes that are there: those that nobody has read yet come first.
    fn resume(&mut self, have: u64, rest: Option<Content>) -> Result<()> {
        self.pieced = true;
        self.source = match (have - self.received, rest, &self.part_file) {
            (0, Some(rest), _) => Source::Network(rest),
            (left, rest, Some(part)) if left > 0 => Source::Replay { file: part.reader()?, left, rest },
            _ => Source::Ended,
        };
        Ok(())
    }

    /// Forget the bytes that are there; if they were handed on already, so must who read them.
    fn start_over(&mut self) -> Result<()> {
        if let Some(part) = &mut self.part_file {
            part.clear()?;
        }
        if self.received > 0 {
            return Err(DownloadErrorKind::Again(Box::new(DownloadErrorKind::Unsteady {
                address: self.address.clone(),
            })));
        }
        Ok(())
    }

    /// The server says how large the whole archive is.
    fn announce(&mut self, size: Option<u64>, html: bool) -> Result<()> {
        self.announced = size;
        match (self.size, size) {
            // What comes instead of the archive is told by its first bytes.
            _ if html => {}
            (Some(expected), Some(got)) if expected != got => {
                return self.condemned(DownloadErrorKind::Size { expected, got, more: false });
            }
            (_, Some(got)) if got > ARCHIVE_BYTES => {
                return self.condemned(DownloadErrorKind::TooLarge { limit: ARCHIVE_BYTES });
            }
            _ => {}
        }
        if let (Some(part), Some(size)) = (&mut self.part_file, size) {
            part.expect(size);
        }
        self.session.meter.part_size(self.size.or(size));
        Ok(())
    }

    pub(super) fn failed(&self, failure: Failure) -> Result<String> {
        let address = self.address.clone();
        match failure {
            Failure::Connection(reason) => Ok(reason),
            Failure::Redirects => Err(DownloadErrorKind::Redirects { address, limit: transfer::REDIRECTS }),
            Failure::Tls(reason) => Err(DownloadErrorKind::Tls { address, reason }),
            Failure::Address(reason) => Err(DownloadErrorKind::Address { address, reason }),
        }
    }

    /// An attempt failed: wait for the next one, or give up.
    pub(super) fn wait(&mut self, reason: String, retry_after: Option<Duration>) -> Result<()> {
        let received = self.part_file.as_ref().map_or(0, PartFile::length);
        match self.attempts.failed(received, retry_after, self.session.patience) {
            Next::Wait(delay) => {
                self.session.meter.attempt(self.attempts.number(), &reason);
                Ok(self.session.watch.sleep(delay)?)
            }
            Next::GiveUp => {
                let (address, attempts) = (self.address.clone(), self.attempts.count());
                Err(DownloadErrorKind::Connection { address, reason, attempts, received })
            }
            Next::ComeBackLater(time) => {
                Err(DownloadErrorKind::ComeBackLater { address: self.address.clone(), seconds: time.as_secs() })
            }
        }
    }
}
