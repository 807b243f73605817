//! The checks that a test could not make on this machine.

use std::io::Write;

/// Report that this test, or a part of it, was not made, and the reason: in one write past the test harness, which
/// keeps back the output of a test that passes. `.ci/run` repeats it at its end.
pub(crate) fn skipped(why: impl std::fmt::Display) {
    let thread = std::thread::current();
    let line = format!("skipped: {}: {why}\n", thread.name().unwrap_or("a thread of a test"));
    // A closed standard error is no failure of the test.
    let _ = std::io::stderr().write_all(line.as_bytes());
}
