//! What services have printed.

use std::fs;

use super::Services;
use crate::sandbox::{eventually, text};

#[test]
fn a_log_is_as_long_as_its_table_says_and_the_last_full_file_is_kept() {
    let services = Services::of(
        "[services.a]\ncommand = \"seq -f %0100g 30000; echo the end; exec sleep 600\"\nshell = true\nlog_bytes = 1048576\n",
    );
    services.0.vx("up a").succeeds();
    let lines = eventually("all is printed", || {
        let said = services.0.vx("logs a -n 100000").stdout();
        said.ends_with("a | the end\n").then(|| said.lines().count())
    });
    // A line has 126 bytes with its time.
    assert!((7_500..17_500).contains(&lines), "{lines}");
    let log = services.named("a")["log"].clone();
    let bytes = |name: &str| fs::metadata(name).expect("a file of the log").len();
    assert!(bytes(text(&log)) <= 1024 * 1024 && bytes(&format!("{}.1", text(&log))) <= 1024 * 1024);
    services.0.vx("down").succeeds();
    services.are_gone();
}
