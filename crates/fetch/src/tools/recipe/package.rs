//! Recipes of packages that a project or its user names, and that the catalogue doesn't have.

use vx_base::package::shipped::NamedPackage;
use vx_base::package::source_kind::SourceKind;

use super::{Recipe, RecipeQuestion};
use crate::tools::catalogue::{self, CatalogueTool};
use crate::tools::packaging::Packaging;

/// Layout of a package that isn't in the catalogue, the same for all packages of a registry.
pub(crate) struct PackageLayout {
    /// Tool that runs its programs.
    pub(crate) runner: Option<&'static str>,
    /// How many leading path components to drop.
    pub(crate) strip: u32,
    /// Folder of the release that holds the package's folder; `None` if the package is unpacked at the top.
    pub(crate) folder: Option<&'static str>,
}

/// Find the package that is named for a tool: in the tool's name, or in `package`.
pub(crate) fn named_package<'t>(
    tool: &'t str,
    source: Option<SourceKind>,
    package: Option<&'t str>,
) -> Option<NamedPackage<'t>> {
    let beside = || Some(NamedPackage { source: source?, package: package? });
    NamedPackage::of_tool(tool).or_else(beside)
}

/// Find the package that is named for a tool, unless the catalogue has that package under the same name.
pub fn uncatalogued<'t>(
    tool: &'t str,
    source: Option<SourceKind>,
    package: Option<&'t str>,
) -> Option<NamedPackage<'t>> {
    named_package(tool, source, package).filter(|named| catalogued(tool, *named).is_none())
}

/// Find the catalogue's layout of a package: `npm:prettier` is the package that the catalogue has for `prettier`.
fn catalogued(tool: &str, named: NamedPackage<'_>) -> Option<(&'static CatalogueTool, &'static Packaging)> {
    let name = if NamedPackage::of_tool(tool).is_some() { named.bare() } else { tool };
    let tool = catalogue::find(name).filter(|tool| tool.name == name)?;
    let packaging = tool.packaging(named.source);
    packaging.filter(|packaging| packaging.is_of(named.package)).map(|packaging| (tool, packaging))
}

impl RecipeQuestion<'_> {
    /// Make the recipe of a named package: with the catalogue's layout if it has the package under this name, or else
    /// with the layout of all packages of its registry.
    pub(crate) fn package_recipe(&self, named: NamedPackage<'_>, layout: &PackageLayout) -> Recipe {
        if let Some((tool, packaging)) = catalogued(self.name, named) {
            return self.packaged_recipe(tool, packaging);
        }
        let folder = layout.folder.map(|folder| format!("{folder}/{}", named.package));
        Recipe {
            packages: vec![named.package.to_owned()],
            cutoff: self.wanted.cutoff,
            needs: layout.runner.map(str::to_owned),
            strip: self.wanted.strip.unwrap_or(layout.strip),
            into: folder.unwrap_or_default(),
            programs: self.programs_or(&[]),
            ships_programs: true,
            ..self.blank_recipe()
        }
    }
}

impl Recipe {
    /// Whether the package itself declares its programs, which only its archive shows.
    pub fn ships_programs(&self) -> bool {
        self.ships_programs
    }

    /// Guess the names of the programs of any release, for a tool that isn't installed.
    pub fn likely_programs(&self, version: &str) -> Vec<String> {
        let known: Vec<String> = self.programs(version, "").into_iter().map(|program| program.name).collect();
        match self.packages.first().filter(|_| self.ships_programs && known.is_empty()) {
            Some(package) => vec![NamedPackage { source: self.source, package }.bare().to_owned()],
            None => known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::recipe::RecipeRequest;

    fn recipe(tool: &str, source: Option<SourceKind>, package: Option<&str>) -> Recipe {
        let wanted = RecipeRequest { source, package: package.map(str::to_owned), ..RecipeRequest::default() };
        Recipe::for_tool(tool, &wanted, &[], "linux-x64".parse().expect("known")).expect("a recipe")
    }

    #[test]
    fn a_named_package_is_its_own_recipe() {
        let npm = recipe("npm:@scope/tool", Some(SourceKind::Npm), None);
        assert_eq!(
            (npm.packages(), npm.strip, npm.into.as_str()),
            (&["@scope/tool".to_owned()][..], 1, "lib/node_modules/@scope/tool")
        );
        assert_eq!(
            (npm.needs(), npm.ships_programs(), npm.likely_programs("")),
            (Some("node"), true, vec!["tool".to_owned()])
        );
        let pypi = recipe("spell", Some(SourceKind::Pypi), Some("spell-cli"));
        assert_eq!((pypi.packages(), pypi.strip, pypi.into.as_str()), (&["spell-cli".to_owned()][..], 0, ""));
        assert_eq!((pypi.needs(), pypi.source), (None, SourceKind::Pypi));
    }

    #[test]
    fn a_package_of_the_catalogue_under_its_name_has_the_catalogues_layout() {
        let prettier = recipe("npm:prettier", None, None);
        assert!(!prettier.ships_programs() && prettier.likely_programs("3.0.0") == ["prettier"]);
        assert_eq!(uncatalogued("npm:prettier", None, None), None);
        assert_eq!(uncatalogued("just", Some(SourceKind::Pypi), Some("rust-just")), None);
        for (tool, source, package) in [
            ("npm:cowsay", None, None),
            // An alias is another name, and so is a package's name.
            ("npm:tsc", None, None),
            ("pypi:just", None, None),
            ("mine", Some(SourceKind::Npm), Some("prettier")),
            ("just", Some(SourceKind::Pypi), Some("just")),
        ] {
            assert!(uncatalogued(tool, source, package).is_some(), "{tool}");
        }
        assert_eq!(uncatalogued("just", Some(SourceKind::Pypi), None), None);
    }
}
