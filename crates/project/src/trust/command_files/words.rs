//! Splits a shell's text into words, each with its place: enough of a shell to find the files that a command names.
//!
//! Quotes, escapes, comments and line continuations are read as by a shell. `$PWD` is the current directory, so it
//! becomes `.`; any other expansion leaves [`UNKNOWN`] in its word. A command substitution is read as more words.

use std::ops::Range;

/// Stands for an expansion whose text only a shell knows. No path contains this character.
pub(in crate::trust) const UNKNOWN: char = '\0';

/// A word of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::trust) struct ShellWord {
    /// Its text without quotes and escapes.
    pub text: String,
    /// Text as a shell's pattern; empty if it has no unquoted `*`, `?` or `[`.
    pub pattern: String,
    /// Which bytes of the text it has.
    pub place: Range<usize>,
}

/// Split this text into its words.
pub(in crate::trust) fn words(text: &str) -> Vec<ShellWord> {
    let mut reader =
        ShellWordReader { text, begun: 0, at: 0, word: None, is_pattern: false, quoted: false, words: Vec::new() };
    while let Some(character) = reader.next() {
        reader.plain(character);
        reader.begun = reader.at;
    }
    reader.end();
    reader.words
}

/// Whether a shell would split this word, or remove something from it.
pub(super) fn is_text_for_a_shell(word: &str) -> bool {
    word.contains(|character: char| character.is_whitespace() || "\"'`;|&()<>$\\".contains(character))
}

struct ShellWordReader<'a> {
    text: &'a str,
    /// Where the current character, quote or expansion begins.
    begun: usize,
    at: usize,
    /// The current word, with its pattern.
    word: Option<ShellWord>,
    /// Whether the word has an unquoted `*`, `?` or `[`.
    is_pattern: bool,
    /// Whether it is within double quotes.
    quoted: bool,
    words: Vec<ShellWord>,
}

impl ShellWordReader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Option<char> {
        let character = self.rest().chars().next()?;
        self.at += character.len_utf8();
        Some(character)
    }

    /// Skip this text if it comes next.
    fn skip(&mut self, text: &str) -> bool {
        let is_next = self.rest().starts_with(text);
        self.at += if is_next { text.len() } else { 0 };
        is_next
    }

    /// Read a character outside of quotes.
    fn plain(&mut self, character: char) {
        match character {
            '\\' if self.skip("\n") => {}
            '\\' => {
                let escaped = self.next().unwrap_or('\\');
                self.push(escaped);
            }
            '\'' => {
                self.begin();
                while let Some(quoted) = self.next().filter(|character| *character != '\'') {
                    self.push(quoted);
                }
            }
            '"' => {
                self.quoted = true;
                self.double_quoted();
                self.quoted = false;
            }
            '`' if self.skip("pwd`") => self.push('.'),
            '$' => self.expansion(),
            '#' if self.word.is_none() => {
                let end = self.rest().find('\n').unwrap_or(self.rest().len());
                self.at += end;
            }
            '`' | ';' | '|' | '&' | '(' | ')' | '<' | '>' => self.end(),
            space if space.is_whitespace() => self.end(),
            '*' | '?' | '[' => {
                self.push_unquoted(character);
                self.is_pattern = true;
            }
            other => self.push_unquoted(other),
        }
    }

    fn double_quoted(&mut self) {
        self.begin();
        while let Some(character) = self.next().filter(|character| *character != '"') {
            match character {
                '\\' if self.skip("\n") => {}
                '\\' if self.rest().starts_with(['$', '`', '"', '\\']) => {
                    let escaped = self.next().unwrap_or('\\');
                    self.push(escaped);
                }
                '`' if self.skip("pwd`") => self.push('.'),
                '$' => self.expansion(),
                other => self.push(other),
            }
        }
    }

    /// Read the rest after a `$`.
    fn expansion(&mut self) {
        if ["{PWD}", "(pwd)"].iter().any(|form| self.skip(form)) || self.is_variable("PWD") && self.skip("PWD") {
            self.push('.');
        } else if self.skip("(") {
            // The command's own words follow; within quotes they're parts of this word.
            self.push(UNKNOWN);
            if self.quoted {
                self.push(' ');
            } else {
                self.begun = self.at;
                self.end();
            }
        } else if self.skip("{") {
            let end = self.rest().find('}').map_or(self.rest().len(), |end| end + 1);
            self.at += end;
            self.push(UNKNOWN);
        } else {
            let name = |character: char| !character.is_ascii_alphanumeric() && character != '_';
            let end = self.rest().find(name).unwrap_or(self.rest().len());
            let special =
                if end == 0 && self.rest().starts_with(['@', '*', '#', '?', '$', '!', '-']) { 1 } else { end };
            self.at += special;
            self.push(if special == 0 { '$' } else { UNKNOWN });
        }
    }

    fn is_variable(&self, name: &str) -> bool {
        let after = self.rest().strip_prefix(name);
        after.is_some_and(|after| !after.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_'))
    }

    /// Begin a word, or continue the current one.
    fn begin(&mut self) -> &mut ShellWord {
        let begun = self.begun;
        self.word.get_or_insert_with(|| ShellWord { place: begun..begun, ..ShellWord::default() })
    }

    /// Add a character that stands for itself.
    fn push(&mut self, character: char) {
        let word = self.begin();
        word.text.push(character);
        if "*?[]{}\\!".contains(character) {
            word.pattern.push('\\');
        }
        word.pattern.push(character);
    }

    /// Add a character as written in a pattern.
    fn push_unquoted(&mut self, character: char) {
        let word = self.begin();
        word.text.push(character);
        if "{}".contains(character) {
            word.pattern.push('\\');
        }
        word.pattern.push(character);
    }

    fn end(&mut self) {
        let is_pattern = std::mem::take(&mut self.is_pattern);
        let Some(mut word) = self.word.take() else { return };
        word.place.end = self.begun;
        if !is_pattern {
            word.pattern.clear();
        }
        self.words.push(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.text.replace(UNKNOWN, "?")).collect()
    }

    #[test]
    fn words_are_read_as_a_shell_reads_them() {
        for (text, expected) in [
            ("", &[][..]),
            ("./run.sh --all", &["./run.sh", "--all"]),
            ("./r\"un\".sh './a b'c", &["./run.sh", "./a bc"]),
            ("./ru\\n.sh a\\ b", &["./run.sh", "a b"]),
            ("a\\\nb \"c\\\nd\\\"e\\f\"", &["ab", "cd\"e\\f"]),
            ("cd tools&&./run.sh;x|y>out", &["cd", "tools", "./run.sh", "x", "y", "out"]),
            ("$PWD/a \"${PWD}/b\" $(pwd)/c `pwd`/d '$PWD'", &["./a", "./b", "./c", "./d", "$PWD"]),
            ("$PWDS/a ${X:-b}/c $1 $@ cost$", &["?/a", "?/c", "?", "?", "cost$"]),
            ("a # b 'c\nd#e", &["a", "d#e"]),
            ("\"$(./a b)\" $(./c)", &["? ./a b)", "?", "./c"]),
            ("'open", &["open"]),
            ("'' \"\"", &["", ""]),
        ] {
            assert_eq!(texts(text), expected, "{text}");
        }
    }

    #[test]
    fn a_quoted_sign_of_patterns_is_none() {
        let pattern = |text: &str| words(text).into_iter().map(|word| word.pattern).collect::<Vec<_>>();
        assert_eq!(pattern("./run*.sh 'a*b' a\\*b"), ["./run*.sh", "", ""]);
        assert_eq!(pattern("'a*'?{b} a[0-9]"), ["a\\*?\\{b\\}", "a[0-9]"]);
    }

    proptest::proptest! {
        #[test]
        fn each_word_has_its_place(text in "[ab*'\"\\\\$(){}`;# \n#é]{0,24}") {
            let mut end = 0;
            for word in words(&text) {
                assert!(end <= word.place.start && word.place.start < word.place.end, "{text:?}: {word:?}");
                assert!(text.get(word.place.clone()).is_some(), "{text:?}: {word:?}");
                end = word.place.end;
            }
        }
    }
}
