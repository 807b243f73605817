//! Errors are values, and their texts are for people.
//!
//! There are two rules. The text of an error type is one line: further lines are its details, and the next step is its
//! hint. And code does not search or cut the text of an error: the fact it needs is a kind, a variant or a field.

use super::PACKAGES;
use super::source::{rust_files, shipped, shown, text};

/// Names that errors go by in this code.
const ERROR_WORDS: [&str; 9] = ["error", "err", "fault", "failure", "trouble", "cause", "doubt", "warning", "reason"];

/// Ways to search a text, or to cut it.
const METHODS: [&str; 9] = [
    "contains",
    "starts_with",
    "ends_with",
    "strip_prefix",
    "strip_suffix",
    "split_once",
    "rsplit_once",
    "split",
    "find",
];

/// The shipped code of every file, without comments; texts stay.
fn sources() -> Vec<(String, String)> {
    let files = PACKAGES.iter().flat_map(|package| rust_files(&package.sources()));
    // Leave out `tests.rs`, and the files in a folder of tests.
    let of_tests = |file: &str| file.trim_end_matches(".rs").split('/').any(|part| part == "tests");
    let shipped_files = files.filter(|file| !of_tests(&shown(file)));
    shipped_files.map(|file| (shown(&file), shipped(&text(&file)))).collect()
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty())
}

fn names_an_error(code: &str) -> bool {
    words(code).any(|word| ERROR_WORDS.contains(&word))
}

/// The text from an opening bracket at `at` to the one that closes it, both included; brackets in texts do not count.
fn group(code: &str, at: usize) -> &str {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for (offset, letter) in code[at..].char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &code[at..at + offset + letter.len_utf8()];
        }
    }
    &code[at..]
}

/// The expression that a method is called on, which ends before `end`.
fn receiver(code: &str, end: usize) -> &str {
    let (mut depth, mut start) = (0, end);
    for (at, letter) in code[..end].char_indices().rev() {
        let goes_on = match letter {
            ')' | ']' => {
                depth += 1;
                true
            }
            '(' | '[' => {
                depth -= 1;
                depth >= 0
            }
            // A blank ends an expression, except before a method on the next line.
            _ if letter.is_whitespace() => depth > 0 || code[at..].trim_start().starts_with('.'),
            _ => depth > 0 || letter.is_alphanumeric() || "_.?:&!".contains(letter),
        };
        if !goes_on {
            break;
        }
        start = at;
    }
    &code[start..end]
}

/// The expression without the arguments of its calls, but with those of `format!`.
fn without_arguments(expression: &str) -> String {
    let mut bare = String::new();
    let mut rest = expression;
    while let Some(at) = rest.find('(') {
        let inner = group(rest, at);
        bare.push_str(&rest[..at]);
        bare.push_str(if bare.ends_with("format!") { inner } else { "()" });
        rest = &rest[at + inner.len()..];
    }
    bare + rest
}

/// Variables that hold the text of an error: `let text = error.to_string();`.
fn texts_of_errors(code: &str) -> Vec<&str> {
    let declarations = code.match_indices("let ").filter_map(|(at, _)| {
        let (name, value) = code[at + 4..].split(';').next()?.split_once('=')?;
        let text = ["to_string()", "format!(", "text_of(", ".text"].iter().any(|made| value.contains(made));
        // A closure's `error` is a different variable.
        let name = words(name).find(|word| *word != "mut")?;
        (text && !value.contains('|') && names_an_error(value)).then_some(name)
    });
    declarations.collect()
}

/// The first argument, if it is a text with a word in it.
fn is_a_word(arguments: &str) -> bool {
    let text = arguments.strip_prefix("(\"").and_then(|rest| rest.split('"').next()).unwrap_or_default();
    text.split(|letter: char| !letter.is_ascii_alphabetic()).any(|word| word.len() >= 4)
}

/// The calls in this code that search or cut the text of an error.
fn readings_of_errors(code: &str) -> Vec<String> {
    let known = texts_of_errors(code);
    let mut found = Vec::new();
    for method in METHODS {
        let call = format!(".{method}(");
        for (at, _) in code.match_indices(&call) {
            let bare = without_arguments(receiver(code, at));
            let arguments = group(code, at + call.len() - 1);
            let last = words(&bare).last().unwrap_or_default();
            let of_error = names_an_error(&bare) || words(&bare).next().is_some_and(|first| known.contains(&first));
            let searches = matches!(method, "contains" | "split_once" | "rsplit_once");
            let of_sentence = matches!(last, "text" | "what" | "why" | "hint") && searches && is_a_word(arguments);
            let of_message = last == "message" && is_a_word(arguments);
            if of_error || of_sentence || of_message {
                found.push(format!("{}{call}{}", bare.trim(), arguments.trim_start_matches('(')));
            }
        }
    }
    found
}

/// Line breaks in the texts of error types: in `#[error("…")]`, and in `Display` of a type that is an error.
fn line_breaks(code: &str) -> Vec<String> {
    let attributes = code.match_indices("#[error(").map(|(at, _)| group(code, at + "#[error".len()));
    let is_error = |name: &str| {
        let made = [format!("Error for {name} "), format!("Explain for {name} ")];
        made.iter().any(|made| code.contains(made))
    };
    let displays = code.match_indices("Display for ").filter_map(|(at, _)| {
        let name = words(&code[at + "Display for ".len()..]).next()?;
        let body = at + code[at..].find('{')?;
        is_error(name).then(|| group(code, body))
    });
    let breaks = |text: &&str| text.contains("\\n") || text.contains("writeln!");
    attributes.chain(displays).filter(breaks).map(str::to_owned).collect()
}

#[test]
fn the_text_of_an_error_is_one_line() {
    let sources = sources();
    let faults: Vec<String> = sources
        .iter()
        .flat_map(|(file, code)| line_breaks(code).into_iter().map(move |text| format!("{file}: {text}")))
        .collect();
    assert!(faults.is_empty(), "lines below the first are details of the error:\n{}", faults.join("\n"));
}

#[test]
fn no_code_searches_or_cuts_the_text_of_an_error() {
    let mut faults = Vec::new();
    for (file, code) in sources() {
        faults.extend(readings_of_errors(&code).into_iter().map(|reading| format!("{file}: {reading}")));
    }
    assert!(faults.is_empty(), "the text of an error is for people; ask its kind or a field:\n{}", faults.join("\n"));
}

#[test]
fn readings_of_errors_are_seen_in_every_form() {
    for code in [
        "let (text, hint) = error.split_once(\"\\nhint: \").unwrap_or((error, \"\"));",
        "Found::Nothing { error } if !error.contains(\"vx.lock\") => {}",
        "if error.to_string().contains(\"denied\") {}",
        "if format!(\"{error}\").starts_with(name) {}",
        "let text = error.to_string();\nif text.starts_with(prefix) {}",
        "let text = text_of(error);\nif text.contains(needle) { a } else { b }",
        "let shown = format!(\"{tool}: {failure}\");\nshown.ends_with('x')",
        "if text.contains(\"certificate\") {}",
        "trouble.text.strip_prefix(\"cannot \")",
        "let tail = slot.error\n    .as_deref()\n    .unwrap_or_default()\n    .rsplit_once(\": \");",
        "error.kind().to_string().find(\"of\")",
        "slot.message.strip_prefix(\"waiting for \")",
    ] {
        assert!(!readings_of_errors(code).is_empty(), "{code}");
    }
    for code in [
        "let (name, value) = line.split_once(':')?;",
        "if (400..500).contains(status) {}",
        "if names.contains(&error.name) {}",
        "let kind = error.kind == TroubleKind::Lock && path.starts_with(\"/tmp\");",
        "let rest = text.strip_prefix(\"bytes\").unwrap_or(text).trim();",
        "let text = read(path).map_err(|error| error.to_string())?;\ntext.contains(needle)",
        "text.split_once('=').filter(|(name, _)| !name.contains([':', '/']))",
        "let code = error.code();\ncodes.contains(&code)",
        "println!(\"{error}\"); names.split(',')",
    ] {
        assert_eq!(readings_of_errors(code), [""; 0], "{code}");
    }
}

#[test]
fn line_breaks_in_errors_are_seen_in_every_form() {
    for code in [
        "#[error(\"it failed\\nhint: try again\")]",
        "#[error(\n    \"it failed (\\\n     {reason})\\n{}\",\n    tail\n)]",
        "impl fmt::Display for A {\n fn fmt() { write!(f, \"a\\nb\") }\n}\nimpl Explain for A {}",
        "impl fmt::Display for A {\n fn fmt() { writeln!(f, \"a\") }\n}\nimpl std::error::Error for A {}",
    ] {
        assert_eq!(line_breaks(code).len(), 1, "{code}");
    }
    for code in [
        "#[error(\"it failed: {0}\")]\nlet text = \"a\\nb\";",
        "impl fmt::Display for Table {\n fn fmt() { writeln!(f, \"a\") }\n}",
        "impl fmt::Display for A {\n fn fmt() { write!(f, \"a\") }\n}\nimpl Explain for A {\n fn details() { \"a\\nb\" }\n}",
    ] {
        assert_eq!(line_breaks(code), [""; 0], "{code}");
    }
}
