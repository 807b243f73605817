//! The names of wheels: their parts, and their fit for a platform.

use std::str::FromStr;

use pep440_rs::Version;

use super::glibc::Glibc;
use crate::archive::is_one_name;
use crate::candidate::is_version;
use crate::platform::{Arch, Os, Platform};

/// The fit of a wheel; greater is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    class: Class,
    /// The lower the required version of libc or macOS, the greater.
    compatibility: i64,
    build: u64,
}

/// The kinds of fit, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// It needs a newer glibc than the installed one.
    NotHere,
    /// It is built for musl: such programs are often linked statically, and then run with glibc too.
    Musl,
    /// It is built for several architectures, including this one.
    Universal,
    Native,
}

impl Fit {
    /// True if the programs of the wheel run with the installed glibc.
    pub(super) fn runs(self) -> bool {
        self.class != Class::NotHere
    }
}

/// The version in a wheel's name; `None` for any other file.
pub(in crate::source) fn version(file: &str) -> Option<String> {
    parts(file).map(|parts| parts.version.to_owned())
}

/// True if a wheel is one of this package, by its name.
pub(in crate::source) fn is_of(file: &str, package: &str) -> bool {
    parts(file).is_some_and(|parts| normal(parts.name) == normal(package))
}

/// True if a wheel is made for a platform.
pub(in crate::source) fn is_for(file: &str, platform: Platform) -> bool {
    fit(file, platform, Glibc::default()).is_some()
}

/// The one spelling of a package's name.
fn normal(name: &str) -> String {
    let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

/// True if two spellings are the same version.
pub(in crate::source) fn same(one: &str, other: &str) -> bool {
    one == other || matches!((Version::from_str(one), Version::from_str(other)), (Ok(one), Ok(other)) if one == other)
}

/// The version of a wheel and its fit for the platform with this glibc; `None` if it does not fit.
///
/// Wheels for one version of Python are left out: programs do not need one.
pub(super) fn fit(file: &str, platform: Platform, glibc: Glibc) -> Option<(String, Fit)> {
    let parts = parts(file)?;
    if !parts.abi.split('.').any(|abi| abi == "none") {
        return None;
    }
    let tags = parts.platform.split('.').filter_map(|tag| tag_fit(tag, platform, glibc));
    let (class, compatibility) = tags.max()?;
    Some((parts.version.to_owned(), Fit { class, compatibility, build: parts.build }))
}

/// True if a wheel fits any platform.
pub(super) fn fits_any(file: &str) -> bool {
    Platform::ALL.into_iter().any(|platform| fit(file, platform, Glibc::default()).is_some())
}

struct Parts<'f> {
    name: &'f str,
    version: &'f str,
    build: u64,
    abi: &'f str,
    platform: &'f str,
}

fn parts(file: &str) -> Option<Parts<'_>> {
    let fields: Vec<&str> = file.strip_suffix(".whl")?.split('-').collect();
    let (name, version, build, abi, platform) = match fields[..] {
        [name, version, _, abi, platform] => (name, version, 0, abi, platform),
        [name, version, build, _, abi, platform] => (name, version, leading_number(build), abi, platform),
        _ => return None,
    };
    (is_one_name(file) && is_version(version)).then_some(Parts { name, version, build, abi, platform })
}

fn leading_number(text: &str) -> u64 {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().unwrap_or(0)
}

fn tag_fit(tag: &str, platform: Platform, glibc: Glibc) -> Option<(Class, i64)> {
    match platform.os {
        Os::Linux => linux(tag, platform.arch, glibc),
        Os::Macos => macos(tag, platform.arch),
        Os::Windows => {
            let wanted = match platform.arch {
                Arch::X64 => "win_amd64",
                Arch::Arm64 => "win_arm64",
            };
            (tag == wanted).then_some((Class::Native, 0))
        }
    }
}

fn linux(tag: &str, arch: Arch, glibc: Glibc) -> Option<(Class, i64)> {
    let arch = match arch {
        Arch::X64 => "_x86_64",
        Arch::Arm64 => "_aarch64",
    };
    let system = tag.strip_suffix(arch)?;
    let made_for = |version| {
        let needed = numbers(version);
        let class = if glibc.suffices(needed / MAJOR, needed % MAJOR) { Class::Native } else { Class::NotHere };
        Some((class, -needed))
    };
    match system {
        "linux" => Some((Class::Native, i64::MIN)),
        "manylinux1" => made_for("2_5"),
        "manylinux2010" => made_for("2_12"),
        "manylinux2014" => made_for("2_17"),
        _ => match system.split_once('_')? {
            ("manylinux", version) => made_for(version),
            ("musllinux", version) => Some((Class::Musl, -numbers(version))),
            _ => None,
        },
    }
}

fn macos(tag: &str, arch: Arch) -> Option<(Class, i64)> {
    let rest = tag.strip_prefix("macosx_")?;
    let kinds: [(&str, Class); 4] = match arch {
        Arch::X64 => [
            ("_x86_64", Class::Native),
            ("_universal2", Class::Universal),
            ("_intel", Class::Universal),
            ("_fat64", Class::Universal),
        ],
        Arch::Arm64 => [
            ("_arm64", Class::Native),
            ("_universal2", Class::Universal),
            ("_universal2", Class::Universal),
            ("_universal2", Class::Universal),
        ],
    };
    kinds.iter().find_map(|(suffix, class)| Some((*class, -numbers(rest.strip_suffix(suffix)?))))
}

/// The weight of a major version in [`numbers`].
const MAJOR: i64 = 10_000;

/// `2_17` as one number with the same order.
fn numbers(text: &str) -> i64 {
    let (major, minor) = text.split_once('_').unwrap_or((text, "0"));
    let number = |text: &str| text.parse::<i64>().unwrap_or(0).clamp(0, MAJOR - 1);
    number(major) * MAJOR + number(minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best<'f>(files: &[&'f str], platform: &str) -> Option<&'f str> {
        let platform = platform.parse().unwrap();
        files
            .iter()
            .filter_map(|file| Some((fit(file, platform, Glibc::default())?.1, *file)))
            .max()
            .map(|(_, file)| file)
    }

    #[test]
    fn each_platform_gets_its_own_wheel() {
        let uv = [
            "uv-0.13.8-py3-none-linux_armv6l.whl",
            "uv-0.13.8-py3-none-macosx_10_12_x86_64.whl",
            "uv-0.13.8-py3-none-macosx_11_0_arm64.whl",
            "uv-0.13.8-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
            "uv-0.13.8-py3-none-manylinux_2_17_i686.manylinux2014_i686.whl",
            "uv-0.13.8-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "uv-0.13.8-py3-none-musllinux_1_1_x86_64.whl",
            "uv-0.13.8-py3-none-win_amd64.whl",
            "uv-0.13.8-py3-none-win_arm64.whl",
            "uv-0.13.8.tar.gz",
        ];
        let expected = [
            ("linux-x64", "manylinux_2_17_x86_64.manylinux2014_x86_64"),
            ("linux-arm64", "manylinux_2_17_aarch64.manylinux2014_aarch64"),
            ("macos-x64", "macosx_10_12_x86_64"),
            ("macos-arm64", "macosx_11_0_arm64"),
            ("windows-x64", "win_amd64"),
            ("windows-arm64", "win_arm64"),
        ];
        for (platform, tag) in expected {
            assert_eq!(best(&uv, platform), Some(format!("uv-0.13.8-py3-none-{tag}.whl").as_str()), "{platform}");
        }
    }

    #[test]
    fn native_beats_universal_and_glibc_beats_musl_and_the_more_modest_wins() {
        let mac = ["a-1-py3-none-macosx_10_9_universal2.whl", "a-1-py3-none-macosx_11_0_arm64.whl"];
        assert_eq!(best(&mac, "macos-arm64"), Some(mac[1]));
        assert_eq!(best(&mac, "macos-x64"), Some(mac[0]));
        let linux = [
            "a-1-py3-none-musllinux_1_1_x86_64.whl",
            "a-1-py3-none-manylinux_2_28_x86_64.whl",
            "a-1-py3-none-manylinux1_x86_64.whl",
        ];
        assert_eq!(best(&linux, "linux-x64"), Some(linux[2]));
        assert_eq!(best(&linux[..2], "linux-x64"), Some(linux[1]));
        assert_eq!(best(&linux[..1], "linux-x64"), Some(linux[0]));
    }

    #[test]
    fn a_wheel_belongs_to_the_package_that_its_name_begins_with() {
        let file = "rust_just-1.59.0-py3-none-win_amd64.whl";
        assert!(is_of(file, "rust-just") && is_of(file, "Rust.Just"));
        assert!(!is_of(file, "just") && !is_of("rust_just-1.59.0.tar.gz", "rust-just"));
        for evil in ["a-1/../../x-py3-none-win_amd64.whl", "../a-1-py3-none-win_amd64.whl", "a-1 2-py3-none-any.whl"] {
            assert_eq!(version(evil), None, "{evil}");
        }
    }

    #[test]
    fn a_higher_build_of_the_same_wheel_wins() {
        let builds = ["a-1-2-py3-none-win_amd64.whl", "a-1-10-py3-none-win_amd64.whl", "a-1-py3-none-win_amd64.whl"];
        assert_eq!(best(&builds, "windows-x64"), Some(builds[1]));
    }

    #[test]
    fn what_needs_python_or_is_no_wheel_does_not_fit() {
        for file in
            ["a-1-cp311-cp311-win_amd64.whl", "a-1-py3-none-any.whl", "a-1.tar.gz", "a.whl", "", "a-1-2-3-4-5-6-7.whl"]
        {
            assert_eq!(best(&[file], "windows-x64"), None, "{file}");
        }
        assert_eq!(version("rust_just-1.59.0-py3-none-win_amd64.whl").as_deref(), Some("1.59.0"));
        assert!(same("1.0", "1.0.0") && !same("1.0", "1.1") && same("odd!", "odd!"));
    }

    proptest::proptest! {
        #[test]
        fn no_name_breaks_the_reader(name in "[a-z0-9_.é-]{0,40}(.whl)?") {
            for platform in Platform::ALL {
                let _ = (fit(&name, platform, Glibc::default()), version(&name));
            }
        }
    }
}
