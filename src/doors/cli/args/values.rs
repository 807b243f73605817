//! Values that need parsing: durations, moments, speeds.

use std::time::Duration;

/// A duration with its unit: `500ms`, `90s`, `10m`, `1h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration =
        text.parse().map_err(|_| "expected a number and a unit, such as 500ms, 90s, 10m")?;
    Duration::try_from(span).ok().filter(|duration| !duration.is_zero()).ok_or_else(|| "expected more than zero".into())
}

/// A time since the start: as [`duration`], and `0s` too.
pub(super) fn moment(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration =
        text.parse().map_err(|_| "expected a number and a unit, such as 500ms, 12.5s, 2m")?;
    Duration::try_from(span).map_err(|_| "expected zero or more".into())
}

/// A speed, as percent of the original one.
#[cfg(feature = "tui")]
pub(super) fn speed(text: &str) -> Result<u32, String> {
    let times: f64 = text.parse().map_err(|_| "expected a number, such as 0.5 or 8")?;
    let percent = (times * 100.0).round();
    (10.0..=6_400.0).contains(&percent).then_some(percent as u32).ok_or_else(|| "expected 0.1 to 64".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_carry_their_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        for text in ["", "5", "0s", "-1s", "soon"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
