//! Type names are distinct: few types share theirs with another, since an error, a search and a stack trace show no
//! path.

use std::collections::BTreeMap;

use super::source::{code, is_word, rust_files, text};
use super::{MOST_SHARED_NAMES_PERCENT, PACKAGES, Package};

/// The words that a type is declared by.
const DECLARATIONS: [&str; 4] = ["struct", "enum", "trait", "union"];

/// Names of functions that say nothing where a call is read, or a stack trace.
const SAYING_NOTHING: [&str; 5] = ["of", "take", "at", "look", "note"];

/// The functions that other files can call and whose name says nothing.
fn functions_that_say_nothing(code: &str) -> Vec<&str> {
    let is_visible = |line: &&str| line.trim_start().starts_with("pub");
    let name = |line| {
        let name = str::split_once(line, " fn ")?.1;
        name.split(|letter: char| !is_word(letter)).next()
    };
    code.lines().filter(is_visible).filter_map(name).filter(|name| SAYING_NOTHING.contains(name)).collect()
}

/// The names of the types that this code declares.
fn declared_types(code: &str) -> Vec<&str> {
    let mut words = code.split(|letter: char| !is_word(letter)).filter(|word| !word.is_empty());
    let mut types = Vec::new();
    while let Some(word) = words.next() {
        if DECLARATIONS.contains(&word) {
            types.extend(words.next().filter(|name| name.starts_with(char::is_uppercase)));
        }
    }
    types
}

#[test]
fn few_types_share_their_name_with_another() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for file in PACKAGES.iter().map(Package::sources).flat_map(|sources| rust_files(&sources)) {
        let shipped = code(&text(&file));
        for name in declared_types(&shipped) {
            *counts.entry(name.to_owned()).or_default() += 1;
        }
    }
    let all: usize = counts.values().sum();
    let sharing: usize = counts.values().filter(|times| **times > 1).sum();
    let percent = 100.0 * sharing as f64 / all as f64;
    let mut most: Vec<(usize, String)> = counts.into_iter().map(|(name, times)| (times, name)).collect();
    most.sort();
    let most: Vec<String> = most.iter().rev().take(20).map(|(times, name)| format!("{name} {times}")).collect();
    println!("types that share a name: {sharing} of {all}, {percent:.1} %; most of all {}", most.join(", "));
    assert!(percent <= MOST_SHARED_NAMES_PERCENT, "{percent:.1} % of the types share a name: {}", most.join(", "));
}

#[test]
fn functions_that_other_files_call_are_named_by_what_they_do() {
    let files = PACKAGES.iter().map(Package::sources).flat_map(|sources| rust_files(&sources));
    let faults: Vec<String> = files
        .flat_map(|file| {
            let code = code(&text(&file));
            let names: Vec<String> = functions_that_say_nothing(&code)
                .into_iter()
                .map(|name| format!("{}: `{name}`", file.display()))
                .collect();
            names
        })
        .collect();
    assert!(faults.is_empty(), "say what these functions do: {faults:#?}");
}

#[test]
fn functions_that_say_nothing_are_seen() {
    let code =
        "pub fn of(x: A) {}\n    pub(in crate::a) const fn take() {}\nfn at() {}\npub fn of_slot() {}\npub use look;";
    assert_eq!(functions_that_say_nothing(code), ["of", "take"]);
}

#[test]
fn declarations_of_types_are_seen() {
    let code = "pub struct A<T>(T);\nenum B {}\nunsafe trait C {}\nstruct_of(x);\nlet x = y::struct_;\ntype D = A<u8>;";
    assert_eq!(declared_types(code), ["A", "B", "C"]);
}
