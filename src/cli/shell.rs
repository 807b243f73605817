//! The words of shells: how each sets a variable, and how it quotes a value.

use std::ffi::{OsStr, OsString};

use shell_quote::{Bash, Fish, Sh};

use super::args::Shell;
use crate::spelled::obeyed;

/// A variable and what becomes of it: a value, or nothing.
pub(super) type Change = (String, Option<OsString>);

/// The line that makes this change; `None` for a name that no shell takes.
pub(super) fn line(shell: Shell, (name, value): &Change) -> Option<String> {
    if !is_name(name) {
        return None;
    }
    Some(match (shell, value) {
        (Shell::Bash | Shell::Zsh, Some(value)) => format!("export {name}={}", quoted(shell, value)),
        (Shell::Bash | Shell::Zsh, None) => format!("unset {name}"),
        (Shell::Fish, Some(value)) => format!("set -gx {name} {};", quoted(shell, value)),
        (Shell::Fish, None) => format!("set -e {name};"),
        (Shell::Powershell, Some(value)) => format!("$env:{name} = {}", quoted(shell, value)),
        (Shell::Powershell, None) => format!("Remove-Item -ErrorAction SilentlyContinue Env:{name}"),
    })
}

/// A value as one word of the shell's.
pub(super) fn quoted(shell: Shell, value: &OsStr) -> String {
    let bytes = value.as_encoded_bytes();
    let quoted = match shell {
        // Both know `$'…'`, which says any byte in plain characters.
        Shell::Bash | Shell::Zsh if bytes.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_control()) => {
            Sh::quote_vec(bytes)
        }
        Shell::Bash | Shell::Zsh => Bash::quote_vec(bytes),
        Shell::Fish => Fish::quote_vec(bytes),
        Shell::Powershell => return powershell(&value.to_string_lossy()),
    };
    String::from_utf8_lossy(&quoted).into_owned()
}

/// Single quotes there end at any of these marks; two of them are one. What a terminal would obey is put in by its number.
fn powershell(text: &str) -> String {
    let mut word = String::from("'");
    for character in text.chars() {
        match character {
            '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' => word.extend([character, character]),
            _ if obeyed(character) => word.push_str(&format!("'+[char]{}+'", u32::from(character))),
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
        line(shell, &("NAME".into(), Some(value.into()))).expect("a name")
    }

    #[test]
    fn every_shell_sets_and_removes_in_its_own_words() {
        assert_eq!(set(Shell::Bash, "plain"), "export NAME=plain");
        assert_eq!(set(Shell::Powershell, "it's"), "$env:NAME = 'it''s'");
        assert_eq!(set(Shell::Powershell, "a\u{1b}b"), "$env:NAME = ('a'+[char]27+'b')");
        assert_eq!(line(Shell::Fish, &("NAME".into(), None)).as_deref(), Some("set -e NAME;"));
        assert_eq!(line(Shell::Zsh, &("NAME".into(), None)).as_deref(), Some("unset NAME"));
    }

    #[test]
    fn no_value_is_anything_that_a_terminal_obeys_and_none_is_changed_when_it_is_printed() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Powershell] {
            for value in ["\u{1b}]0;owned\u{7}", "\u{9b}2J", "\u{202e}", "a\rb\u{7f}"] {
                let line = set(shell, value);
                assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
            }
        }
    }

    #[test]
    fn a_name_that_would_be_a_command_is_left_out() {
        for name in ["", "A B", "A;rm", "1A", "A=B", "Ä"] {
            assert_eq!(line(Shell::Bash, &(name.into(), Some("x".into()))), None, "{name}");
        }
    }
}
