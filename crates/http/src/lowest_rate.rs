//! The lowest acceptable rate of a server: one that sends a byte a second is never silent, but never finishes either.

use std::fmt;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use ureq::BodyReader;

/// The lowest average rate at which bytes have to arrive. Only time spent waiting for the server counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LowestRate {
    /// Average number of bytes per second; 0 if any rate will do.
    pub bytes_per_second: u64,
    /// Time over which the average is taken.
    pub over: Duration,
}

impl Default for LowestRate {
    /// Slower than any modem; giving up two connections one after the other takes less than a minute.
    fn default() -> Self {
        Self { bytes_per_second: 1024, over: Duration::from_secs(25) }
    }
}

impl LowestRate {
    /// The default, or with this many bytes a second if the user sets that.
    pub fn from_setting(bytes_per_second: Option<u64>) -> Self {
        let usual = Self::default();
        Self { bytes_per_second: bytes_per_second.unwrap_or(usual.bytes_per_second), ..usual }
    }

    fn bytes(&self) -> u64 {
        (self.bytes_per_second as f64 * self.over.as_secs_f64()) as u64
    }
}

impl fmt::Display for LowestRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes a second over {} s", self.bytes_per_second, self.over.as_secs_f32())
    }
}

/// The content of an answer as it arrives. Reading fails once it arrives too slowly.
pub struct Body {
    reader: BodyReader<'static>,
    meter: BodyRateMeter,
}

/// Counts the bytes that arrived, and the time that was spent waiting for them.
struct BodyRateMeter {
    lowest: LowestRate,
    bytes: u64,
    waited: Duration,
}

/// The server sends more slowly than the lowest rate. Passed through [`Read`] as the inner error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("less than {0}")]
pub(super) struct TooSlow(pub(super) LowestRate);

impl Body {
    pub(super) fn new(reader: BodyReader<'static>, lowest: LowestRate) -> Self {
        Self { reader, meter: BodyRateMeter { lowest, bytes: 0, waited: Duration::ZERO } }
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let begun = Instant::now();
        let count = self.reader.read(buffer)?;
        // Waiting for the end of the content does not count.
        if count > 0 {
            self.meter.add(count as u64, begun.elapsed()).map_err(io::Error::other)?;
        }
        Ok(count)
    }
}

impl BodyRateMeter {
    fn add(&mut self, bytes: u64, waited: Duration) -> Result<(), TooSlow> {
        self.bytes += bytes;
        self.waited += waited;
        if self.bytes >= self.lowest.bytes() {
            (self.bytes, self.waited) = (0, Duration::ZERO);
        }
        if self.waited >= self.lowest.over { Err(TooSlow(self.lowest)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn meter(bytes_per_second: u64) -> BodyRateMeter {
        BodyRateMeter { lowest: LowestRate::from_setting(Some(bytes_per_second)), bytes: 0, waited: Duration::ZERO }
    }

    #[test]
    fn a_drip_is_ended_after_the_time_and_a_slow_line_goes_on() {
        let (mut drip, mut line) = (meter(1024), meter(1024));
        assert!((1..25).all(|_| drip.add(1, SECOND).is_ok()));
        assert_eq!(drip.add(1, SECOND), Err(TooSlow(LowestRate::default())));
        assert!((0..1000).all(|_| line.add(1024, SECOND).is_ok()));
    }

    #[test]
    fn a_pause_is_made_up_for_by_what_comes_after_it() {
        let mut meter = meter(1024);
        meter.add(1, 20 * SECOND).expect("there is time left");
        meter.add(64 << 10, 10 * SECOND).expect("enough has come in that time");
        assert!((1..25).all(|_| meter.add(1, SECOND).is_ok()), "a new time has begun");
    }

    #[test]
    fn without_a_lowest_rate_any_is_waited_for() {
        let mut meter = meter(0);
        assert!((0..1000).all(|_| meter.add(1, SECOND).is_ok()));
    }
}
