//! Compares the archives in a lock with the recipe of a tool from npm.

use vx_base::package::archive::Archive;
use vx_base::package::shipped::{NODE_MODULES, NamedPackage};

use super::usual_file;
use crate::agreement::{Disagreement, ExpectedArchive, count_archives, other_file};
use crate::tools::recipe::{Recipe, has};

/// Whether the archive's package is one that the catalogue or the project names.
pub(super) fn names_archive(recipe: &Recipe, archive: &Archive, _version: &str) -> bool {
    if recipe.ships_programs && !archive.into.is_empty() {
        return recipe.packages.first() == Some(&archive.package) || is_companion(archive);
    }
    recipe.names_package(archive)
}

/// Whether an archive has the place of a companion: a package for one platform, beside the package that asks for it.
/// Whether that package really asks for it is checked when its archive is unpacked.
fn is_companion(archive: &Archive) -> bool {
    archive.into == format!("{NODE_MODULES}/{}", archive.package)
}

/// Compare the archives in a lock: the tool's own and its companions'.
pub(super) fn compare_archives(recipe: &Recipe, version: &str, archives: &[&Archive]) -> Result<(), Disagreement> {
    let own = recipe.expected_archive(version);
    if recipe.ships_programs {
        return compare_package(recipe, &own, archives);
    }
    let also = recipe.also.iter().filter(|one| has(version, one.since.as_deref(), one.until.as_deref()));
    let also = also.map(|one| ExpectedArchive {
        packages: vec![one.package(recipe.platform)],
        version: one.engine.is_none().then(|| version.to_owned()),
        strip: one.strip,
        into: one.folder(recipe.platform),
    });
    let expected: Vec<ExpectedArchive> = std::iter::once(own).chain(also).collect();
    count_archives(archives, expected.len())?;
    for (archive, expected) in archives.iter().zip(&expected) {
        expected.compare(archive)?;
        if archive.file != usual_file(&archive.package, &archive.version) {
            return Err(other_file(archive));
        }
    }
    Ok(())
}

/// Compare a package that isn't in the catalogue. Only the package itself says which others belong to it, so that is
/// checked once it is unpacked.
fn compare_package(recipe: &Recipe, own: &ExpectedArchive, archives: &[&Archive]) -> Result<(), Disagreement> {
    let Some((first, beside)) = archives.split_first() else { return count_archives(archives, 1) };
    own.compare(first)?;
    for archive in beside {
        let named = NamedPackage { source: recipe.source, package: &archive.package };
        let place = ExpectedArchive {
            packages: vec![archive.package.clone()],
            version: None,
            strip: 1,
            into: format!("{NODE_MODULES}/{}", archive.package),
        };
        if named.check().is_err() || archive.package == first.package {
            let (locked, expected) = (archive.package.clone(), first.package.clone());
            return Err(Disagreement::Package { locked, expected });
        }
        place.compare(archive)?;
    }
    let strange = archives.iter().find(|one| one.file != usual_file(&one.package, &one.version));
    strange.map_or(Ok(()), |archive| Err(other_file(archive)))
}
