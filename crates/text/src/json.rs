//! JSON without unprintable characters: a program reads the same strings, and a terminal finds nothing in them to obey.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

use super::{is_unprintable, push_escaped};

/// `value` as one line of JSON, without a line end, and with its unprintable characters written as `\u001b`.
///
/// # Errors
/// If the value cannot be JSON: a map whose keys are not strings.
pub fn json_line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(256);
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Harmless);
    value.serialize(&mut serializer)?;
    Ok(bytes)
}

struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_unprintable) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let Some(character) = rest[at..].chars().next() else { break };
            let mut written = String::new();
            push_escaped(character, &mut written);
            writer.write_all(written.as_bytes())?;
            rest = &rest[at + character.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_survive_and_carry_nothing_hostile(text in any::<String>()) {
            let hard = format!("{text}\u{1b}[2J\u{9b}\u{202e}\u{e0001}\n\"\\");
            let line = String::from_utf8(json_line(&hard).expect("a string is JSON")).expect("JSON is UTF-8");
            prop_assert!(!line.chars().any(is_unprintable), "{line}");
            prop_assert_eq!(serde_json::from_str::<String>(&line).expect("it reads back"), hard);
        }
    }
}
