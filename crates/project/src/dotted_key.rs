//! Dotted keys of TOML: the names of the tables around a value and its own name, joined by dots.
//!
//! A name that contains a dot is quoted, as in TOML, so that no two values of a file have the same key.

use std::borrow::Cow;

/// Write a name as part of a dotted key: in quotes if it could be mistaken for several names, for another name, or for
/// the position of a table in a list, which is a number.
pub fn key_segment(name: &str) -> Cow<'_, str> {
    let is_sign = |character: char| matches!(character, '.' | '"' | '\\') || character.is_control();
    // A number, or an empty name, isn't plain.
    let is_plain = name.chars().any(|character| !character.is_ascii_digit()) && !name.contains(is_sign);
    match is_plain {
        true => Cow::Borrowed(name),
        false => Cow::Owned(quoted(name)),
    }
}

/// Split a dotted key into its names; quoted names keep their quotes.
pub fn key_segments(key: &str) -> Vec<&str> {
    let (mut segments, mut begun, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, character) in key.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '.' if !is_quoted => {
                segments.push(&key[begun..at]);
                begun = at + 1;
            }
            _ => {}
        }
    }
    segments.push(&key[begun..]);
    segments
}

fn quoted(name: &str) -> String {
    let mut text = String::from("\"");
    for character in name.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            control if control.is_control() => text.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => text.push(other),
        }
    }
    text + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_where_it_could_be_another_key() {
        for (name, segment) in [
            ("web", "web"),
            ("npm:@a/b", "npm:@a/b"),
            ("a b", "a b"),
            ("7zip", "7zip"),
            ("web.env", r#""web.env""#),
            ("0", r#""0""#),
            ("", r#""""#),
            ("a\"b\\", r#""a\"b\\""#),
            ("a\n", r#""a\u000a""#),
        ] {
            assert_eq!(key_segment(name), segment, "{name:?}");
            let key = format!("{segment} = 1\n{segment} = 2");
            if !segment.contains([':', ' ']) {
                assert!(
                    toml::from_str::<toml::Table>(&key).is_err_and(|error| error.to_string().contains("duplicate"))
                );
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn two_paths_of_names_have_two_keys(
            one in proptest::collection::vec("[ab.\"\\\\0\n]{0,4}", 1..4),
            other in proptest::collection::vec("[ab.\"\\\\0\n]{0,4}", 1..4),
        ) {
            let key = |names: &[String]| {
                names.iter().map(|name| key_segment(name).into_owned()).collect::<Vec<_>>().join(".")
            };
            assert_eq!(key_segments(&key(&one)).len(), one.len(), "{one:?}");
            assert_eq!(key(&one) == key(&other), one == other, "{one:?} {other:?}");
        }
    }
}
