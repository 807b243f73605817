//! The kinds of sources, and a table of facts about them. All other code decides by these facts, not by the kind.
//!
//! To add a kind, add a variant and a row here; its requests go into a folder of `vx-fetch`.

use std::fmt;
use std::str::FromStr;

use super::candidate::Scheme;
use super::package_names::{is_npm_name, is_python_name, normal_python_name};

/// An origin of releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SourceKind {
    /// The npm registry of the user's configuration.
    Npm,
    /// The Python package index of the user's configuration.
    Pypi,
    /// The site of the tool's vendor, or a mirror of it.
    Vendor,
    /// An address that the project names.
    Url,
    /// A program that is on `PATH` already.
    System,
}

/// The facts of a kind of source.
pub struct SourceFacts {
    /// The name used in `vx.toml` and the lock file.
    pub name: &'static str,
    /// How its versions are written and ordered.
    pub scheme: Scheme,
    /// Facts about its packages, if it is a registry of packages.
    pub registry: Option<RegistryFacts>,
    /// The project names the address of each archive, with an exact version. A lock keeps the address.
    pub has_own_address: bool,
    /// It has a list of versions to choose from.
    pub lists_versions: bool,
    /// Its releases are installed and locked. A program that is on `PATH` already is neither.
    pub is_installed: bool,
    /// Every archive comes with a digest, so no check for a missing digest is needed.
    pub always_has_digests: bool,
    /// The form of package URLs for its archives.
    pub package_url: PackageUrlFacts,
}

/// Facts about a registry of packages, and the words for it.
pub struct RegistryFacts {
    /// The registry in a sentence.
    pub title: &'static str,
    /// The word for its packages: "the npm package".
    pub word: &'static str,
    /// The same word with an article: "an npm package".
    pub word_with_article: &'static str,
    /// Checks that a text can be the name of one of its packages.
    pub is_package_name: fn(&str) -> bool,
    /// Normalizes a package's name.
    pub normal_name: fn(&str) -> String,
    /// The file in a package that declares its programs.
    pub metadata: PackageMetadata,
    /// It signs packages, and a lock keeps the signatures.
    pub signs: bool,
    /// The next step for a package without programs.
    pub advice_to_add: &'static str,
    /// The tool whose command runs any package, with all that the package needs.
    pub runner: PackageRunner,
}

/// A tool that can run a package of a registry by itself, without an install by vx.
pub struct PackageRunner {
    /// The tool to declare.
    pub tool: &'static str,
    /// Its command.
    pub command: &'static str,
    /// Another way, as the end of the sentence; empty if there is no other.
    pub otherwise: &'static str,
}

/// The forms of the metadata inside of packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageMetadata {
    /// A `package.json`.
    PackageJson,
    /// The folders of a wheel.
    Wheel,
}

/// The form of package URLs for the archives of a source.
pub struct PackageUrlFacts {
    /// The type of package.
    pub kind: &'static str,
    /// Names are written there in lower case, with dashes in place of other separators.
    pub has_lower_names: bool,
    /// Package and version don't determine the archive, so the URL also names the file.
    pub names_file: bool,
}

const NPM: SourceFacts = SourceFacts {
    name: "npm",
    scheme: Scheme::Semver,
    registry: Some(RegistryFacts {
        title: "the npm registry",
        word: "npm",
        word_with_article: "an npm",
        is_package_name: is_npm_name,
        normal_name: str::to_owned,
        metadata: PackageMetadata::PackageJson,
        signs: true,
        advice_to_add: "add it to the project's package.json, with `npm install` for instance",
        runner: PackageRunner { tool: "node", command: "npx", otherwise: ", or add it to package.json" },
    }),
    has_own_address: false,
    lists_versions: true,
    is_installed: true,
    always_has_digests: true,
    package_url: PackageUrlFacts { kind: "npm", has_lower_names: false, names_file: false },
};

const PYPI: SourceFacts = SourceFacts {
    name: "pypi",
    scheme: Scheme::Python,
    registry: Some(RegistryFacts {
        title: "the Python package index",
        word: "Python",
        word_with_article: "a Python",
        is_package_name: is_python_name,
        normal_name: normal_python_name,
        metadata: PackageMetadata::Wheel,
        signs: false,
        advice_to_add: "add it to the project's own Python packages, with `uv add` for instance",
        runner: PackageRunner { tool: "uv", command: "uvx", otherwise: "" },
    }),
    has_own_address: false,
    lists_versions: true,
    is_installed: true,
    always_has_digests: true,
    package_url: PackageUrlFacts { kind: "pypi", has_lower_names: true, names_file: true },
};

const VENDOR: SourceFacts = SourceFacts {
    name: "vendor",
    scheme: Scheme::Python,
    registry: None,
    has_own_address: false,
    lists_versions: true,
    is_installed: true,
    always_has_digests: false,
    package_url: GENERIC,
};

const URL: SourceFacts = SourceFacts {
    name: "url",
    scheme: Scheme::Python,
    registry: None,
    has_own_address: true,
    lists_versions: false,
    is_installed: true,
    always_has_digests: false,
    package_url: GENERIC,
};

const SYSTEM: SourceFacts = SourceFacts {
    name: "system",
    scheme: Scheme::Python,
    registry: None,
    has_own_address: false,
    lists_versions: false,
    is_installed: false,
    // It has no archives.
    always_has_digests: true,
    package_url: GENERIC,
};

/// Package URLs of archives that don't come from a registry.
const GENERIC: PackageUrlFacts = PackageUrlFacts { kind: "generic", has_lower_names: false, names_file: true };

/// A word that names no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown source `{0}`: expected {known}", known = known_names())]
pub struct UnknownSource(pub String);

impl SourceKind {
    /// Every source, in the order in which they are tried unless the project sets another.
    pub const ALL: [SourceKind; 5] = [Self::Npm, Self::Pypi, Self::Vendor, Self::Url, Self::System];

    /// The facts of this kind.
    pub const fn facts(self) -> &'static SourceFacts {
        match self {
            Self::Npm => &NPM,
            Self::Pypi => &PYPI,
            Self::Vendor => &VENDOR,
            Self::Url => &URL,
            Self::System => &SYSTEM,
        }
    }

    /// The name used in `vx.toml` and the lock file.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// How its versions are written and ordered.
    pub const fn scheme(self) -> Scheme {
        self.facts().scheme
    }

    /// The facts about its packages; `None` if it is not a registry.
    pub const fn registry(self) -> Option<&'static RegistryFacts> {
        self.facts().registry.as_ref()
    }

    /// Returns whether it signs packages, and a lock keeps the signatures.
    pub fn signs(self) -> bool {
        self.registry().is_some_and(|registry| registry.signs)
    }

    /// The word for its packages in a sentence; the name of the source if it is not a registry.
    pub fn package_word(self) -> &'static str {
        self.registry().map_or(self.name(), |registry| registry.word)
    }

    /// The same with an article.
    pub fn package_word_with_article(self) -> &'static str {
        self.registry().map_or(self.name(), |registry| registry.word_with_article)
    }
}

/// The sources that are registries of packages.
pub fn registries() -> impl Iterator<Item = SourceKind> {
    SourceKind::ALL.into_iter().filter(|kind| kind.registry().is_some())
}

/// The registry of this name.
pub fn find_registry(name: &str) -> Option<SourceKind> {
    registries().find(|kind| kind.name() == name)
}

/// Joins a text for each registry by `or`: `source = "npm" or source = "pypi"`.
pub fn registry_alternatives(text: impl Fn(SourceKind) -> String) -> String {
    registries().map(text).collect::<Vec<_>>().join(" or ")
}

/// The names of all sources, as the end of a sentence.
fn known_names() -> String {
    let names = SourceKind::ALL.map(|kind| format!("`{kind}`"));
    let (last, others) = names.split_last().expect("there are sources");
    format!("{} or {last}", others.join(", "))
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SourceKind {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| UnknownSource(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_reads_back_from_its_name() {
        for kind in SourceKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        let unknown = "apt".parse::<SourceKind>().expect_err("no source");
        assert_eq!(unknown, UnknownSource("apt".into()));
        let expected = "unknown source `apt`: expected `npm`, `pypi`, `vendor`, `url` or `system`";
        assert_eq!(unknown.to_string(), expected);
    }

    #[test]
    fn a_registry_is_found_by_its_name_and_no_other_source_is() {
        assert_eq!(find_registry("pypi"), Some(SourceKind::Pypi));
        assert_eq!(["vendor", "url", "system", "apt"].map(find_registry), [None; 4]);
    }
}
