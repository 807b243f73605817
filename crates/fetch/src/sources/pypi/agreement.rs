//! Compares the wheel in a lock with the recipe of a tool from the Python package index.

use vx_base::package::archive::Archive;

use super::wheel;
use crate::agreement::{Disagreement, count_archives, other_file};
use crate::tools::recipe::Recipe;

/// Compare the only wheel of a lock.
pub(super) fn compare_archives(recipe: &Recipe, version: &str, archives: &[&Archive]) -> Result<(), Disagreement> {
    count_archives(archives, 1)?;
    for archive in archives {
        let named = wheel::version(&archive.file).unwrap_or_default();
        // The list of versions and the name of a file may spell a version differently.
        let spelled = if wheel::same(&named, version) { &named } else { version };
        recipe.expected_archive(spelled).compare(archive)?;
        let fits = wheel::is_of(&archive.file, &archive.package) && wheel::is_for(&archive.file, recipe.platform);
        if !fits || named != archive.version {
            return Err(other_file(archive));
        }
    }
    Ok(())
}
