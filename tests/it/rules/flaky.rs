//! The list of tests that are known to fail now and then: `tests/flaky.toml`.

use std::path::Path;

use serde::Deserialize;

/// The most tests that may be on the list. A fourth has to be fixed instead.
const MOST: usize = 3;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    test: Vec<Flaky>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Flaky {
    name: String,
    date: String,
    reason: String,
}

/// The names that `.ci/run` reads, by the same rule: `name = "…"` from the first column to the end of the line.
fn names_that_ci_reads(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect()
}

/// The list, if `.ci/run` reads the same names out of it.
fn list_of(text: &str) -> Result<List, String> {
    let list: List = toml::from_str(text).map_err(|error| error.to_string())?;
    let (names, read): (Vec<&str>, _) =
        (list.test.iter().map(|flaky| flaky.name.as_str()).collect(), names_that_ci_reads(text));
    if names == read {
        Ok(list)
    } else {
        Err(format!("write `name = \"…\"`: {names:?} are listed, .ci/run reads {read:?}"))
    }
}

#[test]
fn a_name_that_ci_would_not_read_is_refused() {
    let list = |name: &str| list_of(&format!("[[test]]\n{name}\ndate = \"2026-01-01\"\nreason = \"it waits\"\n"));
    assert!(list("name = \"a::b\"").is_ok());
    for unread in
        ["name = 'a::b'", "  name = \"a::b\"", "name=\"a::b\"", "name = \"a::b\" # why", "name = \"a\\u003ab\""]
    {
        assert!(list(unread).is_err(), "{unread}");
    }
    assert!(list_of("# name = \"a::b\"\n").is_ok());
}

#[test]
fn at_most_three_tests_are_flaky_and_each_has_a_date_and_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = list_of(&std::fs::read_to_string(root.join("tests/flaky.toml")).unwrap()).unwrap();

    assert!(list.test.len() <= MOST, "mend one of them first: {} tests are listed", list.test.len());
    for flaky in &list.test {
        assert!(flaky.date.parse::<jiff::civil::Date>().is_ok(), "{}: {:?} is no day", flaky.name, flaky.date);
        assert!(flaky.reason.len() > 20, "{}: say what it waits for", flaky.name);
    }
}
