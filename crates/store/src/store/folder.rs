//! Names of folders in the store: a tool's own name, or a name that encodes a package of a registry.
//!
//! `npm:@scope/name` has characters that file systems forbid, and packages of npm may differ only in case. So `:` and
//! `/` become `=`, and `!` precedes each letter that was a capital. No tool has these characters in its name, and no
//! package has two slashes, so each folder stands for one tool.

use std::borrow::Cow;

use vx_base::package::shipped::NamedPackage;
use vx_base::package::source_kind::find_registry;

/// Stands for `:` and `/`.
const BORDER: char = '=';
/// Precedes a letter that was a capital.
const CAPITAL: char = '!';

/// Name of a tool's folder.
pub(crate) fn folder_of(tool: &str) -> Cow<'_, str> {
    if NamedPackage::of_tool(tool).is_none() {
        return tool.into();
    }
    let mut folder = String::with_capacity(tool.len() + 4);
    for letter in tool.chars() {
        match letter {
            ':' | '/' => folder.push(BORDER),
            'A'..='Z' => folder.extend([CAPITAL, letter.to_ascii_lowercase()]),
            _ => folder.push(letter),
        }
    }
    folder.into()
}

/// Find the tool whose folder has this name. A name that no tool's folder has is returned as it is.
pub fn tool_of(folder: &str) -> Cow<'_, str> {
    let Some((registry, package)) = folder.split_once(BORDER).filter(|(registry, _)| find_registry(registry).is_some())
    else {
        return folder.into();
    };
    let mut tool = format!("{registry}:");
    let mut letters = package.chars();
    while let Some(letter) = letters.next() {
        match letter {
            BORDER => tool.push('/'),
            CAPITAL => tool.extend(letters.next().map(|capital| capital.to_ascii_uppercase())),
            _ => tool.push(letter),
        }
    }
    tool.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stands_for_one_tool_on_every_file_system() {
        for (tool, folder) in [
            ("node", "node"),
            ("@scope", "@scope"),
            ("npm:cowsay", "npm=cowsay"),
            ("npm:@biomejs/biome", "npm=@biomejs=biome"),
            ("npm:JSONStream", "npm=!j!s!o!n!stream"),
            ("pypi:ast-grep-cli", "pypi=ast-grep-cli"),
        ] {
            assert_eq!((folder_of(tool).as_ref(), tool_of(folder).as_ref()), (folder, tool));
        }
        assert_ne!(folder_of("npm:JSONStream").to_lowercase(), folder_of("npm:jsonstream").to_lowercase());
        assert_eq!(tool_of("npm=x!"), "npm:x", "nothing follows the mark");
    }
}
