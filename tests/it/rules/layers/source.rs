//! Reading source files for the rules: code without comments, texts and tests, and comments without code.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of a package below a directory, in the order of their paths, or the file itself if the path is a
/// file. A folder with its own manifest is another package.
pub(super) fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_path_buf()];
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let wanted = |path: &PathBuf| match path.is_dir() {
        true => !path.join("Cargo.toml").exists(),
        false => path.extension().is_some_and(|extension| extension == "rs"),
    };
    let mut files: Vec<PathBuf> = entries.filter(wanted).flat_map(|entry| rust_files(&entry)).collect();
    files.sort();
    files
}

/// A path as tables and messages show it: relative to the root, with slashes.
pub(super) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// The text of a source file.
pub(super) fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("a source file reads")
}

/// The code of a file up to its tests: comments are left out, and texts are empty.
pub(super) fn code(text: &str) -> String {
    before_tests(pieces(text).map(|piece| if piece.is_text { "\"\"" } else { piece.source }).collect())
}

/// The code of a file up to its tests, without comments; texts are as they are written.
pub(super) fn shipped(text: &str) -> String {
    before_tests(pieces(text).map(|piece| piece.source).collect())
}

/// The texts in the code of a file up to its tests, one on each line, as they are written.
pub(super) fn texts(text: &str) -> String {
    pieces(&shipped(text)).filter(|piece| piece.is_text).map(|piece| format!("{}\n", piece.source)).collect()
}

fn before_tests(code: String) -> String {
    let tests = code.match_indices("\nmod tests").map(|(at, _)| at).find(|at| {
        let attribute = code[..*at].lines().next_back().unwrap_or_default();
        attribute.starts_with("#[cfg(") && attribute.contains("test")
    });
    let Some(tests) = tests else { return code };
    // Keep the declaration of a tests module in another file: it shows that the file contains tests.
    let declared = code[tests..].starts_with("\nmod tests;");
    code[..tests + if declared { "\nmod tests;".len() } else { 0 }].to_owned()
}

/// A part of a source file: a text or character with its quotes, or a piece of other code.
struct Piece<'a> {
    source: &'a str,
    is_text: bool,
}

/// The parts of a file without its comments.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while let Some(length) = comment_bytes(rest) {
            rest = &rest[length..];
        }
        let first = rest.chars().next()?;
        let literal = literal_bytes(rest);
        // Skip whole words, so that the last letter of a word is not taken for the prefix of a literal.
        let word = || rest.find(|letter: char| !is_word(letter)).unwrap_or(rest.len()).max(first.len_utf8());
        let (source, after) = rest.split_at(literal.unwrap_or_else(word));
        rest = after;
        Some(Piece { source, is_text: literal.is_some() })
    })
}

pub(super) fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn comment_bytes(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    text.starts_with("/*").then(|| text.find("*/").map_or(text.len(), |end| end + 2))
}

/// The length of the text or character that begins here.
fn literal_bytes(text: &str) -> Option<usize> {
    let prefix = text.find(|letter: char| !matches!(letter, 'b' | 'c' | 'r'))?;
    let raw = text[..prefix].ends_with('r');
    let behind = &text[prefix..];
    if raw {
        let hashes = behind.find(|letter| letter != '#')?;
        let end = format!("\"{}", &behind[..hashes]);
        let inner = behind[hashes..].strip_prefix('"')?;
        return inner.find(&end).map(|at| prefix + hashes + 1 + at + end.len());
    }
    let mut letters = behind.char_indices();
    match letters.next()?.1 {
        '"' => closing(letters, '"').map(|at| prefix + at + 1),
        '\'' if behind.starts_with("'\\") => closing(letters, '\'').map(|at| prefix + at + 1),
        '\'' => {
            (behind.chars().nth(2)? == '\'').then(|| prefix + 2 + behind[1..].chars().next().map_or(0, char::len_utf8))
        }
        _ => None,
    }
}

/// The position of the quote that ends a literal; a quote after a backslash does not count.
fn closing(letters: impl Iterator<Item = (usize, char)>, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, letter) in letters {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return Some(at),
            _ => {}
        }
    }
    None
}

/// The paragraphs of a file's comments, each in one line. Headings, tables, drawings and examples are left out.
pub(super) fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = Vec::new();
    let (mut paragraph, mut drawing) = (String::new(), false);
    for line in text.lines() {
        let comment = line.trim_start().strip_prefix("//").map(|rest| rest.trim_start_matches(['/', '!']).trim());
        let fence = comment.is_some_and(|comment| comment.starts_with("```"));
        drawing ^= fence;
        let prose = comment.filter(|text| !drawing && !fence && !text.is_empty() && !text.starts_with(['#', '|']));
        let item = prose.is_some_and(|text| text.starts_with("* ") || text.starts_with("- "));
        if (prose.is_none() || item) && !paragraph.is_empty() {
            paragraphs.push(std::mem::take(&mut paragraph));
        }
        if let Some(text) = prose {
            let space = if paragraph.is_empty() { "" } else { " " };
            paragraph.push_str(space);
            paragraph.push_str(text.trim_start_matches(['*', '-', ' ']));
        }
    }
    paragraphs.extend(Some(paragraph).filter(|paragraph| !paragraph.is_empty()));
    paragraphs
}

#[test]
fn code_has_neither_comments_nor_texts_nor_tests() {
    for (text, expected) in [
        ("let a = 1; // crate::b\nlet c;", "let a = 1; \nlet c;"),
        ("a /* crate::b\n */ c", "a  c"),
        (r#"f("crate::\"b\" // c", d)"#, r#"f("", d)"#),
        ("f(r#\"crate::\"b\"\"#, br\"c\\\", d)", "f(\"\", \"\", d)"),
        ("let quote = '\"'; let b: &'a str = \"c\"; '\\''", "let quote = \"\"; let b: &'a str = \"\"; \"\""),
        ("fn a() {}\n#[cfg(test)]\nmod tests {\n    use crate::b;", "fn a() {}\n#[cfg(test)]"),
        ("fn a() {}\n#[cfg(all(test, not(loom)))]\nmod tests;", "fn a() {}\n#[cfg(all(test, not(loom)))]\nmod tests;"),
        ("#[cfg(feature)]\nmod tests_of_it;", "#[cfg(feature)]\nmod tests_of_it;"),
    ] {
        assert_eq!(code(text), expected, "{text}");
    }
}

#[test]
fn texts_are_those_of_the_code_before_the_tests() {
    let text = "f(\"`--a`\", r#\"`--b`\"#); // \"`--c`\"\n#[cfg(test)]\nmod tests {\n    \"`--d`\"";
    assert_eq!(texts(text), "\"`--a`\"\nr#\"`--b`\"#\n");
}

#[test]
fn comments_are_read_as_paragraphs() {
    let text = "//! One\n//! two. Three.\n//!\n//! # Heading\n//! ```text\n//! drawing\n//! ```\n//! | a | b |\n\
                //! * item\n//!   goes on\n//! * other\nlet x = 1; // at the end\n    // Four.\n";
    assert_eq!(paragraphs(text), ["One two. Three.", "item goes on", "other", "Four."]);
}
