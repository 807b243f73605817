//! The list of tests that are known to fail now and then: `tests/flaky.toml`.

use std::path::Path;

use serde::Deserialize;

/// The most tests that may stand on the list. A fourth has to be mended instead.
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

#[test]
fn at_most_three_tests_are_flaky_and_each_has_a_date_and_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list: List = toml::from_str(&std::fs::read_to_string(root.join("tests/flaky.toml")).unwrap()).unwrap();

    assert!(list.test.len() <= MOST, "mend one of them first: {} tests are listed", list.test.len());
    for flaky in &list.test {
        assert!(flaky.date.parse::<jiff::civil::Date>().is_ok(), "{}: {:?} is no day", flaky.name, flaky.date);
        assert!(flaky.reason.len() > 20, "{}: say what it waits for", flaky.name);
    }
}
