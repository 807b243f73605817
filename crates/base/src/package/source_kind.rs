//! The kinds of sources, and the table of their facts: all that the rest of vx decides by the kind of a source.
//!
//! A new kind is a variant and a row here. The requests that it makes are its folder in `vx-fetch`.

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
    /// The site of the tool's own vendor, or the mirror of it.
    Vendor,
    /// An address that the project names.
    Url,
    /// The program that is on `PATH` already.
    System,
}

/// The facts of a kind of source.
pub struct SourceFacts {
    /// The name used in `vx.toml` and the lock file.
    pub name: &'static str,
    /// The form and order of its versions.
    pub scheme: Scheme,
    /// The facts of its packages, if it is a registry of packages.
    pub registry: Option<RegistryFacts>,
    /// True if the project names the address of each archive, with an exact version. A lock keeps the address.
    pub has_own_address: bool,
    /// True if it has a list of versions to choose from.
    pub lists_versions: bool,
    /// True if vx installs from it, and locks that. Nothing is installed or locked of a program that is on `PATH`.
    pub is_installed: bool,
    /// True if every archive comes with a digest, so that an archive without one needs no refusal.
    pub always_has_digests: bool,
    /// The package URLs of its archives.
    pub package_url: PackageUrlFacts,
}

/// The facts of a registry of packages, and the words for it.
pub struct RegistryFacts {
    /// The registry in a sentence.
    pub title: &'static str,
    /// The word for its packages: "the npm package".
    pub word: &'static str,
    /// The same word with an article: "an npm package".
    pub word_with_article: &'static str,
    /// True for a text that can be the name of one of its packages.
    pub is_package_name: fn(&str) -> bool,
    /// The one spelling of a package's name.
    pub normal_name: fn(&str) -> String,
    /// The file in a package that declares its programs.
    pub metadata: PackageMetadata,
    /// True if it signs packages, and a lock keeps the signatures.
    pub signs: bool,
    /// The next step for a package without programs.
    pub advice_to_add: &'static str,
    /// The tool whose command runs any package, with all that the package needs.
    pub runner: PackageRunner,
}

/// A tool that runs a package of a registry without vx.
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

/// The form of the package URLs that name archives of a source.
pub struct PackageUrlFacts {
    /// The type of package.
    pub kind: &'static str,
    /// True if names are in lower case there, with dashes alone.
    pub has_lower_names: bool,
    /// True if the package and its version leave open which file it is.
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

/// The package URLs of archives that no registry has.
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

    /// The form of its versions.
    pub const fn scheme(self) -> Scheme {
        self.facts().scheme
    }

    /// The facts of its packages; `None` if it has no packages of its own.
    pub const fn registry(self) -> Option<&'static RegistryFacts> {
        self.facts().registry.as_ref()
    }

    /// True if it signs packages, and a lock keeps the signatures.
    pub fn signs(self) -> bool {
        self.registry().is_some_and(|registry| registry.signs)
    }

    /// The word for its packages in a sentence; the name of the source if it has no packages of its own.
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

/// A text for each registry, put together as alternatives: `source = "npm" or source = "pypi"`.
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
