//! Unsafe code is in few files, each of which wraps it in safe calls for the rest of its program.

use super::source::{rust_files, shown, text};
use super::{PACKAGES, UNSAFE_FILES};

#[test]
fn unsafe_code_is_where_it_is_known_to_be() {
    let places = PACKAGES.iter().flat_map(|package| std::iter::once(package.sources()).chain(package.others()));
    let files = places.flat_map(|place| rust_files(&place));
    let mut found: Vec<String> = files.filter(|file| has_unsafe(&text(file))).map(|file| shown(&file)).collect();
    found.sort();
    found.dedup();
    assert_eq!(found, UNSAFE_FILES, "on the left the files with unsafe code, on the right those that may have some");
}

/// Returns whether this text's code, tests included, contains the keyword or lifts the lint against it.
fn has_unsafe(text: &str) -> bool {
    text.lines().any(|line| {
        let outside_strings: String = line.replace("\\\"", "").split('"').step_by(2).collect();
        let code = outside_strings.split("//").next().unwrap_or_default();
        let mut words = code.split(|character: char| !character.is_alphanumeric() && character != '_');
        words.any(|word| word == "unsafe") || code.contains("allow(unsafe_code")
    })
}

#[test]
fn unsafe_code_is_seen_in_every_form() {
    for code in [
        "let x = unsafe { *y };",
        "    unsafe impl Send for X {}",
        "#[allow(unsafe_code)]",
        "#![allow(unsafe_code, reason = \"x\")]",
        "#[unsafe(no_mangle)]",
    ] {
        assert!(has_unsafe(code), "{code}");
    }
    for code in ["// unsafe { }", "x(); // unsafe { }", "let x = \"unsafe { }\";", "#![forbid(unsafe_code)]"] {
        assert!(!has_unsafe(code), "{code}");
    }
}
