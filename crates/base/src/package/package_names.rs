//! The names that packages have in the registries of npm and of Python.

/// True for a name that npm's packages can have, with a scope or without.
pub(super) fn is_npm_name(text: &str) -> bool {
    let part = |part: &str| {
        let fine = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        !part.is_empty() && !part.starts_with(['.', '_', '-']) && part.chars().all(fine)
    };
    match text.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| part(scope) && part(name)),
        None => part(text),
    }
}

/// True for a name that Python's packages can have, in any spelling.
pub(super) fn is_python_name(text: &str) -> bool {
    let inside = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let ends = |character: char| character.is_ascii_alphanumeric();
    text.chars().all(inside) && text.starts_with(ends) && text.ends_with(ends)
}

/// The one spelling of a Python package's name.
pub(super) fn normal_python_name(name: &str) -> String {
    let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}
