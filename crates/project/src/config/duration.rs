//! Durations in `vx.toml`: numbers of seconds, and texts such as `90s`, `24h`, `7 days`, `1h 30m`.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use toml::de::DeValue;

use super::reader::{ConfigReader, Value};

/// Read a duration; without a unit it is in seconds.
pub(super) fn in_seconds(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>) -> Option<Duration> {
    let advice = "write seconds, or a text such as \"30m\", \"24h\" or \"7d\"";
    let found = number(reader, value).map(Duration::from_secs).or_else(|| friendly(value));
    found.or_else(|| refuse(reader, what, value, advice))
}

/// Read an age. It needs a unit, unless it is zero: other programs count the same setting in minutes or days.
pub(super) fn of_age(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>) -> Option<Duration> {
    let advice = "write a text with a unit, such as \"24h\" or \"3 days\", or \"0\" to allow every age";
    let found = match number(reader, value) {
        Some(0) => Some(Duration::ZERO),
        Some(_) => None,
        None => friendly(value),
    };
    found.or_else(|| refuse(reader, what, value, advice))
}

fn number(reader: &ConfigReader<'_>, value: &Value<'_>) -> Option<u64> {
    match value.get_ref() {
        DeValue::Integer(_) => reader.raw(value).replace('_', "").parse().ok(),
        DeValue::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn friendly(value: &Value<'_>) -> Option<Duration> {
    let span: Span = value.get_ref().as_str()?.parse().ok()?;
    let exact = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(exact).ok()
}

fn refuse(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>, advice: &str) -> Option<Duration> {
    let message = format!("{what} is {}, which is not a duration", reader.raw(value));
    reader.error(value.span(), message, Some(advice.to_owned()));
    None
}
