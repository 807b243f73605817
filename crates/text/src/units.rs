//! Numbers with their units, as short as they can be read.

/// A number of bytes in decimal units, at most eight columns: `31.2 MB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    if count < 1000 {
        return format!("{count} B");
    }
    // The first unit in which the number does not round up to `1000.0`.
    let tenths_of = |thousands: u32| (u128::from(count) * 10 + 1000u128.pow(thousands) / 2) / 1000u128.pow(thousands);
    let (unit, tenths) =
        (1..).map(|unit| (unit, tenths_of(unit))).find(|(_, tenths)| *tenths < 10_000).unwrap_or((0, 0));
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit as usize])
}

/// Counted work, with its total if that is known: `7 of 40`.
pub fn counted(done: u64, total: Option<u64>) -> String {
    total.map_or_else(|| done.to_string(), |total| format!("{done} of {total}"))
}

/// A large count in few cells: `950`, `48.1 k`, `1.2 M`.
pub fn short_count(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..999_950 => format!("{:.1} k", count as f64 / 1e3),
        _ => format!("{:.1} M", count as f64 / 1e6),
    }
}

/// An amount of millionths of a dollar: `$0.012`, `$3.45`.
pub fn dollars(micros: u64) -> String {
    let dollars = micros as f64 / 1e6;
    if micros < 1_000_000 { format!("${dollars:.3}") } else { format!("${dollars:.2}") }
}

/// Bytes per second.
pub fn rate(bytes_per_second: u64) -> String {
    format!("{}/s", bytes(bytes_per_second))
}

/// A length of time, at most six columns: `0.4 s`, `14 s`, `2m03s`, `1h02m`, `3d04h`.
pub fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0..10 => format!("{}.{} s", seconds, milliseconds % 1000 / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        86_400..8_640_000 => format!("{}d{:02}h", seconds / 86_400, seconds / 3600 % 24),
        _ => ">99d".to_owned(),
    }
}

/// A length of time in about three digits, for comparing one with another: `812 ms`, `2.34 s`, `14.2 s`. From a minute
/// on, like [`duration`].
pub fn fine_duration(nanoseconds: u64) -> String {
    let milliseconds = nanoseconds / 1_000_000;
    match milliseconds {
        0 if nanoseconds > 0 => "< 1 ms".into(),
        0..1_000 => format!("{milliseconds} ms"),
        1_000..10_000 => format!("{:.2} s", milliseconds as f64 / 1e3),
        10_000..60_000 => format!("{:.1} s", milliseconds as f64 / 1e3),
        _ => duration(milliseconds),
    }
}

/// A duration that still grows, in whole seconds: nobody can read changing tenths.
pub fn seconds(milliseconds: u64) -> String {
    match milliseconds / 1000 {
        seconds @ 0..10 => format!("{seconds} s"),
        _ => duration(milliseconds),
    }
}

/// A duration for a table, at most six columns wide: with tenths below 100 s, so that points and units line up.
pub fn tenths(milliseconds: u64) -> String {
    match milliseconds {
        0..100_000 => format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100),
        _ => duration(milliseconds),
    }
}

/// Thousandths as whole percent, rounded down: 100 % means all of it.
pub fn percent(permille: u16) -> String {
    format!("{}%", permille / 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_and_costs_keep_to_few_cells() {
        let counts = [0, 9_999, 10_000, 48_120, 999_949, 999_950, 12_345_678].map(short_count);
        assert_eq!(counts, ["0", "9999", "10.0 k", "48.1 k", "999.9 k", "1.0 M", "12.3 M"]);
        assert_eq!(
            [0, 12_000, 999_499, 1_000_000, 123_456_789].map(dollars),
            ["$0.000", "$0.012", "$0.999", "$1.00", "$123.46"]
        );
    }

    #[test]
    fn bytes_change_units_before_they_get_too_wide() {
        for (count, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (31_240_000, "31.2 MB"),
            (999_900, "999.9 kB"),
            (999_960, "1.0 MB"),
            (999_800, "999.8 kB"),
            (1_000_000_000, "1.0 GB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(bytes(count), shown);
        }
    }

    #[test]
    fn counted_work_stands_beside_its_total() {
        assert_eq!((counted(7, Some(40)), counted(7, None)), ("7 of 40".to_owned(), "7".to_owned()));
    }

    #[test]
    fn durations_read_at_a_glance() {
        for (milliseconds, shown) in [
            (0, "0.0 s"),
            (449, "0.4 s"),
            (14_200, "14 s"),
            (123_000, "2m03s"),
            (3_720_000, "1h02m"),
            (u64::MAX, ">99d"),
        ] {
            assert_eq!(duration(milliseconds), shown);
        }
    }

    #[test]
    fn durations_that_are_compared_keep_their_milliseconds() {
        for (nanoseconds, shown) in [
            (0, "0 ms"),
            (500, "< 1 ms"),
            (812_000_000, "812 ms"),
            (2_345_000_000, "2.35 s"),
            (14_240_000_000, "14.2 s"),
            (59_960_000_000, "60.0 s"),
            (62_000_000_000, "1m02s"),
            (3_720_000_000_000, "1h02m"),
        ] {
            assert_eq!(fine_duration(nanoseconds), shown);
        }
    }

    proptest! {
        #[test]
        fn numbers_fit_their_columns(count in any::<u64>()) {
            prop_assert!(bytes(count).len() <= 8, "{}", bytes(count));
            prop_assert!(duration(count).len() <= 6, "{}", duration(count));
            prop_assert!(tenths(count).len() <= 6, "{}", tenths(count));
        }
    }
}
