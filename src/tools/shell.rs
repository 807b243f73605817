//! The syntax of shells: setting a variable, and quoting a value.

pub mod hook;
pub mod system;

use std::ffi::{OsStr, OsString};

use shell_quote::{Bash, Fish, Sh};
use vx_text::is_unprintable;

/// A shell that people type into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// Bash.
    Bash,
    /// Z shell.
    Zsh,
    /// Fish.
    Fish,
    /// PowerShell.
    Powershell,
}

/// A change of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableChange {
    /// The variable's name.
    pub name: String,
    /// The new value; `None` to remove the variable.
    pub value: Option<OsString>,
}

impl Shell {
    /// The line that makes this change; `None` for a name that no shell accepts.
    pub fn line(self, VariableChange { name, value }: &VariableChange) -> Option<String> {
        if !is_name(name) {
            return None;
        }
        Some(match (self, value) {
            (Self::Bash | Self::Zsh, Some(value)) => format!("export {name}={}", self.quoted(value)),
            (Self::Bash | Self::Zsh, None) => format!("unset {name}"),
            (Self::Fish, Some(value)) => format!("set -gx {name} {};", self.quoted(value)),
            (Self::Fish, None) => format!("set -e {name};"),
            (Self::Powershell, Some(value)) => format!("$env:{name} = {}", self.quoted(value)),
            (Self::Powershell, None) => format!("Remove-Item -ErrorAction SilentlyContinue Env:{name}"),
        })
    }

    /// A value as one word of the shell.
    pub fn quoted(self, value: &OsStr) -> String {
        let bytes = value.as_encoded_bytes();
        let quoted = match self {
            // Anything else needs `$'…'`, which both shells know and which writes any byte in plain characters.
            Self::Bash | Self::Zsh if bytes.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_control()) => {
                Sh::quote_vec(bytes)
            }
            Self::Bash | Self::Zsh => Bash::quote_vec(bytes),
            Self::Fish => Fish::quote_vec(bytes),
            Self::Powershell => return powershell(&value.to_string_lossy()),
        };
        String::from_utf8_lossy(&quoted).into_owned()
    }
}

/// PowerShell ends a single-quoted text at any of these quotation marks, and reads two of them as one. Unprintable
/// characters are added by number, except line ends and tabs.
fn powershell(text: &str) -> String {
    let mut word = String::from("'");
    for character in text.chars() {
        match character {
            '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' => word.extend([character, character]),
            '\n' | '\t' => word.push(character),
            _ if is_unprintable(character) => {
                // A `[char]` is one unit of UTF-16.
                let units: Vec<_> =
                    character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("[char]{unit}")).collect();
                word.push_str(&format!("'+{}+'", units.join("+")));
            }
            _ => word.push(character),
        }
    }
    let sum = word.contains("'+[char]");
    word.push('\'');
    if sum { format!("({word})") } else { word }
}

fn is_name(name: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || character == '_';
    name.chars().all(plain) && name.starts_with(|first: char| !first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(shell: Shell, value: &str) -> String {
        shell.line(&VariableChange { name: "NAME".into(), value: Some(value.into()) }).expect("a name")
    }

    fn remove(shell: Shell) -> Option<String> {
        shell.line(&VariableChange { name: "NAME".into(), value: None })
    }

    #[test]
    fn every_shell_sets_and_removes_in_its_own_words() {
        assert_eq!(set(Shell::Bash, "plain"), "export NAME=plain");
        assert_eq!(set(Shell::Powershell, "it's"), "$env:NAME = 'it''s'");
        assert_eq!(set(Shell::Powershell, "a\u{1b}b"), "$env:NAME = ('a'+[char]27+'b')");
        assert_eq!(remove(Shell::Fish).as_deref(), Some("set -e NAME;"));
        assert_eq!(remove(Shell::Zsh).as_deref(), Some("unset NAME"));
    }

    #[test]
    fn no_value_is_anything_that_a_terminal_obeys_and_none_is_changed_when_it_is_printed() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Powershell] {
            for value in ["\u{1b}]0;owned\u{7}", "\u{9b}2J", "\u{202e}", "a\rb\u{7f}"] {
                let line = set(shell, value);
                assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
            }
            let unprintable = ('\0'..=char::MAX).filter(|character| is_unprintable(*character));
            for character in unprintable.filter(|character| !matches!(character, '\0' | '\n' | '\t')) {
                let line = set(shell, &format!("é{character}a{character}"));
                assert!(!line.contains(is_unprintable), "{line:?}");
            }
        }
        assert_eq!(set(Shell::Powershell, "a\u{e0041}"), "$env:NAME = ('a'+[char]56128+[char]56385+'')");
    }

    #[test]
    fn a_name_that_would_be_a_command_is_left_out() {
        for name in ["", "A B", "A;rm", "1A", "A=B", "Ä"] {
            assert_eq!(
                Shell::Bash.line(&VariableChange { name: name.into(), value: Some("x".into()) }),
                None,
                "{name}"
            );
        }
    }
}
