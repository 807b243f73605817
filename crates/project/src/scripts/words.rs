//! Words in double braces that a script may use, such as `{{args}}` and `{{project.name}}`.
//!
//! Any other text in double braces stays as it is: scripts also contain templates of other programs (`{{.Names}}`, `${{
//! … }}`).

use std::collections::BTreeMap;

use vx_base::nearest::nearest;

use super::ScriptError;

/// Quotes an argument for the shell.
pub type Quote = fn(&str) -> String;

/// Values of the words.
#[derive(Clone, Debug)]
pub struct PlaceholderValues {
    /// Words with a fixed value, such as `project.name`.
    pub fixed: BTreeMap<String, String>,
    /// Environment, for `env.NAME`.
    pub environment: BTreeMap<String, String>,
    /// The arguments.
    pub arguments: Vec<String>,
    /// How to quote the arguments.
    pub quote: Quote,
}

/// Words for all arguments.
const ALL: [&str; 2] = ["args", "@"];
/// Word for the number of arguments.
const COUNT: &str = "#";
const ARGUMENT: &str = "arg";
const VARIABLE: &str = "env.";

impl PlaceholderValues {
    /// Expand the command of a script. Arguments that no word uses are added at the end.
    ///
    /// # Errors
    /// A word is unknown, or an argument was not given.
    pub fn command(&self, script: &str, command: &str) -> Result<String, ScriptError> {
        let expanded = self.expand(script, command)?;
        Ok(match takes_arguments(command) || self.arguments.is_empty() {
            true => expanded,
            false => format!("{expanded} {}", self.all()),
        })
    }

    /// Replace the words in a text of a script.
    ///
    /// # Errors
    /// A word is unknown, or an argument was not given.
    pub fn expand(&self, script: &str, text: &str) -> Result<String, ScriptError> {
        let mut expanded = String::with_capacity(text.len());
        for piece in pieces(text) {
            match piece {
                TemplatePiece::Text(text) => expanded.push_str(text),
                TemplatePiece::Word(word) => expanded.push_str(&self.meaning(script, word)?),
            }
        }
        Ok(expanded)
    }

    fn meaning(&self, script: &str, word: &str) -> Result<String, ScriptError> {
        if ALL.contains(&word) {
            return Ok(self.all());
        }
        if word == COUNT {
            return Ok(self.arguments.len().to_string());
        }
        if let Some(number) = argument_number(word) {
            let argument = number.checked_sub(1).and_then(|at| self.arguments.get(at));
            let missing =
                || ScriptError::Arguments { script: script.to_owned(), wanted: number, given: self.arguments.len() };
            return argument.map(|argument| (self.quote)(argument)).ok_or_else(missing);
        }
        let fixed = self.fixed.get(word);
        // A variable may also be named without `env.`.
        let known = fixed.or_else(|| self.environment.get(word.strip_prefix(VARIABLE).unwrap_or(word)));
        known.cloned().ok_or_else(|| {
            let words = ALL.into_iter().chain(self.fixed.keys().map(String::as_str));
            let variables: Vec<String> = self.environment.keys().map(|name| format!("{VARIABLE}{name}")).collect();
            let near = match word.starts_with(VARIABLE) {
                true => nearest(word, variables.iter().map(String::as_str)),
                false => nearest(word, words),
            };
            let near = near.into_iter().map(str::to_owned).collect();
            ScriptError::Word { script: script.to_owned(), word: word.to_owned(), near }
        })
    }

    fn all(&self) -> String {
        self.arguments.iter().map(|argument| (self.quote)(argument)).collect::<Vec<_>>().join(" ")
    }
}

/// Whether a command has a word for its arguments.
pub fn takes_arguments(command: &str) -> bool {
    let takes = |word: &str| ALL.contains(&word) || word == COUNT || argument_number(word).is_some();
    pieces(command).into_iter().any(|piece| matches!(piece, TemplatePiece::Word(word) if takes(word)))
}

fn argument_number(word: &str) -> Option<usize> {
    let digits = word.strip_prefix(ARGUMENT)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

enum TemplatePiece<'t> {
    Text(&'t str),
    Word(&'t str),
}

/// Split the text at its words.
fn pieces(text: &str) -> Vec<TemplatePiece<'_>> {
    let mut pieces = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(open) = text[at..].find("{{").map(|open| at + open) {
        let inside = open + 2;
        let Some(length) = text[inside..].find("}}") else { break };
        let word = text[inside..inside + length].trim();
        at = match is_word(word) && !text[..open].ends_with('$') {
            true => {
                pieces.extend([TemplatePiece::Text(&text[from..open]), TemplatePiece::Word(word)]);
                from = inside + length + 2;
                from
            }
            // The next word may begin inside text that turned out not to be a word.
            false => open + 1,
        };
    }
    pieces.push(TemplatePiece::Text(&text[from..]));
    pieces
}

fn is_word(text: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "_.-".contains(character);
    text == COUNT
        || text == "@"
        || text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(arguments: &[&str]) -> PlaceholderValues {
        let map =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        PlaceholderValues {
            fixed: map(&[("project.name", "demo"), ("os.name", "linux")]),
            environment: map(&[("MODE", "test")]),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            quote: |text| format!("<{text}>"),
        }
    }

    #[track_caller]
    fn gives(command: &str, arguments: &[&str], expected: &str) {
        assert_eq!(words(arguments).command("s", command).as_deref(), Ok(expected), "{command}");
    }

    #[test]
    fn arguments_stand_where_their_word_is_and_else_at_the_end() {
        gives("cargo test {{args}} --all", &["-p", "a b"], "cargo test <-p> <a b> --all");
        gives("cargo test {{ args }}", &[], "cargo test ");
        gives("cargo test", &["-p", "x"], "cargo test <-p> <x>");
        gives("tag v{{arg1}}", &["1.2"], "tag v<1.2>");
        gives("echo {{#}}: {{@}}", &["a", "b"], "echo 2: <a> <b>");
        gives("echo", &[], "echo");
    }

    #[test]
    fn words_stand_for_the_project_the_system_and_variables() {
        gives("{{project.name}} {{os.name}} {{env.MODE}} {{MODE}}", &[], "demo linux test test");
    }

    #[test]
    fn templates_of_other_programs_are_left_alone() {
        for text in
            ["docker ps --format '{{.Names}}'", "x '{{json .}}'", "echo ${{ secrets.KEY }}", "a {{ b", "}}{{", "{{}}"]
        {
            gives(text, &[], text);
        }
        gives("{{{args}}}", &["x"], "{<x>}");
    }

    #[test]
    fn a_word_for_nothing_is_an_error_with_the_nearest() {
        let error = |command| words(&["x"]).command("build", command).expect_err("unknown");
        assert_eq!(
            error("{{project.nam}}").to_string(),
            "the script `build` holds `{{project.nam}}`, which stands for nothing"
        );
        assert!(matches!(error("{{project.nam}}"), ScriptError::Word { near, .. } if near[0] == "project.name"));
        assert!(matches!(error("{{env.MOD}}"), ScriptError::Word { near, .. } if near == ["env.MODE"]));
        assert_eq!(error("{{arg2}}").to_string(), "the script `build` needs at least 2 arguments, and has 1");
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "(\\{|\\}|args|é|\\$|@| ){0,20}") {
            let _ = words(&["a"]).command("s", &text);
        }
    }
}
