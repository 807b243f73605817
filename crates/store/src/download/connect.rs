//! Getting a usable response: request, check the head of the response, wait, and request again.

use std::time::{Duration, Instant};

use crossbeam_channel::RecvTimeoutError;
use url::Url;
use vx_http::HttpError;

use vx_base::system::process_limit::ProcessLimit;

use super::super::cancel::POLL;
use super::cache::PartFile;
use super::retry::{Failed, RetryDecision, may_change};
use super::transfer::{self, Content, Response, ResponseHead};
use super::{ByteSource, Download, DownloadErrorKind, Result};

/// After this much silence, the server that vx waits for is shown.
const SILENCE_SHOWN: Duration = Duration::from_secs(2);

/// How an answer to a request for the rest of an archive fails to be the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lapse {
    /// It belongs to another version of the archive.
    OtherVersion,
    /// The server sends everything, or another part: it can't resume a download.
    NotContinued,
}

impl Download<'_> {
    /// Ask for the missing bytes until a response is usable.
    pub(super) fn connect(&mut self) -> Result<()> {
        loop {
            let have = self.part_file.as_ref().map_or(0, PartFile::length);
            self.request.from = have;
            self.request.etag = self.part_file.as_ref().filter(|_| have > 0).and_then(PartFile::etag);
            match self.answer()? {
                Some(Ok((head, content))) => {
                    if self.accept(head, have, content)? {
                        self.session.meter.hush();
                        return Ok(());
                    }
                }
                Some(Err(failure)) => {
                    let reason = self.failed(failure)?;
                    self.wait(reason, None)?;
                }
                None => self.wait(Failed::Connection("no answer in time".to_owned()), None)?,
            }
        }
    }

    /// Ask, and wait for the response unless the install is stopped; `None` if no response arrives in time.
    fn answer(&self) -> Result<Option<Response>> {
        let session = self.session;
        let answers = transfer::ask(&session.client, session.watch, self.request.clone());
        let answers = answers.map_err(|_| DownloadErrorKind::Limit(ProcessLimit::current()))?;
        let patience = session.patience.connect * 2 + session.patience.answer;
        let (start, mut shown) = (Instant::now(), false);
        loop {
            if !shown && start.elapsed() >= SILENCE_SHOWN {
                shown = true;
                session.meter.waiting(&self.host());
            }
            session.watch.check()?;
            match answers.recv_timeout(POLL) {
                Ok(answer) => return Ok(Some(answer)),
                Err(RecvTimeoutError::Timeout) if start.elapsed() < patience => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }

    /// Host that is asked.
    fn host(&self) -> String {
        let url = Url::parse(&self.request.origin.url).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "the server".to_owned())
    }

    /// Accept a response; `false` if the request has to be repeated.
    fn accept(&mut self, head: ResponseHead, have: u64, content: Content) -> Result<bool> {
        match head.status {
            200 => {
                if have > 0 {
                    let other_version =
                        head.etag.is_some() && self.request.etag.is_some() && head.etag != self.request.etag;
                    self.start_over(if other_version { Lapse::OtherVersion } else { Lapse::NotContinued })?;
                }
                self.encoding.clone_from(&head.encoding);
                self.announce(head.length, head.html)?;
                self.html = head.html;
                if let Some(part) = &self.part_file {
                    part.store_etag(head.etag.as_deref());
                }
                self.source = ByteSource::Network(content);
            }
            206 if head.range.is_some_and(|range| range.first == Some(have)) => {
                self.announce(head.range.and_then(|range| range.total), false)?;
                self.resume(have, Some(content))?;
            }
            416 if have > 0 && head.range.is_some_and(|range| range.total == Some(have)) => self.resume(have, None)?,
            206 | 416 if have > 0 => {
                self.start_over(Lapse::NotContinued)?;
                return Ok(false);
            }
            status if may_change(status) => {
                self.wait(Failed::Connection(format!("the server answered {status}")), head.retry_after)?;
                return Ok(false);
            }
            status => return Err(DownloadErrorKind::Status { address: self.address.clone(), status }),
        }
        Ok(true)
    }

    /// Continue after the received bytes; those not read yet come first.
    fn resume(&mut self, have: u64, rest: Option<Content>) -> Result<()> {
        self.pieced = true;
        self.source = match (have - self.received, rest, &self.part_file) {
            (0, Some(rest), _) => ByteSource::Network(rest),
            (left, rest, Some(part)) if left > 0 => ByteSource::Replay { file: part.reader()?, left, rest },
            _ => ByteSource::Ended,
        };
        Ok(())
    }

    /// Delete the received bytes. If some of them were passed on already, their reader has to start over, too.
    fn start_over(&mut self, lapse: Lapse) -> Result<()> {
        if let Some(part) = &mut self.part_file {
            part.clear()?;
        }
        self.cached = 0;
        if self.received > 0 {
            let (address, broke) = (self.address.clone(), self.broke.take());
            return Err(DownloadErrorKind::Again(Box::new(match broke.filter(|_| lapse == Lapse::NotContinued) {
                Some(reason) => DownloadErrorKind::NotContinued { address, reason: reason.to_string() },
                None => DownloadErrorKind::Unsteady { address },
            })));
        }
        Ok(())
    }

    /// Record the size of the whole archive as the server announces it.
    fn announce(&mut self, size: Option<u64>, html: bool) -> Result<()> {
        self.announced = size;
        match (self.size, size) {
            // The first bytes will show that a page came in place of the archive.
            _ if html => {}
            (Some(expected), Some(got)) if expected != got => {
                return self.rejected(DownloadErrorKind::Size { expected, got, more: false });
            }
            (_, Some(got)) => self.check_bound(got, false)?,
            _ => {}
        }
        if let (Some(part), Some(size)) = (&mut self.part_file, size) {
            part.expect(size);
        }
        self.session.meter.part_size(self.size.or(size));
        Ok(())
    }

    /// Turn a fault into the reason for another attempt; returns the error if no attempt can help.
    pub(super) fn failed(&self, fault: HttpError) -> Result<Failed> {
        let address = self.address.clone();
        match fault {
            HttpError::Misdirected(misdirection) => Err(DownloadErrorKind::Redirects { address, misdirection }),
            HttpError::Tls(reason) => Err(DownloadErrorKind::Tls { address, reason }),
            HttpError::Setting { setting, reason } => Err(DownloadErrorKind::Setting { setting, reason }),
            HttpError::Address(reason) => Err(DownloadErrorKind::Address { address, reason }),
            HttpError::Slow(lowest) => Ok(Failed::Slow(lowest)),
            passing => Ok(Failed::Connection(passing.to_string())),
        }
    }

    /// Wait after a failed attempt, or give up.
    pub(super) fn wait(&mut self, failed: Failed, retry_after: Option<Duration>) -> Result<()> {
        let received = self.part_file.as_ref().map_or(0, PartFile::length);
        match self.attempts.failed(received, &failed, retry_after, self.session.patience) {
            RetryDecision::Wait(delay) => {
                self.session.meter.attempt(self.attempts.number(), &failed.to_string());
                self.broke = Some(failed);
                Ok(self.session.watch.sleep(delay)?)
            }
            RetryDecision::GiveUp => {
                let (address, attempts) = (self.address.clone(), self.attempts.count());
                let kept = received > 0 && self.part_file.as_ref().is_some_and(PartFile::is_kept);
                Err(match failed {
                    Failed::Slow(lowest) => DownloadErrorKind::Slow { address, lowest, received, kept },
                    Failed::Connection(reason) => {
                        DownloadErrorKind::Connection { address, reason, attempts, received, kept }
                    }
                })
            }
            RetryDecision::ComeBackLater(time) => {
                Err(DownloadErrorKind::ComeBackLater { address: self.address.clone(), seconds: time.as_secs() })
            }
        }
    }
}
