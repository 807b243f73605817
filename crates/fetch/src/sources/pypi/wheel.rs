//! Names of wheels: their parts, and how well they fit a platform.
//!
//! Of the wheels for glibc, the one with the newest requirement that this machine's glibc meets is chosen, as by pip
//! and uv: that is the one authors test, and older ones may not even start. Unlike for pip, a wheel for musl fits if no
//! other does, because the program in it is often linked statically.

use std::str::FromStr;

use pep440_rs::Version;
use vx_base::package::archive::is_one_name;
use vx_base::package::candidate::is_version;
use vx_base::system::platform::{Arch, Os, Platform};

use super::glibc::Glibc;

/// How well a wheel fits; greater is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    class: Class,
    /// `false` for a wheel of Python 2 alone.
    modern: bool,
    /// The nearer the required version of libc or macOS, the greater.
    nearness: i64,
    build: u64,
}

/// Kinds of fit, worst first.
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
    /// Whether the programs of the wheel run with the installed glibc.
    pub(super) fn runs(self) -> bool {
        self.class != Class::NotHere
    }
}

/// Read the version from a wheel's name; `None` for any other file.
pub(crate) fn version(file: &str) -> Option<String> {
    parts(file).map(|parts| parts.version.to_owned())
}

/// Whether a wheel belongs to this package, by its name.
pub(crate) fn is_of(file: &str, package: &str) -> bool {
    parts(file).is_some_and(|parts| normal(parts.name) == normal(package))
}

/// Whether a wheel is made for a platform.
pub(crate) fn is_for(file: &str, platform: Platform) -> bool {
    fit(file, platform, Glibc::default()).is_some()
}

/// Bring a package's name into one spelling.
fn normal(name: &str) -> String {
    let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

/// Whether both texts spell the same version.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one == other || matches!((Version::from_str(one), Version::from_str(other)), (Ok(one), Ok(other)) if one == other)
}

/// Find the version of a wheel, and its fit for the platform with this glibc; `None` if it doesn't fit.
///
/// Wheels for one version of Python are left out: programs don't need one.
pub(super) fn fit(file: &str, platform: Platform, glibc: Glibc) -> Option<(String, Fit)> {
    let parts = parts(file)?;
    if !parts.abi.split('.').any(|abi| abi == "none") {
        return None;
    }
    let tags = parts.platform.split('.').filter_map(|tag| tag_fit(tag, platform, glibc));
    let (class, nearness) = tags.max()?;
    Some((parts.version.to_owned(), Fit { class, modern: parts.modern, nearness, build: parts.build }))
}

/// Whether a wheel fits any platform.
pub(super) fn fits_any(file: &str) -> bool {
    Platform::ALL.into_iter().any(|platform| fit(file, platform, Glibc::default()).is_some())
}

struct Parts<'f> {
    name: &'f str,
    version: &'f str,
    build: u64,
    modern: bool,
    abi: &'f str,
    platform: &'f str,
}

fn parts(file: &str) -> Option<Parts<'_>> {
    let fields: Vec<&str> = file.strip_suffix(".whl")?.split('-').collect();
    let (name, version, build, python, abi, platform) = match fields[..] {
        [name, version, python, abi, platform] => (name, version, 0, python, abi, platform),
        [name, version, build, python, abi, platform] => (name, version, leading_number(build), python, abi, platform),
        _ => return None,
    };
    let modern = python.split('.').any(|tag| tag.contains('3'));
    (is_one_name(file) && is_version(version)).then_some(Parts { name, version, build, modern, abi, platform })
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
        let class = if glibc.suffices(needed) { Class::Native } else { Class::NotHere };
        // Beyond the preferred version, a lower requirement is better.
        let nearness = if needed <= glibc.preferred() { weight(needed) } else { -weight(needed) };
        Some((class, nearness))
    };
    match system {
        "linux" => Some((Class::Native, i64::MIN)),
        "manylinux1" => made_for("2_5"),
        "manylinux2010" => made_for("2_12"),
        "manylinux2014" => made_for("2_17"),
        _ => match system.split_once('_')? {
            ("manylinux", version) => made_for(version),
            ("musllinux", version) => Some((Class::Musl, -weight(numbers(version)))),
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
    kinds.iter().find_map(|(suffix, class)| Some((*class, -weight(numbers(rest.strip_suffix(suffix)?)))))
}

/// Parse the numbers of `2_17`.
fn numbers(text: &str) -> (u32, u32) {
    let (major, minor) = text.split_once('_').unwrap_or((text, "0"));
    let number = |text: &str| u32::from(text.parse::<u16>().unwrap_or(0));
    (number(major), number(minor))
}

/// Encode a version as one number with the same order.
fn weight((major, minor): (u32, u32)) -> i64 {
    (i64::from(major) << 32) | i64::from(minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best<'f>(files: &[&'f str], platform: &str) -> Option<&'f str> {
        best_with(files, platform, Glibc::default())
    }

    fn best_with<'f>(files: &[&'f str], platform: &str, glibc: Glibc) -> Option<&'f str> {
        let platform = platform.parse().unwrap();
        files.iter().filter_map(|file| Some((fit(file, platform, glibc)?.1, *file))).max().map(|(_, file)| file)
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
    fn native_beats_universal_and_glibc_beats_musl() {
        let mac = ["a-1-py3-none-macosx_10_9_universal2.whl", "a-1-py3-none-macosx_11_0_arm64.whl"];
        assert_eq!(best(&mac, "macos-arm64"), Some(mac[1]));
        assert_eq!(best(&mac, "macos-x64"), Some(mac[0]));
        let linux = ["a-1-py3-none-musllinux_1_1_x86_64.whl", "a-1-py3-none-manylinux_2_28_x86_64.whl"];
        assert_eq!(best(&linux, "linux-x64"), Some(linux[1]));
        assert_eq!(best(&linux[..1], "linux-x64"), Some(linux[0]));
    }

    #[test]
    fn the_newest_platform_that_this_glibc_suffices_for_wins() {
        let linux = [
            "a-1-py3-none-linux_x86_64.whl",
            "a-1-py3-none-manylinux1_x86_64.whl",
            "a-1-py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.whl",
            "a-1-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "a-1-py3-none-manylinux_2_28_x86_64.whl",
            "a-1-py3-none-manylinux_2_36_x86_64.whl",
            "a-1-py3-none-manylinux_2_39_x86_64.whl",
        ];
        for (glibc, at) in
            [((2, 40), 6), ((2, 36), 5), ((2, 35), 4), ((2, 17), 3), ((2, 16), 2), ((2, 5), 1), ((2, 4), 0)]
        {
            let chosen = best_with(&linux, "linux-x64", Glibc::with_version(glibc.0, glibc.1));
            assert_eq!(chosen, Some(linux[at]), "{glibc:?}");
        }
        // Nothing is known of another machine: the newest that a usual machine runs, else the one that requires least.
        assert_eq!(best(&linux, "linux-x64"), Some(linux[4]));
        assert_eq!(best(&linux[5..], "linux-x64"), Some(linux[5]));
    }

    #[test]
    fn a_wheel_of_python_2_comes_last() {
        let both = ["a-1-py3-none-manylinux1_x86_64.whl", "a-1-py2-none-manylinux2010_x86_64.whl"];
        assert_eq!(best(&both, "linux-x64"), Some(both[0]));
        assert_eq!(best(&both[1..], "linux-x64"), Some(both[1]));
    }

    #[test]
    fn a_program_that_died_of_its_oldest_wheel_is_taken_from_the_newest() {
        let ninja = [
            "ninja-1.11.1-py2.py3-none-manylinux_2_5_x86_64.manylinux1_x86_64.whl",
            "ninja-1.11.1-py2.py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.whl",
            "ninja-1.11.1-py2.py3-none-musllinux_1_1_x86_64.whl",
        ];
        assert_eq!(best_with(&ninja, "linux-x64", Glibc::with_version(2, 36)), Some(ninja[1]));
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
