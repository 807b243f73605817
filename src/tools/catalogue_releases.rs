//! The releases that can be used outside of the projects that want them: releases of the catalogue's tools, from the
//! catalogue's packages.
//!
//! A release from a project's address, or from a package that the catalogue does not name, belongs to that project. Its
//! programs must not run in other directories, unless the user lets every project act.

use vx_base::package::shipped::NamedPackage;
use vx_base::package::source_kind::SourceKind;
use vx_base::paths::Home;
use vx_base::system::platform::Platform;
use vx_fetch::{Recipe, RecipeRequest, uncatalogued};
use vx_store::{DiskError, Store, StoreEntry};

use crate::workspace::policy::Policy;

/// The installed releases of a tool that the user names. A package may come from any project, since its name alone says
/// what it is; other tools must be of the catalogue.
///
/// # Errors
/// The store cannot be read.
pub(super) fn releases_named(home: &Home, tool: &str) -> Result<Vec<StoreEntry>, DiskError> {
    if NamedPackage::of_tool(tool).is_none() {
        return releases(home);
    }
    Ok(Store::new(home.clone()).list()?.into_iter().filter(|release| release.receipt.tool == tool).collect())
}

/// The installed releases that can be used in any directory.
///
/// # Errors
/// The store cannot be read.
pub(super) fn releases(home: &Home) -> Result<Vec<StoreEntry>, DiskError> {
    let installed = Store::new(home.clone()).list()?;
    let everything = Policy::from_environment() == Ok(Policy::All);
    Ok(installed.into_iter().filter(|release| everything || is_of_catalogue(release)).collect())
}

fn is_of_catalogue(release: &StoreEntry) -> bool {
    let receipt = &release.receipt;
    let Some(platform) = Platform::current() else { return false };
    if uncatalogued(&receipt.tool, None, None).is_some() {
        return false;
    }
    let source: Option<SourceKind> = receipt.source.parse().ok();
    let wanted = RecipeRequest { source, ..RecipeRequest::default() };
    let Ok(recipe) = Recipe::for_tool(&receipt.tool, &wanted, &[], platform) else { return false };
    let Some(first) = receipt.parts.first() else { return false };
    // A receipt names the package once, not with each archive.
    let archive = vx_base::package::archive::Archive { package: receipt.package.clone(), ..first.clone() };
    source == Some(recipe.source) && recipe.names(&archive, &receipt.version)
}
