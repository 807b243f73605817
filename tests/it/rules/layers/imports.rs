//! The names that a file uses from elsewhere, read from its code.

use super::source::is_word;

/// One name that a `use` brings into a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// The path behind `use`, word by word.
    pub(super) path: Vec<String>,
    /// The name in this file.
    pub(super) name: String,
    /// The file re-exports it (`pub use`).
    pub(super) passed_on: bool,
}

/// Everything that a file names.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) imports: Vec<Import>,
    /// Paths of two words and more outside of `use`.
    pub(super) paths: Vec<Vec<String>>,
    /// Every word outside of `use`.
    pub(super) words: Vec<String>,
    /// Modules that exist in tests only.
    pub(super) test_modules: Vec<String>,
}

impl Names {
    pub(super) fn parse(code: &str) -> Self {
        let tokens = tokens(code);
        let mut names = Self::default();
        let mut at = 0;
        while at < tokens.len() {
            at += match tokens[at] {
                "use" => names.take_use(&tokens[at + 1..], passes_on(&tokens[..at])) + 1,
                "mod" => names.take_module(&tokens, at),
                // `$crate` in a macro is not this file's own use.
                "$" => 2,
                word if word.starts_with(is_word) => names.take_path(&tokens[at..]),
                _ => 1,
            };
        }
        names
    }

    /// The names of one `use`, up to its semicolon. Returns how many tokens it has.
    fn take_use(&mut self, tokens: &[&str], passed_on: bool) -> usize {
        let length = tokens.iter().position(|token| *token == ";").unwrap_or(tokens.len());
        self.take_tree(&mut tokens[..length].iter().copied().peekable(), &[], passed_on);
        length
    }

    fn take_tree<'a>(
        &mut self,
        tokens: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
        before: &[String],
        passed_on: bool,
    ) {
        let mut path = before.to_vec();
        let mut name = None;
        while let Some(token) = tokens.next() {
            match token {
                "{" => loop {
                    self.take_tree(tokens, &path, passed_on);
                    match tokens.next() {
                        Some(",") if tokens.peek() != Some(&"}") => {}
                        Some(",") => {
                            tokens.next();
                            return;
                        }
                        _ => return,
                    }
                },
                "as" => name = tokens.next().map(str::to_owned),
                "self" if !path.is_empty() => {}
                "::" => {}
                word => path.push(word.to_owned()),
            }
            if matches!(tokens.peek(), None | Some(&"," | &"}")) {
                break;
            }
        }
        if let Some(last) = path.last().cloned() {
            self.imports.push(Import { name: name.unwrap_or(last), path, passed_on });
        }
    }

    fn take_module(&mut self, tokens: &[&str], at: usize) -> usize {
        if let Some([name, ";"]) = tokens.get(at + 1..at + 3)
            && in_tests_only(&tokens[..at])
        {
            self.test_modules.push((*name).to_owned());
        }
        2
    }

    fn take_path(&mut self, tokens: &[&str]) -> usize {
        let mut path = vec![tokens[0].to_owned()];
        while let Some(["::", word]) = tokens.get(2 * path.len() - 1..2 * path.len() + 1)
            && word.starts_with(is_word)
        {
            path.push((*word).to_owned());
        }
        let length = 2 * path.len() - 1;
        self.words.extend(path.iter().cloned());
        if path.len() > 1 {
            self.paths.push(path);
        }
        length
    }
}

/// Split code into words, `::`, and single other characters.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
        let length = if rest.starts_with("::") { 2 } else { word.max(first.len_utf8()) };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

/// Returns whether `pub`, or `pub(…)`, ends here.
fn passes_on(before: &[&str]) -> bool {
    match before {
        [.., "pub"] => true,
        [.., ")"] => before.iter().rposition(|token| *token == "(").is_some_and(|at| before[..at].ends_with(&["pub"])),
        _ => false,
    }
}

/// Returns whether attributes end here and one of them is `cfg(test)`, alone or as one of several conditions.
fn in_tests_only(before: &[&str]) -> bool {
    let before = if passes_on(before) {
        &before[..before.iter().rposition(|token| *token == "pub").unwrap_or(before.len())]
    } else {
        before
    };
    let begin = before.iter().rposition(|token| matches!(*token, ";" | "}")).map_or(0, |at| at + 1);
    let attributes = &before[begin..];
    let refused = attributes.windows(3).any(|window| window == ["not", "(", "test"]);
    attributes.contains(&"cfg") && attributes.contains(&"test") && !refused
}

/// The root modules that this code names as `crate::module`, also inside `use crate::{a, b::c}`.
pub(super) fn root_modules(code: &str) -> Vec<String> {
    let names = Names::parse(code);
    let imported = names.imports.into_iter().map(|import| import.path);
    let own = |path: Vec<String>| match path.as_slice() {
        [first, module, ..] if first == "crate" => Some(module.clone()),
        _ => None,
    };
    imported.chain(names.paths).filter_map(own).collect()
}

#[test]
fn imports_are_seen_in_every_form() {
    let code = "use crate::{a, b::{c, d}, e};\nuse crate::f::g;\nfn x() { crate::h::i(); $crate::j!() }";
    assert_eq!(root_modules(code), ["a", "b", "b", "e", "f", "h"]);
}

#[test]
fn a_name_is_known_by_the_path_that_it_stands_for() {
    let import = |path: &str, name: &str, passed_on| Import {
        path: path.split("::").map(str::to_owned).collect(),
        name: name.to_owned(),
        passed_on,
    };
    let code = "use super::a::{self, B as C, d::{e, f,},}; pub(crate) use g::H; pub use i::*; use j as k;";
    let expected = [
        import("super::a", "a", false),
        import("super::a::B", "C", false),
        import("super::a::d::e", "e", false),
        import("super::a::d::f", "f", false),
        import("g::H", "H", true),
        import("i::*", "*", true),
        import("j", "k", false),
    ];
    assert_eq!(Names::parse(code).imports, expected);
}

#[test]
fn modules_of_tests_are_known_as_such() {
    let code = "mod a; #[cfg(test)] mod b; #[cfg(all(test, not(loom)))] pub(crate) mod c; #[cfg(not(test))] mod d; \
                #[cfg(unix)] mod e; fn f() {} #[allow(x)] #[cfg(test)] mod g;";
    assert_eq!(Names::parse(code).test_modules, ["b", "c", "g"]);
}
