//! The words in braces that an address or a program's path may hold: `{version}`, `{os}`, `{arch}`, `{triple}`, and
//! `{os:macos=Darwin}` with other names for some of the values.

use super::{fill, unknown_name};
use crate::system::platform::{Arch, Os, Platform};

/// The words that may stand between braces; `os` and `arch` may be followed by a colon and other names for their
/// values.
pub const WORDS: [&str; 4] = ["version", "os", "arch", "triple"];

/// The first word in braces that is not one of [`WORDS`]; an opening brace that is never closed counts as such a word.
pub fn unknown_word(template: &str) -> Option<&str> {
    unknown_name(template, is_known_word)
}

/// Replaces every known word: `{os}` by `linux`, `macos` or `windows`, `{arch}` by `x64` or `arm64`, `{triple}` by the
/// compilers' name for the platform. Other words stay as they are.
pub fn expand(template: &str, version: &str, platform: Platform) -> String {
    fill(template, |word| word_value(word, version, platform))
}

/// The value of a word for a version on a platform; `None` if it is unknown.
pub fn word_value(word: &str, version: &str, platform: Platform) -> Option<String> {
    let value = if word == "version" { Some(version) } else { value_of_platform(word, platform) };
    value.map(str::to_owned)
}

/// Returns whether the template expands to the same text on all platforms.
pub fn is_same_everywhere(template: &str) -> bool {
    let mut expanded = Platform::ALL.map(|platform| expand(template, "", platform)).into_iter();
    let first = expanded.next();
    expanded.all(|other| Some(other) == first)
}

fn is_known_word(word: &str) -> bool {
    let Some((base, names)) = word.split_once(':') else { return WORDS.contains(&word) };
    let is_value = |value: &str| match base {
        "os" => Platform::ALL.iter().any(|platform| platform.os.name() == value),
        "arch" => Platform::ALL.iter().any(|platform| platform.arch.name() == value),
        _ => false,
    };
    names.split(',').all(|pair| pair.split_once('=').is_some_and(|(value, _)| is_value(value.trim())))
}

/// The value of a word on a platform; `None` for `version` and for an unknown word.
fn value_of_platform(word: &str, platform: Platform) -> Option<&str> {
    let (base, names) = word.split_once(':').unwrap_or((word, ""));
    let own = match base {
        "os" => platform.os.name(),
        "arch" => platform.arch.name(),
        "triple" => triple(platform),
        _ => return None,
    };
    let pairs = names.split(',').filter_map(|pair| pair.split_once('='));
    let named = pairs.map(|(value, name)| (value.trim(), name.trim())).find(|(value, _)| *value == own);
    is_known_word(word).then(|| named.map_or(own, |(_, name)| name))
}

/// The compilers' name for a platform.
fn triple(platform: Platform) -> &'static str {
    match (platform.os, platform.arch) {
        (Os::Linux, Arch::X64) => "x86_64-unknown-linux-gnu",
        (Os::Linux, Arch::Arm64) => "aarch64-unknown-linux-gnu",
        (Os::Macos, Arch::X64) => "x86_64-apple-darwin",
        (Os::Macos, Arch::Arm64) => "aarch64-apple-darwin",
        (Os::Windows, Arch::X64) => "x86_64-pc-windows-msvc",
        (Os::Windows, Arch::Arm64) => "aarch64-pc-windows-msvc",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: Platform = Platform { os: Os::Macos, arch: Arch::Arm64 };
    const LINUX: Platform = Platform { os: Os::Linux, arch: Arch::X64 };

    #[test]
    fn every_word_is_replaced_wherever_it_stands() {
        assert_eq!(expand("{os}/{version}/a-{version}-{arch}", "1.2", MAC), "macos/1.2/a-1.2-arm64");
        assert_eq!(expand("a-{triple}", "1", MAC), "a-aarch64-apple-darwin");
        assert_eq!(expand("{wheel}/{os}{", "1", LINUX), "{wheel}/linux{");
        assert_eq!(expand("{version}", "{os}", LINUX), "{os}", "words of a version are not expanded");
    }

    #[test]
    fn systems_and_machines_have_the_names_that_releases_give_them() {
        let names = "a_{os:linux=Linux,macos=Darwin}_{arch:x64=x86_64, arm64=aarch64}.{os:windows=zip,linux=tar.gz,macos=tar.gz}";
        assert_eq!(expand(names, "1", LINUX), "a_Linux_x86_64.tar.gz");
        assert_eq!(expand(names, "1", MAC), "a_Darwin_aarch64.tar.gz");
        let windows = Platform { os: Os::Windows, arch: Arch::X64 };
        assert_eq!(expand(names, "1", windows), "a_windows_x86_64.zip");
        assert_eq!(unknown_word(names), None);
    }

    #[test]
    fn an_unknown_word_is_found() {
        assert_eq!(unknown_word("a/{version}/{platform}"), Some("platform"));
        assert_eq!(unknown_word("a/{version"), Some("version"));
        assert_eq!(unknown_word("{os}{arch}{version}{triple}"), None);
        for wrong in ["os:", "os:darwin=x", "arch:x86_64=y", "version:1=2", "os:linux", "triple:x=y"] {
            assert_eq!(unknown_word(&format!("a/{{{wrong}}}")), Some(wrong));
        }
    }

    #[test]
    fn an_address_without_a_platform_in_it_is_the_same_everywhere() {
        assert!(is_same_everywhere("https://h.invalid/{version}.zip"));
        assert!(is_same_everywhere("{os:linux=a,macos=a,windows=a}"));
        for varying in ["{os}", "{arch}", "{triple}", "{os:linux=Linux}"] {
            assert!(!is_same_everywhere(varying), "{varying}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in "(\\{|\\}|os|arch|:|=|,|linux|x64|version|é){0,20}") {
            let known = unknown_word(&text).is_none();
            let expanded = expand(&text, "1", LINUX);
            proptest::prop_assert!(!known || !expanded.contains('{'), "{expanded}");
        }
    }
}
