//! Reporting checks that a test could not make on this machine.

use std::io::Write;

/// Report that this test, or a part of it, was skipped, and why. This writes past the test harness, which withholds the
/// output of a passing test, in a single write. `.ci/run` repeats the reports at its end.
pub(crate) fn skipped(why: impl std::fmt::Display) {
    let thread = std::thread::current();
    let line = format!("skipped: {}: {why}\n", thread.name().unwrap_or("a thread of a test"));
    // A closed standard error must not fail the test.
    let _ = std::io::stderr().write_all(line.as_bytes());
}
