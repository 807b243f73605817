//! Names of packages in the registries of npm and of Python.

/// Checks that an npm package can have this name, with or without a scope.
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

/// Checks that a Python package can have this name, in any spelling.
pub(super) fn is_python_name(text: &str) -> bool {
    let inside = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let ends = |character: char| character.is_ascii_alphanumeric();
    text.chars().all(inside) && text.starts_with(ends) && text.ends_with(ends)
}

/// Normalizes a Python package's name.
pub(super) fn normal_python_name(name: &str) -> String {
    let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}
