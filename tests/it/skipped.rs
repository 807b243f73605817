//! What a test could not look at on this machine.

use std::io::Write;

/// Say that this test, or a part of it, was not made, and why: in one write past the test harness, which keeps back what a
/// test prints that passes. `.ci/run` says it again at its end.
pub(crate) fn skipped(why: impl std::fmt::Display) {
    let thread = std::thread::current();
    let line = format!("skipped: {}: {why}\n", thread.name().unwrap_or("a thread of a test"));
    // Nobody there to read it is no failure of the test.
    let _ = std::io::stderr().write_all(line.as_bytes());
}
