//! JSON whose strings hold nothing a terminal would act on: such characters are written as `\uXXXX`, so that nothing
//! is lost for a program and nothing happens to a person who looks at the stream.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

use crate::text::hostile;

/// `value` as one line of JSON, without the line break.
pub(super) fn to_vec(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(256);
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Harmless);
    value.serialize(&mut serializer)?;
    Ok(bytes)
}

struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(hostile) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let Some(character) = rest[at..].chars().next() else { break };
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
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
            let line = String::from_utf8(to_vec(&hard).expect("a string is JSON")).expect("JSON is UTF-8");
            prop_assert!(!line.chars().any(hostile), "{line}");
            prop_assert_eq!(serde_json::from_str::<String>(&line).expect("it reads back"), hard);
        }
    }
}
