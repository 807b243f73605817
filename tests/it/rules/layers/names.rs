//! Type names are distinct: few types share theirs with another, since an error, a search and a stack trace show no
//! path.

use std::collections::BTreeMap;

use super::source::{code, is_word, rust_files, text};
use super::{MOST_SHARED_NAMES_PERCENT, PACKAGES, Package};

/// The words that a type is declared by.
const DECLARATIONS: [&str; 4] = ["struct", "enum", "trait", "union"];

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
fn declarations_of_types_are_seen() {
    let code = "pub struct A<T>(T);\nenum B {}\nunsafe trait C {}\nstruct_of(x);\nlet x = y::struct_;\ntype D = A<u8>;";
    assert_eq!(declared_types(code), ["A", "B", "C"]);
}
