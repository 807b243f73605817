//! The characters that do something other than being shown.

/// Returns whether a character is invisible by itself, so that it may change the look of the text around it, or hide in
/// it.
///
/// The class is: controls (`Cc`, C1 included), format characters (`Cf`) with all bidirectional controls and tags, line
/// and paragraph separators (`Zl`, `Zp`), everything that Unicode lets a program ignore when it shows text
/// (`Default_Ignorable_Code_Point`: fillers, joiners, variation selectors), and noncharacters. Visible signs of Arabic,
/// Syriac and Kaithi that Unicode counts among the format characters (`Prepended_Concatenation_Mark`) are not in the
/// class, nor are letters, combining marks, blanks, emoji and private use of any script. Surrogates aren't `char`s.
///
/// A test compares the list with Unicode's tables for every character.
pub fn is_unprintable(character: char) -> bool {
    character.is_control()
        || turns_direction(character)
        || is_joiner(character)
        || is_ignorable(character)
        || matches!(character, '\u{2028}' | '\u{2029}')
        || is_noncharacter(character)
}

/// Returns whether the character shapes its neighbours: a joiner or a variation selector.
///
/// Emoji, Persian and Indic scripts are spelled with them, so [`escaped`](super::escaped) keeps them where they have
/// that effect.
pub(super) fn is_joiner(character: char) -> bool {
    matches!(character,
        '\u{200c}' | '\u{200d}'
        | '\u{180b}'..='\u{180d}' | '\u{180f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0100}'..='\u{e01ef}')
}

/// Marks, embeddings, overrides and isolates of the bidirectional algorithm.
fn turns_direction(character: char) -> bool {
    matches!(character,
        '\u{61c}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}')
}

/// Format characters and fillers without a shape: soft hyphen, zero-width spaces, byte order mark, annotations, tags.
fn is_ignorable(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{200b}'
        | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}')
}

/// The code points that Unicode reserves for a program's own use and never assigns.
fn is_noncharacter(character: char) -> bool {
    matches!(character, '\u{fdd0}'..='\u{fdef}') || u32::from(character) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_syntax::hir::{Class, HirKind};

    /// The characters of a class of Unicode properties, from the tables of another crate.
    fn characters_of(class: &str) -> Vec<(char, char)> {
        let parsed = regex_syntax::parse(class).expect("a class of properties");
        let HirKind::Class(Class::Unicode(class)) = parsed.kind() else { panic!("{class} is no class") };
        class.ranges().iter().map(|range| (range.start(), range.end())).collect()
    }

    #[test]
    fn the_class_holds_what_unicode_calls_control_format_separator_ignorable_or_no_character() {
        let ranges = characters_of(
            r"[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]--\p{Prepended_Concatenation_Mark}]",
        );
        for character in '\0'..=char::MAX {
            let listed = ranges.iter().any(|(first, last)| (*first..=*last).contains(&character));
            assert_eq!(is_unprintable(character), listed, "U+{:04X}", u32::from(character));
        }
    }

    #[test]
    fn joiners_are_in_the_class_and_turn_no_direction() {
        let joiners = characters_of(r"[\p{Join_Control}\p{Variation_Selector}]");
        for character in '\0'..=char::MAX {
            let listed = joiners.iter().any(|(first, last)| (*first..=*last).contains(&character));
            assert_eq!(is_joiner(character), listed, "U+{:04X}", u32::from(character));
            assert!(!listed || (is_unprintable(character) && !turns_direction(character)));
        }
    }

    #[test]
    fn ordinary_text_of_many_scripts_is_printable() {
        for text in [
            "naïve Ångström – “quotes” … №",
            "Ελληνικά кириллица Հայերեն ქართული",
            "עברית العربية ۱۲۳ ܐܪܡܝܐ",
            "हिन्दी বাংলা தமிழ் ไทย ខ្មែរ བོད་ မြန်မာ አማርኛ",
            "日本語ツール 中文 한국어",
            "🇩🇪 👩🏽 ✓ ⚠ \u{e0a0}",
            "e\u{301} n\u{303} a\u{a0}b\u{3000}c\u{fffd}",
        ] {
            assert!(!text.contains(is_unprintable), "{text}");
        }
    }
}
