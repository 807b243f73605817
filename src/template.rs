//! The words in braces that an address or a program's path may hold: `{version}`, `{os}`, `{arch}`.

use crate::platform::Platform;

/// The words that may stand between braces.
pub const WORDS: [&str; 3] = ["version", "os", "arch"];

/// The first word in braces that is none of [`WORDS`]; a brace that is never closed counts as one.
pub fn unknown_word(template: &str) -> Option<&str> {
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let inside = &rest[at + 1..];
        let Some(end) = inside.find('}') else { return Some(inside) };
        if !WORDS.contains(&&inside[..end]) {
            return Some(&inside[..end]);
        }
        rest = &inside[end + 1..];
    }
    None
}

/// The template with every known word replaced: `{os}` by `linux`, `macos` or `windows`, `{arch}` by `x64` or `arm64`.
pub fn expand(template: &str, version: &str, platform: Platform) -> String {
    template
        .replace("{os}", platform.os.name())
        .replace("{arch}", platform.arch.name())
        // The version is inserted last, so that words inside it are not expanded.
        .replace("{version}", version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{Arch, Os};

    #[test]
    fn every_word_is_replaced_wherever_it_stands() {
        let platform = Platform { os: Os::Macos, arch: Arch::Arm64 };
        assert_eq!(expand("{os}/{version}/a-{version}-{arch}", "1.2", platform), "macos/1.2/a-1.2-arm64");
    }

    #[test]
    fn an_unknown_word_is_found() {
        assert_eq!(unknown_word("a/{version}/{platform}"), Some("platform"));
        assert_eq!(unknown_word("a/{version"), Some("version"));
        assert_eq!(unknown_word("{os}{arch}{version}"), None);
    }
}
