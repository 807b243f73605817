//! Reading the `package.json` of an npm package: its programs, and the packages that they need.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::name::bare_name;
use super::unshipped::UnshippedReason;
use crate::package::npm_range::NpmRange;
use crate::system::platform::{Arch, Os, Platform};

/// The folder of a release in which node looks up packages.
pub const NODE_MODULES: &str = "lib/node_modules";

/// The scripts that npm runs when it installs a package.
const INSTALL_SCRIPTS: [&str; 3] = ["preinstall", "install", "postinstall"];

/// The parts of a `package.json` that decide whether a package is a tool by itself. A field whose form isn't npm's
/// counts as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NpmManifest {
    /// Its version.
    pub version: String,
    /// The paths of its programs in the package, by name.
    pub programs: BTreeMap<String, String>,
    /// A folder of the package whose files are its programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_folder: Option<String>,
    /// Packages that it needs and does not bundle.
    pub needs: Vec<String>,
    /// Packages that it uses where they exist, with the ranges of their versions. A package that it wants from outside
    /// of the registry, or under another name, counts as needed.
    pub optional: BTreeMap<String, String>,
    /// Set if npm would run one of its scripts after unpacking.
    pub install_script: bool,
    os: Vec<String>,
    cpu: Vec<String>,
    libc: Vec<String>,
}

impl NpmManifest {
    /// Read a `package.json`, or a registry's document about one version.
    ///
    /// # Errors
    /// The text is not a JSON object.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        // Some editors write a byte order mark, which npm ignores.
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let raw: Map<String, Value> = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        Ok(Self::from_object(&raw))
    }

    /// Read an object that has been parsed already.
    pub fn from_object(raw: &Map<String, Value>) -> Self {
        let name = text(raw, "name");
        let (optional, elsewhere): (BTreeMap<_, _>, BTreeMap<_, _>) =
            ranges(raw, "optionalDependencies").into_iter().partition(|(_, range)| NpmRange::parse(range).is_some());
        Self {
            version: text(raw, "version"),
            programs: programs(raw.get("bin"), &name),
            program_folder: raw.get("directories").and_then(|folders| folders.get("bin")?.as_str().map(str::to_owned)),
            needs: needs(raw, &optional, elsewhere.into_keys()),
            optional,
            install_script: has_install_script(raw),
            os: words(raw, "os"),
            cpu: words(raw, "cpu"),
            libc: words(raw, "libc"),
        }
    }

    /// Why the package cannot be a tool by itself; `for_platform` if a package for the platform comes with it.
    ///
    /// Packages with native programs often have an install script that only makes them start faster; without a package
    /// for the platform, the script is the only source of the program.
    pub fn lack(&self, for_platform: bool) -> Option<UnshippedReason> {
        if self.programs.is_empty() && self.program_folder.is_none() {
            return Some(UnshippedReason::Programs);
        }
        if !self.needs.is_empty() {
            return Some(UnshippedReason::Dependencies(self.needs.clone()));
        }
        (self.install_script && !for_platform).then_some(UnshippedReason::InstallScript)
    }

    /// Returns whether the package is made for some platforms only.
    pub fn is_limited(&self) -> bool {
        !self.os.is_empty() || !self.cpu.is_empty()
    }

    /// Returns whether the package is made for some platforms only, including this one.
    pub fn is_made_for(&self, platform: Platform) -> bool {
        let os = match platform.os {
            Os::Linux => "linux",
            Os::Macos => "darwin",
            Os::Windows => "win32",
        };
        let cpu = match platform.arch {
            Arch::X64 => "x64",
            Arch::Arm64 => "arm64",
        };
        let glibc = platform.os != Os::Linux || admits(&self.libc, "glibc");
        self.is_limited() && admits(&self.os, os) && admits(&self.cpu, cpu) && glibc
    }
}

/// Returns whether a list admits a name. An empty list admits all, and `!name` all others.
fn admits(list: &[String], name: &str) -> bool {
    let refused = list.iter().any(|entry| entry.strip_prefix('!') == Some(name));
    let mut named = list.iter().filter(|entry| !entry.starts_with('!')).peekable();
    !refused && (named.peek().is_none() || named.any(|entry| entry == name))
}

fn text(raw: &Map<String, Value>, key: &str) -> String {
    raw.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A list of words, or one word.
fn words(raw: &Map<String, Value>, key: &str) -> Vec<String> {
    match raw.get(key) {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(all)) => all.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

fn ranges(raw: &Map<String, Value>, key: &str) -> BTreeMap<String, String> {
    let entries = raw.get(key).and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(name, range)| Some((name.clone(), range.as_str()?.to_owned()))).collect()
}

/// Reads `bin`: a path for a single program with the package's name, or a table of programs.
fn programs(bin: Option<&Value>, name: &str) -> BTreeMap<String, String> {
    let own = bare_name(name).to_owned();
    let pairs = match bin {
        Some(Value::String(path)) => vec![(own, path.clone())],
        Some(Value::Object(table)) => {
            let path = |(name, path): (&String, &Value)| Some((name.clone(), path.as_str()?.to_owned()));
            table.iter().filter_map(path).collect()
        }
        _ => Vec::new(),
    };
    let bare = |name: String| name.rsplit('/').next().unwrap_or_default().to_owned();
    let plain = |path: String| path.split('/').filter(|part| !matches!(*part, "" | ".")).collect::<Vec<_>>().join("/");
    pairs.into_iter().map(|(name, path)| (bare(name), plain(path))).collect()
}

/// The packages that npm would install besides this one: dependencies that are neither bundled nor optional, required
/// peers, and optional packages from outside of the registry (`elsewhere`).
fn needs(
    raw: &Map<String, Value>,
    optional: &BTreeMap<String, String>,
    elsewhere: impl Iterator<Item = String>,
) -> Vec<String> {
    let bundled = |name: &String| {
        ["bundleDependencies", "bundledDependencies"].iter().any(|key| match raw.get(*key) {
            Some(Value::Bool(all)) => *all,
            Some(Value::Array(some)) => some.iter().any(|one| one.as_str() == Some(name)),
            _ => false,
        })
    };
    let peers = ranges(raw, "peerDependencies").into_keys().filter(|name| {
        let about = raw.get("peerDependenciesMeta").and_then(|all| all.get(name)?.get("optional")?.as_bool());
        about != Some(true)
    });
    let own = ranges(raw, "dependencies").into_keys().filter(|name| !optional.contains_key(name));
    let mut needs: Vec<String> = own.chain(peers).chain(elsewhere).filter(|name| !bundled(name)).collect();
    needs.sort();
    needs.dedup();
    needs
}

fn has_install_script(raw: &Map<String, Value>) -> bool {
    let said = raw.get("hasInstallScript").and_then(Value::as_bool) == Some(true);
    let scripts = raw.get("scripts").and_then(Value::as_object);
    said || scripts.is_some_and(|scripts| INSTALL_SCRIPTS.iter().any(|name| scripts.contains_key(*name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(json: &str) -> NpmManifest {
        NpmManifest::parse(json.as_bytes()).expect("a manifest")
    }

    #[test]
    fn programs_are_read_in_every_form_of_npm() {
        for (json, name, path) in [
            (r#"{"name":"a","bin":"./cli.js"}"#, "a", "cli.js"),
            (r#"{"name":"@s/a","bin":"bin/a.js"}"#, "a", "bin/a.js"),
            (r#"{"name":"a","bin":{"b":"./x//y.js"}}"#, "b", "x/y.js"),
            (r#"{"name":"a","bin":{"@s/b":"y.js"}}"#, "b", "y.js"),
        ] {
            let manifest = manifest(json);
            assert_eq!(manifest.programs, BTreeMap::from([(name.to_owned(), path.to_owned())]), "{json}");
            assert_eq!(manifest.lack(false), None, "{json}");
        }
        assert_eq!(manifest(r#"{"directories":{"bin":"bin"}}"#).lack(false), None);
        for json in [r#"{"name":"a"}"#, r#"{"bin":{}}"#, r#"{"bin":5}"#, r#"{"bin":{"a":5}}"#] {
            assert_eq!(manifest(json).lack(false), Some(UnshippedReason::Programs), "{json}");
        }
        assert!(NpmManifest::parse(b"[]").is_err() && NpmManifest::parse(b"{").is_err());
    }

    #[test]
    fn what_npm_would_install_besides_is_lacking() {
        for (more, lacking) in [
            (r#""dependencies":{"x":"1"}"#, &["x"][..]),
            (r#""dependencies":{"x":"1"},"optionalDependencies":{"x":"1"}"#, &[]),
            (r#""dependencies":{"x":"1","y":"1"},"bundleDependencies":["x"]"#, &["y"]),
            (r#""dependencies":{"x":"1"},"bundledDependencies":true"#, &[]),
            (r#""peerDependencies":{"x":"1"}"#, &["x"]),
            (r#""peerDependencies":{"x":"1"},"peerDependenciesMeta":{"x":{"optional":true}}"#, &[]),
            (r#""devDependencies":{"x":"1"}"#, &[]),
            (r#""optionalDependencies":{"x":"npm:y@1.0.0-linux","y":"1.0.0","z":"github:a/b"}"#, &["x", "z"]),
        ] {
            let manifest = manifest(&format!(r#"{{"name":"a","bin":"a.js",{more}}}"#));
            assert_eq!(manifest.needs, lacking, "{more}");
            assert_eq!(manifest.lack(false).is_some(), !lacking.is_empty(), "{more}");
        }
    }

    #[test]
    fn a_script_that_makes_the_programs_is_a_lack_unless_a_package_for_the_platform_has_them() {
        for more in [r#""hasInstallScript":true"#, r#""scripts":{"postinstall":"node install.js"}"#] {
            let manifest = manifest(&format!(r#"{{"name":"a","bin":"a.js",{more}}}"#));
            assert_eq!((manifest.lack(false), manifest.lack(true)), (Some(UnshippedReason::InstallScript), None));
        }
        assert_eq!(manifest(r#"{"name":"a","bin":"a.js","scripts":{"build":"x"}}"#).lack(false), None);
    }

    #[test]
    fn a_package_is_made_for_the_platforms_that_it_names() {
        let linux: Platform = "linux-x64".parse().expect("known");
        let made = |json: &str| manifest(json).is_made_for(linux);
        assert!(made(r#"{"os":["linux"],"cpu":["x64"]}"#));
        assert!(made(r#"{"os":"linux","cpu":["x64"],"libc":["glibc"]}"#));
        assert!(made(r#"{"os":["!win32"]}"#));
        assert!(!made("{}"), "it is for no platform in particular");
        assert!(!made(r#"{"os":["linux"],"cpu":["x64"],"libc":["musl"]}"#));
        assert!(!made(r#"{"os":["darwin"]}"#) && !made(r#"{"os":["linux"],"cpu":["arm64"]}"#));
        assert!(!made(r#"{"os":["!linux"]}"#));
    }
}
