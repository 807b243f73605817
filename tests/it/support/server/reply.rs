//! The server's answers: a status, headers and a body, and the faults of an answer.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::Request;

/// The answer to requests for a path.
pub(crate) struct Reply {
    kind: Kind,
}

enum Kind {
    Fixed(Fixed),
    Sequence(Vec<Reply>, AtomicUsize),
    Choose(Box<dyn Fn(&Request) -> Reply + Send + Sync>),
}

#[derive(Clone, Default)]
struct Fixed {
    status: u16,
    headers: Vec<(String, String)>,
    body: Arc<Vec<u8>>,
    etag: Option<String>,
    ranges: bool,
    range_shift: usize,
    content_length: Option<u64>,
    unannounced: bool,
    gate: Option<Arc<AtomicBool>>,
    late: Duration,
    bytes_per_second: Option<u64>,
    fault: Option<Fault>,
}

/// A fault that ends the body early, after this many bytes of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    Silent(usize),
    Reset(usize),
}

/// The bytes on the wire for one request.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// The announced length; `None` if the end of the connection is the end of the body.
    pub(super) content_length: Option<u64>,
    /// Nothing is sent before this is true.
    pub(super) gate: Option<Arc<AtomicBool>>,
    /// The time between head and body.
    pub(super) late: Duration,
    pub(super) bytes_per_second: Option<u64>,
    pub(super) fault: Option<Fault>,
}

impl Reply {
    /// Status 200 with this body, an ETag made from it, and support for ranges.
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let etag = Some(format!("\"{:016x}\"", hasher.finish()));
        Self::fixed(Fixed { status: 200, body: Arc::new(body), etag, ranges: true, ..Fixed::default() })
    }

    /// This status with an empty body.
    pub(crate) fn status(status: u16) -> Self {
        Self::fixed(Fixed { status, ..Fixed::default() })
    }

    /// A page for people.
    pub(crate) fn html(text: &str) -> Self {
        Self::ok(text).header("Content-Type", "text/html; charset=utf-8")
    }

    /// A JSON document.
    pub(crate) fn json(text: impl Into<Vec<u8>>) -> Self {
        Self::ok(text).header("Content-Type", "application/json")
    }

    /// 302 to an address or a path.
    pub(crate) fn redirect(to: &str) -> Self {
        Self::status(302).header("Location", to)
    }

    /// These replies in turn; the last is repeated.
    pub(crate) fn sequence(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Vec<_> = replies.into_iter().collect();
        assert!(!replies.is_empty(), "a sequence of no replies answers nothing");
        Self { kind: Kind::Sequence(replies, AtomicUsize::new(0)) }
    }

    /// The reply that the closure picks for each request.
    pub(crate) fn choose(pick: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self { kind: Kind::Choose(Box::new(pick)) }
    }

    /// Add a header.
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        self.with(|fixed| fixed.headers.push((name.to_owned(), value.to_owned())))
    }

    /// Another body under the same headers, as if the bytes had changed but not the ETag.
    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        self.with(|fixed| fixed.body = Arc::new(body.into()))
    }

    /// Use this ETag instead of the one made from the body.
    pub(crate) fn etag(self, etag: &str) -> Self {
        self.with(|fixed| fixed.etag = Some(etag.to_owned()))
    }

    /// Send no ETag, like a server that doesn't support it.
    pub(crate) fn without_etag(self) -> Self {
        self.with(|fixed| fixed.etag = None)
    }

    /// Ignore ranges: always send the whole body.
    pub(crate) fn without_ranges(self) -> Self {
        self.with(|fixed| fixed.ranges = false)
    }

    /// Answer ranges with a range that begins this many bytes later than requested.
    pub(crate) fn wrong_range(self, shift: usize) -> Self {
        self.with(|fixed| fixed.range_shift = shift)
    }

    /// Promise this many bytes, more or fewer than are sent.
    pub(crate) fn content_length(self, length: u64) -> Self {
        self.with(|fixed| fixed.content_length = Some(length))
    }

    /// Announce no length: the body ends with the connection.
    pub(crate) fn unannounced(self) -> Self {
        self.with(|fixed| fixed.unannounced = true)
    }

    /// Send the first byte of the body this long after its head.
    pub(crate) fn late(self, time: Duration) -> Self {
        self.with(|fixed| fixed.late = time)
    }

    /// Answer requests for the body only once this is true.
    pub(crate) fn behind(self, gate: &Arc<AtomicBool>) -> Self {
        self.with(|fixed| fixed.gate = Some(gate.clone()))
    }

    /// Send the body at about this rate.
    pub(crate) fn slow(self, bytes_per_second: u64) -> Self {
        self.with(|fixed| fixed.bytes_per_second = Some(bytes_per_second))
    }

    /// Send this many bytes of the body, then nothing more, keeping the connection open.
    pub(crate) fn silent_after(self, bytes: usize) -> Self {
        self.with(|fixed| fixed.fault = Some(Fault::Silent(bytes)))
    }

    /// Send this many bytes of the body, then reset the connection.
    pub(crate) fn reset_after(self, bytes: usize) -> Self {
        self.with(|fixed| fixed.fault = Some(Fault::Reset(bytes)))
    }

    fn fixed(fixed: Fixed) -> Self {
        Self { kind: Kind::Fixed(fixed) }
    }

    fn with(mut self, change: impl FnOnce(&mut Fixed)) -> Self {
        match &mut self.kind {
            Kind::Fixed(fixed) => change(fixed),
            Kind::Sequence(..) | Kind::Choose(_) => panic!("change the replies before they are put together"),
        }
        self
    }

    /// The answer to this request.
    pub(super) fn answer(&self, request: &Request) -> Answer {
        match &self.kind {
            Kind::Fixed(fixed) => fixed.answer(request),
            Kind::Choose(pick) => pick(request).answer(request),
            Kind::Sequence(replies, next) => {
                // A request for the size alone does not advance the sequence.
                let step = usize::from(request.method != "HEAD");
                let at = next.fetch_add(step, Ordering::Relaxed).min(replies.len() - 1);
                replies[at].answer(request)
            }
        }
    }
}

impl Fixed {
    fn answer(&self, request: &Request) -> Answer {
        let mut answer = Answer {
            status: self.status,
            headers: self.headers.clone(),
            body: Vec::new(),
            content_length: Some(0),
            gate: self.gate.clone(),
            late: self.late,
            bytes_per_second: self.bytes_per_second,
            fault: self.fault,
        };
        if let Some(etag) = &self.etag {
            answer.headers.push(("ETag".into(), etag.clone()));
        }
        if self.ranges {
            answer.headers.push(("Accept-Ranges".into(), "bytes".into()));
        }
        let length = self.body.len();
        let known = |name| request.header(name).is_some_and(|value| Some(value) == self.etag.as_deref());
        if self.status == 200 && known("if-none-match") {
            answer.status = 304;
            return answer;
        }
        let asked = request.header("range").filter(|_| self.ranges && self.status == 200);
        let asked = asked.filter(|_| request.header("if-range").is_none() || known("if-range"));
        match asked.and_then(|range| parse_range(range, length)) {
            Some((start, end)) if start < end => {
                let start = (start + self.range_shift).min(end);
                answer.status = 206;
                let last = end.saturating_sub(1);
                answer.headers.push(("Content-Range".into(), format!("bytes {start}-{last}/{length}")));
                answer.body = self.body[start..end].to_vec();
            }
            Some(_) => {
                answer.status = 416;
                answer.headers.push(("Content-Range".into(), format!("bytes */{length}")));
            }
            None => answer.body = self.body.to_vec(),
        }
        let length = self.content_length.unwrap_or(answer.body.len() as u64);
        answer.content_length = Some(length).filter(|_| !self.unannounced);
        answer
    }
}

/// Start and end (exclusive) of a single range; empty if the range lies beyond the end.
fn parse_range(range: &str, length: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    Some(match (first.parse::<usize>().ok(), last.parse::<usize>().ok()) {
        (Some(first), Some(last)) => (first.min(length), (last + 1).min(length)),
        (Some(first), None) => (first.min(length), length),
        (None, Some(last)) => (length.saturating_sub(last), length),
        (None, None) => return None,
    })
}
