use super::*;

/// Everything that is read from these bytes, fed in pieces of `piece` bytes.
fn readings(bytes: &[u8], piece: usize) -> Vec<GaugeReading> {
    let (mut gauge, mut stream) = (Gauge::new(Vec::new()), GaugeStream::default());
    let mut all = Vec::new();
    bytes.chunks(piece).for_each(|piece| gauge.feed(&mut stream, piece, |reading| all.push(reading)));
    all
}

/// The last numbers and the message that one printed line gives.
fn read(line: &str) -> Option<(u64, Option<u64>, GaugeUnit, Option<String>)> {
    let last = readings(format!("{line}\n").as_bytes(), usize::MAX).pop()?;
    let (done, total) = last.done?;
    Some((done, total, last.unit, last.message))
}

#[test]
fn forms_of_programs_are_read() {
    for (line, done, total, unit, message) in [
        ("[12/340] Building CXX object x.o", 12, 340, GaugeUnit::Count, "Building CXX object x.o"),
        ("[ 45%] Building C object y.o", 450, 1000, GaugeUnit::Permille, "Building C object y.o"),
        ("[100%] Built target all", 1000, 1000, GaugeUnit::Permille, "Built target all"),
        ("    Building [====>                    ] 12/340: syn, serde", 12, 340, GaugeUnit::Count, "syn, serde"),
        ("Step 3/7 : RUN make", 3, 7, GaugeUnit::Count, "RUN make"),
        ("#9 [3/7] RUN make", 3, 7, GaugeUnit::Count, "RUN make"),
        ("#9 [build 3/7] RUN make", 3, 7, GaugeUnit::Count, "RUN make"),
        ("        PASS [   0.011s] (12/340) crate tests::x", 12, 340, GaugeUnit::Count, ""),
        ("   ━━━━━━━━━━━━━━━ 1.5/3.0 MB 5.6 MB/s eta 0:00:01", 1_500_000, 3_000_000, GaugeUnit::Bytes, ""),
        ("Downloaded 512 KiB / 2 MiB", 524_288, 2_097_152, GaugeUnit::Bytes, ""),
        ("tests/test_x.py ......        [ 45%]", 450, 1000, GaugeUnit::Permille, ""),
        ("Progress: 45.3 %", 453, 1000, GaugeUnit::Permille, ""),
        ("Receiving objects:  67% (670/1000), 1.2 MiB", 670, 1000, GaugeUnit::Count, ""),
        ("(####......) reify:lodash: timing", 400, 1000, GaugeUnit::Permille, ""),
        ("[=====>    ]", 500, 1000, GaugeUnit::Permille, ""),
        ("⸨████░░░░░░⸩ ⠋ reify:lodash: http fetch GET 200", 400, 1000, GaugeUnit::Permille, ""),
        ("Building [====>               ]", 200, 1000, GaugeUnit::Permille, ""),
        (
            " => [build 3/7] RUN make                     1.2s",
            3,
            7,
            GaugeUnit::Count,
            "RUN make                     1.2s",
        ),
        ("[+] Building 12.3s (5/12)", 5, 12, GaugeUnit::Count, ""),
        ("[3 of 7] Compiling Main ( Main.hs )", 3, 7, GaugeUnit::Count, "Compiling Main ( Main.hs )"),
        ("Step 3 of 7: link", 3, 7, GaugeUnit::Count, "link"),
        ("Progress 1200 of 3400", 1_200, 3_400, GaugeUnit::Bytes, ""),
        ("3 / 7 files done.", 3, 7, GaugeUnit::Count, ""),
    ] {
        let message = (!message.is_empty()).then(|| message.to_owned());
        assert_eq!(read(line), Some((done, Some(total), unit, message)), "{line}");
    }
}

#[test]
fn a_project_that_is_built_is_a_message_without_numbers() {
    for (line, message) in [
        ("  App -> /src/bin/Debug/net8.0/App.dll", "App"),
        ("  App.Core net8.0 succeeded (0.3s) → bin/App.Core.dll", "App.Core net8.0"),
        ("  App succeeded with 1 warning(s) (1.2s) → bin/App.dll", "App"),
    ] {
        let last = readings(format!("{line}\n").as_bytes(), usize::MAX).pop();
        let expected = GaugeReading { done: None, unit: GaugeUnit::Count, message: Some(message.to_owned()) };
        assert_eq!(last, Some(expected), "{line}");
    }
}

#[test]
fn what_only_looks_like_progress_is_not() {
    for line in [
        "",
        "on 12/11/2026 at 10:00",
        "in src/12/340.c",
        "v1/2 of the api",
        "7/3 is more than the whole",
        "0/0",
        "120% sure",
        "error[E0308]: mismatched types",
        "[info] all is well",
        "warning: 3 warnings",
        "--------------------",
        "[          ]",
        "99999999999999999999/99999999999999999999",
        "http://h.invalid/12/340",
        "a-12/340",
        "Build started 1/2/2026 10:00:00 AM.",
        "Build succeeded in 2.1s",
        "Time Elapsed 00:00:01.23",
        "git mv a -> b",
        "Restore succeeded (maybe)",
        "Progress 1 of 2 files",
    ] {
        assert_eq!(read(line), None, "{line}");
    }
}

/// As they print on a terminal of 100 columns.
#[test]
fn the_terminal_output_of_real_programs_is_read() {
    let count = |done, total| Some((done, Some(total)));
    let ninja = "\r[0/40] CXX o0\x1b[K\r[1/40] CXX o0\x1b[K\r[1/40] CXX o2\x1b[K\r[40/40] CXX o39\x1b[K\n";
    let cargo = "\x1b[1m\x1b[92m   Compiling\x1b[0m libc v0.2.191\r\n\x1b[1m\x1b[96m    Building\x1b[0m [=>              ] \
                 4/40: libc(build.rs), quote    \r\x1b[1m\x1b[96m    Building\x1b[0m [==>             ] 5/40: quote  \r\x1b[K\
                 \x1b[1m\x1b[92m    Finished\x1b[0m `dev` profile [unoptimized + debuginfo] target(s) in 12.3s\r\n";
    let script = "\u{2819}\x1b[1G\x1b[0K\n> j@1.0.0 build\n> node b.js\n\n\r\x1b[2K<s> [webpack.Progress] 5% building 1/20 modules\
                  \r\x1b[2K<s> [webpack.Progress] 100% building 20/20 modules\ndone\n";
    for (printed, expected, message) in [
        (ninja, vec![count(0, 40), count(1, 40), count(1, 40), count(40, 40)], Some("CXX o39")),
        (cargo, vec![count(4, 40), count(5, 40)], Some("quote")),
        (script, vec![count(1, 20), count(20, 20)], None),
    ] {
        for piece in [1, 5, usize::MAX] {
            let read = readings(printed.as_bytes(), piece);
            assert_eq!(read.iter().map(|reading| reading.done).collect::<Vec<_>>(), expected, "{printed}");
            assert_eq!(read.last().and_then(|reading| reading.message.as_deref()), message, "{printed}");
        }
    }
}

#[test]
fn the_size_of_the_pieces_does_not_matter() {
    let printed = "\u{1b}[1m\u{1b}[32m[1/3]\u{1b}[0m one\r\u{1b}[K[2/3] zwei ✓\n\u{1b}]9;4;1;45\u{7}\
                   \u{1b}]9;4;3;\u{1b}\\\u{1b}[2J[3/3] three\n";
    let whole = readings(printed.as_bytes(), usize::MAX);
    let numbers: Vec<_> = whole.iter().map(|reading| reading.done).collect();
    let sure = Some((450, Some(1000)));
    assert_eq!(numbers, [Some((1, Some(3))), Some((2, Some(3))), sure, None], "surer than steps from then on");
    assert_eq!(whole[1].message.as_deref(), Some("zwei ✓"));
    for piece in [1, 2, 3, 7, 64] {
        assert_eq!(readings(printed.as_bytes(), piece), whole, "{piece}");
    }
}

#[test]
fn a_surer_form_is_not_moved_by_a_less_sure_one() {
    let read = readings(b"50%\n[2/4] compiling 99% of x\nwarming up: 10%\n[3/4] y\n", usize::MAX);
    let numbers: Vec<_> = read.iter().map(|reading| reading.done).collect();
    assert_eq!(numbers, [Some((500, Some(1000))), Some((2, Some(4))), Some((3, Some(4)))]);
}

#[test]
fn a_reading_without_numbers_leaves_the_numbers_of_other_forms() {
    let pattern = Pattern::new(r"now (?<message>\w+)").expect("a pattern");
    let (mut gauge, mut stream) = (Gauge::new(vec![pattern]), GaugeStream::default());
    let mut numbers = Vec::new();
    gauge.feed(&mut stream, b"[1/9] a\nnow link\n\x1b]9;4;3;\x07[9/9] c\n", |reading| numbers.push(reading.done));
    assert_eq!(numbers, [Some((1, Some(9))), None, None, Some((9, Some(9)))]);
}

#[test]
fn the_streams_of_a_program_share_what_is_believed() {
    let (mut gauge, mut output, mut error) = (Gauge::new(Vec::new()), GaugeStream::default(), GaugeStream::default());
    let mut numbers = Vec::new();
    gauge.feed(&mut output, b"[1/9] a\n", |reading| numbers.push(reading.done));
    gauge.feed(&mut error, b"90%\n", |reading| numbers.push(reading.done));
    gauge.feed(&mut output, b"[2/9] b\n", |reading| numbers.push(reading.done));
    assert_eq!(numbers, [Some((1, Some(9))), Some((2, Some(9)))]);
}

#[test]
fn a_line_without_an_end_costs_no_memory() {
    let (mut gauge, mut stream) = (Gauge::new(Vec::new()), GaugeStream::default());
    let mut count = 0;
    for _ in 0..1_000 {
        gauge.feed(&mut stream, &[b'x'; 10_000], |_| count += 1);
    }
    gauge.feed(&mut stream, b"\x1b]9;4;1;", |_| count += 1);
    for _ in 0..1_000 {
        gauge.feed(&mut stream, &[b'1'; 10_000], |_| count += 1);
    }
    gauge.feed(&mut stream, b"\x07\r[1/2]\n", |_| count += 1);
    assert_eq!(count, 1, "the line after it");
}

#[test]
fn a_users_pattern_is_read_before_all_forms() {
    let pattern = |text| Gauge::new(vec![Pattern::new(text).expect("a pattern")]);
    let read = |mut gauge: Gauge, line: &str| {
        let mut last = None;
        gauge.feed(&mut GaugeStream::default(), format!("{line}\n").as_bytes(), |reading| last = Some(reading));
        last
    };
    let found = read(pattern(r"task (?<done>\d+) of (?<total>\d+): (?<message>.*)"), "task 3 of 9: link 50%");
    let expected = GaugeReading { done: Some((3, Some(9))), unit: GaugeUnit::Count, message: Some("link 50%".into()) };
    assert_eq!(found, Some(expected));
    let found = read(pattern(r"at (?<percent>[\d.]+)"), "[1/9] at 12.5");
    assert_eq!(found.and_then(|reading| reading.done), Some((125, Some(1000))));
    let found = read(pattern(r"now (?<message>\w+)"), "now linking");
    assert_eq!(found, Some(GaugeReading { done: None, unit: GaugeUnit::Count, message: Some("linking".into()) }));
    let found = read(pattern(r"x(?<done>\d+)"), "[1/9] y");
    assert_eq!(found.and_then(|reading| reading.done), Some((1, Some(9))), "other forms count where it is not");
}

#[test]
fn a_pattern_that_could_mean_nothing_is_refused() {
    for (text, expected) in [
        ("(", "not a regular expression"),
        (r"\d+", "has no group"),
        (r"(?<total>\d+)", "has no group"),
        (r"(?<finished>\d+)", "the group `finished`"),
    ] {
        let error = Pattern::new(text).expect_err("no pattern").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_give_readings_within_bounds(bytes in proptest::collection::vec(0_u8..=255, 0..2_000), piece in 1_usize..100) {
        for reading in readings(&bytes, piece) {
            let (done, total) = reading.done.unwrap_or((0, None));
            proptest::prop_assert!(total.is_none_or(|total| done <= total));
        }
    }

    #[test]
    fn texts_of_numbers_and_marks_never_panic(text in "[0-9/%.\\[\\] =>#éB:kM-]{0,80}") {
        let _ = readings(format!("{text}\n").as_bytes(), usize::MAX);
    }
}
