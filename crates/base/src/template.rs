//! Templates: texts in which `{name}` stands for a value, in addresses, in the catalogue's paths, and in the commands
//! of services.
//!
//! Each caller decides which names it knows, and supplies their values. A brace that belongs to no such name is kept as
//! text; callers that allow no other braces check with [`unknown_name`] first. Braces in a value are text, too.

mod address;

use std::fmt;

pub use address::{WORDS, expand, is_same_everywhere, unknown_word, word_value};

/// A part of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplatePart<'a> {
    /// Text without names.
    Text(&'a str),
    /// The text between two braces, which contains no brace itself.
    Name(&'a str),
}

/// Splits a template into its parts, in order.
pub fn parts(template: &str) -> impl Iterator<Item = TemplatePart<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        let (part, after) = next_part(rest)?;
        rest = after;
        Some(part)
    })
}

fn next_part(rest: &str) -> Option<(TemplatePart<'_>, &str)> {
    let mut opened = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (byte, opened) {
            (b'{', _) => opened = Some(at),
            (b'}', Some(0)) => return Some((TemplatePart::Name(&rest[1..at]), &rest[at + 1..])),
            (b'}', Some(open)) => return Some((TemplatePart::Text(&rest[..open]), &rest[open..])),
            _ => {}
        }
    }
    (!rest.is_empty()).then_some((TemplatePart::Text(rest), ""))
}

/// Lists the names in a template, in order.
pub fn names(template: &str) -> impl Iterator<Item = &str> {
    parts(template).filter_map(|part| match part {
        TemplatePart::Name(name) => Some(name),
        TemplatePart::Text(_) => None,
    })
}

/// Replaces names by their values. A name without a value stays as it is, with its braces.
pub fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(template.len() + 16);
    for part in parts(template) {
        match part {
            TemplatePart::Text(text) => filled.push_str(text),
            TemplatePart::Name(name) => match value(name) {
                Some(value) => filled.push_str(&value),
                None => filled.extend(["{", name, "}"]),
            },
        }
    }
    filled
}

/// The first name for which `is_known` fails; an opening brace that is never closed counts as the start of such a name.
pub fn unknown_name(template: &str, is_known: impl Fn(&str) -> bool) -> Option<&str> {
    parts(template).find_map(|part| match part {
        TemplatePart::Text(text) => text.split_once('{').map(|(_, rest)| rest),
        TemplatePart::Name(name) => (!is_known(name)).then_some(name),
    })
}

/// A name in a template that isn't known where the template stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownName<'a> {
    /// Where the template stands, such as `url of [tools.x]`.
    pub place: &'a str,
    /// The name.
    pub name: &'a str,
    /// The names that are known there; at least one.
    pub known: &'a [&'a str],
}

impl UnknownName<'_> {
    /// The next step: the known names.
    pub fn advice(&self) -> String {
        let known: Vec<String> = self.known.iter().map(|name| format!("{{{name}}}")).collect();
        match known.split_last() {
            Some((last, [])) => format!("use {last}"),
            Some((last, others)) => format!("use {} and {last}", others.join(", ")),
            None => String::new(),
        }
    }
}

impl fmt::Display for UnknownName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} holds `{{{}}}`, which stands for nothing", self.place, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str) -> String {
        fill(template, |name| match name {
            "port" => Some("5".into()),
            "braces" => Some("{port}".into()),
            _ => None,
        })
    }

    #[test]
    fn names_get_their_values_and_other_braces_stand_for_themselves() {
        assert_eq!(filled("--listen {port} ${port}"), "--listen 5 $5");
        assert_eq!(filled("{ A = {port} }"), "{ A = 5 }", "a name may stand between other braces");
        assert_eq!(filled("{{port}} {{.Names}} {} } {"), "{5} {{.Names}} {} } {");
        assert_eq!(filled("}{port}{other}{"), "}5{other}{");
        assert_eq!(filled("{braces}"), "{port}", "a value is not read again");
        assert_eq!(names("a{b}{c{d}}").collect::<Vec<_>>(), ["b", "d"]);
    }

    #[test]
    fn a_name_that_its_place_does_not_know_is_named_with_those_that_it_knows() {
        let known = ["version", "os"];
        let unknown = |template| unknown_name(template, |name| known.contains(&name));
        assert_eq!(unknown("{version}/}{os}"), None);
        assert_eq!(unknown("{version}/{port}"), Some("port"));
        assert_eq!(unknown("a/{version"), Some("version"));
        let error = UnknownName { place: "`url`", name: "port", known: &known };
        assert_eq!(error.to_string(), "`url` holds `{port}`, which stands for nothing");
        assert_eq!(error.advice(), "use {version} and {os}");
    }

    proptest::proptest! {
        #[test]
        fn the_parts_of_any_text_are_the_text(text in "(\\{|\\}|os|é){0,20}") {
            proptest::prop_assert_eq!(fill(&text, |_| None), text);
        }
    }
}
