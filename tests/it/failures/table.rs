//! The table of `docs/failures.md`: every event has a test, and every test it names exists.

use std::fs;
use std::path::{Path, PathBuf};

/// The rows: event, outcome, tests.
fn rows() -> Vec<[String; 3]> {
    let text = fs::read_to_string(root().join("docs/failures.md")).expect("the table reads");
    let cells = |line: &str| -> Option<[String; 3]> {
        let line = line.strip_prefix("| ")?.strip_suffix(" |")?;
        let cells: Vec<String> = line.split(" | ").map(str::to_owned).collect();
        cells.try_into().ok()
    };
    text.lines().filter_map(cells).filter(|row| row[0] != "event").collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `failures::servers::name` is the function `name` in `tests/it/failures/servers.rs`, `vx_store::lock::name` that in
/// `crates/store/src/lock.rs`.
fn exists(test: &str) -> bool {
    let Some((module, function)) = test.rsplit_once("::") else { return false };
    let (below, module) = match module.strip_prefix("vx_").and_then(|named| named.split_once("::")) {
        Some((name, module)) => (format!("crates/{name}/src"), module),
        None => ("tests/it".to_owned(), module),
    };
    let mut file: PathBuf = root().join(below).join(module.replace("::", "/"));
    file.set_extension("rs");
    let text = fs::read_to_string(file).unwrap_or_default();
    text.contains(&format!("#[test]\nfn {function}()")) || text.contains(&format!("#[test]\n    fn {function}()"))
}

#[test]
fn every_event_has_tests_and_they_are_there() {
    let rows = rows();
    assert!(rows.len() >= 30, "only {} rows are read", rows.len());
    let mut wrong = Vec::new();
    for [event, outcome, tests] in &rows {
        let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        if named.is_empty() || outcome.is_empty() {
            wrong.push(format!("`{event}` has no test or no outcome"));
        }
        wrong.extend(named.iter().filter(|test| !exists(test)).map(|test| format!("`{event}`: there is no `{test}`")));
    }
    assert!(wrong.is_empty(), "docs/failures.md:\n{}", wrong.join("\n"));
}

#[test]
fn a_test_that_is_not_there_is_noticed() {
    assert!(exists("failures::table::a_test_that_is_not_there_is_noticed"));
    for missing in ["failures::table::no_such_test", "failures::none::x", "exists", "failures::table::rows"] {
        assert!(!exists(missing), "{missing}");
    }
}
