//! Tools that are named by a registry and a package: `npm:cowsay`, `npm:@scope/name`, `pypi:typos`.

use crate::package::source_kind::{SourceKind, find_registry};

/// The longest name of a package, chosen so that a tool's name fits into a file name.
const NAME_BYTES: usize = 90;

/// A package that is named by a tool's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedPackage<'t> {
    /// The registry.
    pub source: SourceKind,
    /// The name of the package there.
    pub package: &'t str,
}

/// A text that cannot be the name of a package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPackage {
    /// It has characters that the registry does not allow in names, or too many of them.
    #[error("`{package}` cannot be the name of {} package", source_kind.package_word_with_article())]
    Name {
        /// The registry.
        source_kind: SourceKind,
        /// The text.
        package: String,
    },
    /// The index normalizes the name. Only that spelling is accepted, so that one package has one name in lock and
    /// store.
    #[error("the {} package `{package}` is spelled `{normal}` here", source_kind.package_word())]
    Spelling {
        /// The registry.
        source_kind: SourceKind,
        /// The text.
        package: String,
        /// The spelling.
        normal: String,
    },
}

impl BadPackage {
    /// The next step if the text is part of this tool's name.
    pub fn advice_for_tool(&self, tool: &str) -> Option<String> {
        match (self, tool.split_once(':')) {
            (Self::Spelling { normal, .. }, Some((registry, _))) => Some(format!("write `{registry}:{normal}`")),
            _ => self.advice(),
        }
    }

    /// The next step if the text stands alone; `None` if there is no useful advice.
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Spelling { normal, .. } => Some(format!("write `{normal}`")),
            Self::Name { .. } => None,
        }
    }
}

impl<'t> NamedPackage<'t> {
    /// The package in a tool's name; `None` if the name has no registry in front.
    pub fn of_tool(tool: &'t str) -> Option<Self> {
        let (registry, package) = tool.split_once(':')?;
        let source = find_registry(registry)?;
        Some(Self { source, package })
    }

    /// Check that the registry can have a package of this name.
    ///
    /// # Errors
    /// The name is invalid there, or is spelled differently.
    pub fn check(&self) -> Result<(), BadPackage> {
        let package = self.package.to_owned();
        let source_kind = self.source;
        let registry = source_kind.registry().filter(|registry| (registry.is_package_name)(self.package));
        let Some(registry) = registry.filter(|_| package.len() <= NAME_BYTES) else {
            return Err(BadPackage::Name { source_kind, package });
        };
        match (registry.normal_name)(self.package) {
            normal if normal == package => Ok(()),
            normal => Err(BadPackage::Spelling { source_kind, package, normal }),
        }
    }

    /// The probable name of its first program: the package's name without the scope.
    pub fn bare(&self) -> &'t str {
        bare_name(self.package)
    }
}

/// Removes the scope from a package's name.
pub fn bare_name(package: &str) -> &str {
    package.rsplit('/').next().unwrap_or(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(tool: &str) -> Option<Result<(), BadPackage>> {
        NamedPackage::of_tool(tool).map(|named| named.check())
    }

    #[test]
    fn a_package_is_named_with_its_registry() {
        for (tool, package, bare) in [
            ("npm:cowsay", "cowsay", "cowsay"),
            ("npm:@biomejs/biome", "@biomejs/biome", "biome"),
            ("npm:JSONStream", "JSONStream", "JSONStream"),
            ("pypi:ast-grep-cli", "ast-grep-cli", "ast-grep-cli"),
        ] {
            let named = NamedPackage::of_tool(tool).expect("a package");
            assert_eq!((named.package, named.bare(), named.check()), (package, bare, Ok(())));
        }
        for tool in ["node", "@scope/name", "github:owner/repo", "", "npm"] {
            assert_eq!(NamedPackage::of_tool(tool), None, "{tool}");
        }
    }

    #[test]
    fn names_that_no_registry_has_are_refused() {
        for name in
            ["", "a b", "../x", "@scope", "@scope/", "@scope/a/b", "a/b", ".x", "_x", "é", "x@1", &"a".repeat(91)]
        {
            assert!(matches!(checked(&format!("npm:{name}")), Some(Err(BadPackage::Name { .. }))), "{name}");
        }
        for name in ["", "a b", "../x", "-a", "a-", "é", "a/b"] {
            assert!(matches!(checked(&format!("pypi:{name}")), Some(Err(BadPackage::Name { .. }))), "{name}");
        }
    }

    #[test]
    fn a_python_package_has_one_spelling() {
        for (name, expected) in [("Foo_Bar", "foo-bar"), ("a--b", "a-b"), ("a.b", "a-b")] {
            let Some(Err(BadPackage::Spelling { normal, .. })) = checked(&format!("pypi:{name}")) else {
                panic!("{name} is another spelling");
            };
            assert_eq!(normal, expected);
        }
    }
}
