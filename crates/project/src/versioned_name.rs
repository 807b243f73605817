//! A tool with a version after its name, as people type it.

use vx_base::package::shipped::NamedPackage;

/// Split a tool's name from the version after its `@`, if any; a leading `@` belongs to the name, also after the
/// registry of a package.
pub fn tool_and_version(text: &str) -> (&str, Option<&str>) {
    let name = NamedPackage::of_tool(text).map_or(0, |named| text.len() - named.package.len());
    match text[name..].char_indices().skip(1).find(|(_, character)| *character == '@') {
        Some((at, _)) => (&text[..name + at], Some(&text[name + at + 1..])),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_behind_the_last_part_of_the_name() {
        assert_eq!(tool_and_version("node@22.1.0"), ("node", Some("22.1.0")));
        assert_eq!(tool_and_version("node"), ("node", None));
        assert_eq!(tool_and_version("@scope/x@1"), ("@scope/x", Some("1")));
        assert_eq!(tool_and_version("@scope/x"), ("@scope/x", None));
        assert_eq!(tool_and_version(""), ("", None));
        assert_eq!(tool_and_version("npm:@scope/x@1"), ("npm:@scope/x", Some("1")));
        assert_eq!(tool_and_version("npm:@scope/x"), ("npm:@scope/x", None));
        assert_eq!(tool_and_version("pypi:x@latest"), ("pypi:x", Some("latest")));
    }
}
