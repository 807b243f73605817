//! Locations in files, as compilers, interpreters and test runners print them.
//!
//! Only the form is checked here: a location may name a file that does not exist, or that must not be opened.

/// Most digits of a line or a column.
const MOST_DIGITS: usize = 9;

/// A place in a file, as it was printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintedLocation {
    /// Path of the file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, if it was printed.
    pub column: Option<usize>,
}

/// Find the places in a line, from left to right: `src/a.rs:3:5`, `src/a.ts(3,5)`, `File "a.py", line 3`.
pub fn places(line: &str) -> impl Iterator<Item = PrintedLocation> {
    quoted(line).into_iter().chain(line.split_whitespace().filter_map(of_word))
}

/// The form in words, `File "a.py", line 3`, whose path may hold blanks.
fn quoted(line: &str) -> Option<PrintedLocation> {
    let (file, rest) = line.split_once("File \"")?.1.split_once("\", line ")?;
    let (number, _) = number(rest)?;
    is_path(file).then(|| PrintedLocation { file: file.to_owned(), line: number, column: None })
}

fn of_word(word: &str) -> Option<PrintedLocation> {
    let word = bare(word);
    let word = word.strip_prefix("file://").unwrap_or(word);
    if word.contains("://") {
        return None;
    }
    bracketed(word).or_else(|| after_colons(word))
}

/// The word without the marks around it.
fn bare(word: &str) -> &str {
    let mut word = word.trim_start_matches(['(', '[', '{', '<', '"', '\'', '`']);
    loop {
        let unbalanced = word.matches(')').count() > word.matches('(').count();
        let end = |mark: char| matches!(mark, ':' | ';' | ',' | '.' | '"' | '\'' | '`' | '>' | ']' | '}');
        match word.chars().next_back() {
            Some(last) if end(last) || last == ')' && unbalanced => word = &word[..word.len() - last.len_utf8()],
            _ => return word,
        }
    }
}

/// `file(line)` and `file(line,column)`.
fn bracketed(word: &str) -> Option<PrintedLocation> {
    let (file, inside) = word.split_once(')').map_or(word, |(before, _)| before).rsplit_once('(')?;
    let (line, rest) = number(inside)?;
    let column = match rest.strip_prefix([',', ':']) {
        Some(rest) => Some(number(rest)?.0),
        None if rest.is_empty() => None,
        None => return None,
    };
    is_path(file).then(|| PrintedLocation { file: file.to_owned(), line, column })
}

/// `file:line` and `file:line:column`, whatever follows another colon.
fn after_colons(word: &str) -> Option<PrintedLocation> {
    word.match_indices(':').find_map(|(at, _)| {
        let (file, (line, rest)) = (&word[..at], number(&word[at + 1..])?);
        if !is_path(file) || !(rest.is_empty() || rest.starts_with([':', '-', ','])) {
            return None;
        }
        let column = rest.strip_prefix(':').and_then(number).map(|(column, _)| column);
        Some(PrintedLocation { file: file.to_owned(), line, column })
    })
}

/// The number that the text begins with, from 1, and what follows it.
fn number(text: &str) -> Option<(usize, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    let number = number.parse().ok().filter(|number| *number > 0 && digits <= MOST_DIGITS)?;
    Some((number, rest))
}

/// Returns whether a text may be the path of a file: a word with a letter, and with a dot or a slash. Host names pass,
/// too.
fn is_path(text: &str) -> bool {
    text.contains(['.', '/', '\\']) && text.contains(char::is_alphabetic) && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<(String, usize, Option<usize>)> {
        places(line).map(|place| (place.file, place.line, place.column)).collect()
    }

    #[test]
    fn places_are_found_in_the_forms_of_many_programs() {
        for (line, file, at, column) in [
            ("src/main.rs:3:5", "src/main.rs", 3, Some(5)),
            ("  --> src/main.rs:3:5", "src/main.rs", 3, Some(5)),
            ("./main.go:12:2: undefined: x", "./main.go", 12, Some(2)),
            ("src/app.ts(7,15): error TS2304: Cannot find name 'x'.", "src/app.ts", 7, Some(15)),
            ("Program.cs(7): warning", "Program.cs", 7, None),
            ("  File \"my work/app.py\", line 9, in <module>", "my work/app.py", 9, None),
            ("    at run (file:///srv/app/index.js:10:11)", "/srv/app/index.js", 10, Some(11)),
            ("lib/a.rb:4:in `call': no (RuntimeError)", "lib/a.rb", 4, None),
            ("tests/test_a.py:31: AssertionError", "tests/test_a.py", 31, None),
            ("[eslint] \"src/b.js:1:2\",", "src/b.js", 1, Some(2)),
            ("C:\\work\\a.cs:3:5", "C:\\work\\a.cs", 3, Some(5)),
            ("src/a.vue:3:5-9", "src/a.vue", 3, Some(5)),
            ("(see src/a.rs:2)", "src/a.rs", 2, None),
        ] {
            assert_eq!(found(line), [(file.to_owned(), at, column)], "{line}");
        }
    }

    #[test]
    fn what_is_no_place_is_none() {
        for line in [
            "at 12:30:05 it failed",
            "http://127.0.0.1:8080/a.js:3:5",
            "localhost:5173",
            "127.0.0.1:8080",
            "src/a.rs:0",
            "src/a.rs:12345678901",
            "exit code: 3",
            "a/b:c",
            "ratio 3:4",
            "",
            ":::",
            "(((",
        ] {
            assert_eq!(found(line), [], "{line}");
        }
    }

    #[test]
    fn several_places_keep_their_order() {
        let files: Vec<String> = places("a.c:1:2 and b.c:3").map(|place| place.file).collect();
        assert_eq!(files, ["a.c", "b.c"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(line in "\\PC*|[(){}:.,/a1é\"']*") {
            for place in places(&line) {
                proptest::prop_assert!(place.line > 0 && line.contains(&place.file));
            }
        }
    }
}
