//! Reasons why a package cannot be a tool by itself.

use crate::package::source_kind::{PackageRunner, SourceKind};
use crate::trouble::{Explain, TroubleKind};

/// The most packages that an error names.
const NAMED_MAX: usize = 8;

/// A package that cannot be a tool by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {registry} package {package}{} {lack}", spaced(version), registry = source_kind.package_word())]
pub struct Unshipped {
    /// Its registry.
    pub source_kind: SourceKind,
    /// Its name there.
    pub package: String,
    /// Its version; empty for all of them.
    pub version: String,
    /// The reason.
    pub lack: UnshippedReason,
}

/// Why a package cannot be a tool by itself, as the end of a sentence about the package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnshippedReason {
    /// It does not contain everything that its programs need.
    #[error("needs other packages, which vx does not install: {}", listed(.0))]
    Dependencies(Vec<String>),
    /// It provides no programs.
    #[error("has no programs")]
    Programs,
    /// It has no archive for any particular platform, so its programs, if it has any, are functions of Python modules.
    #[error("has only Python modules, which vx does not run")]
    ModulesAlone,
    /// Its programs are made by a script that runs while it is installed.
    #[error("relies on an install script, and vx does not run install scripts")]
    InstallScript,
    /// Its programs need an interpreter that vx does not provide for packages.
    #[error("has programs that need {0} to run, which vx does not provide for packages")]
    Interpreter(String),
    /// The lock puts an archive beside it that it does not ask for.
    #[error("does not ask for {0}, which vx.lock puts beside it")]
    Stranger(String),
}

impl Explain for Unshipped {
    fn kind(&self) -> TroubleKind {
        match self.lack {
            UnshippedReason::Programs => TroubleKind::NotFound,
            UnshippedReason::Stranger(_) => TroubleKind::Lock,
            UnshippedReason::Dependencies(_)
            | UnshippedReason::InstallScript
            | UnshippedReason::ModulesAlone
            | UnshippedReason::Interpreter(_) => TroubleKind::Dependency,
        }
    }

    fn hint(&self) -> Option<String> {
        let (package, registry) = (&self.package, self.source_kind.registry()?);
        let PackageRunner { tool, command, otherwise } = &registry.runner;
        Some(match &self.lack {
            UnshippedReason::Programs => registry.advice_to_add.into(),
            UnshippedReason::ModulesAlone => format!(
                "if it has programs, declare `{tool}` in [tools] and run them with `{command} {package}`; else add it to the \
                 project's own Python packages"
            ),
            UnshippedReason::Stranger(_) => {
                "look at the history of vx.lock, and lock the tool anew with `vx lock TOOL`".into()
            }
            _ => format!("declare `{tool}` in [tools] and run it with `{command} {package}`{otherwise}"),
        })
    }
}

/// A version behind the name of its package.
fn spaced(version: &str) -> String {
    if version.is_empty() { String::new() } else { format!(" {version}") }
}

fn listed(packages: &[String]) -> String {
    let named = packages.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    match packages.len().saturating_sub(NAMED_MAX) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_what_is_missing_and_the_next_step() {
        let lack = UnshippedReason::Dependencies(["yargs", "get-stdin"].map(str::to_owned).to_vec());
        let error = Unshipped { source_kind: SourceKind::Npm, package: "cowsay".into(), version: "1.6.0".into(), lack };
        let expected = "the npm package cowsay 1.6.0 needs other packages, which vx does not install: yargs, get-stdin";
        assert_eq!(error.to_string(), expected);
        assert!(error.hint().is_some_and(|hint| hint.contains("`npx cowsay`")));
        let many = UnshippedReason::Dependencies((0..12).map(|number| format!("p{number}")).collect());
        assert!(many.to_string().ends_with("p7 and 4 more"), "{many}");
    }
}
