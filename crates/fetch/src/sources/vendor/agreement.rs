//! Compares the archives in a lock with the layout of the vendor's site that they come from.

use vx_base::package::archive::Archive;
use vx_base::package::candidate::is_version;

use crate::agreement::{Disagreement, ExpectedArchive, count_archives, other_file};
use crate::tools::packaging::{Names, VendorPackaging};
use crate::tools::recipe::Recipe;

/// Placeholder for a release's tag, which only the vendor's list of releases gives.
const TAG: &str = "{tag}";

/// Whether the catalogue's layout of the site has this archive.
pub(super) fn names_archive(recipe: &Recipe, archive: &Archive, version: &str) -> bool {
    let Some(vendor) = &recipe.vendor else { return false };
    let Some(target) = vendor.targets.get(&recipe.platform) else { return false };
    let expanded = |path: &str| Names { version, tag: TAG, target }.expand(path);
    let folder = format!("{}:{}", vendor.site, expanded(&vendor.folder));
    let files = vendor.archives.iter().map(|one| expanded(one.on(recipe.platform.os).0));
    fits(&folder, &archive.package) && files.into_iter().any(|file| fits(&file, &archive.file))
}

/// Compare a lock's archives with the layout of the vendor's site.
pub(super) fn compare_archives(recipe: &Recipe, version: &str, archives: &[&Archive]) -> Result<(), Disagreement> {
    let Some(vendor) = &recipe.vendor else { return Ok(()) };
    count_archives(archives, vendor.archives.len())?;
    let target = vendor.targets.get(&recipe.platform).map(String::as_str).unwrap_or_default();
    for (archive, layout) in archives.iter().zip(&vendor.archives) {
        let (name, strip) = layout.on(recipe.platform.os);
        let tag = tag_of(vendor, version, target, &archive.package).unwrap_or_default();
        let names = Names { version, tag: &tag, target };
        let expected = ExpectedArchive {
            packages: folders(vendor).iter().map(|folder| names.expand(folder)).collect(),
            version: Some(version.to_owned()),
            strip,
            into: layout.into.clone(),
        };
        expected.compare(archive)?;
        if archive.file != names.expand(name) {
            return Err(other_file(archive));
        }
    }
    Ok(())
}

/// Whether a text has this form, where each tag stands for one part of a path.
fn fits(form: &str, text: &str) -> bool {
    let Some((before, behind)) = form.split_once(TAG) else { return form == text };
    let Some(rest) = text.strip_prefix(before) else { return false };
    let tag = |at: &usize| !rest[..*at].is_empty() && !rest[..*at].contains(['/', ':', '\\']);
    let ends = (1..=rest.len()).filter(|at| rest.is_char_boundary(*at)).take_while(tag);
    ends.into_iter().any(|at| fits(behind, &rest[at..]))
}

/// List the sites and folders of a vendor's releases, the present one first.
fn folders(vendor: &VendorPackaging) -> Vec<String> {
    let present = format!("{}:{}", vendor.site, vendor.folder);
    std::iter::once(present).chain(vendor.was.iter().cloned()).collect()
}

/// Find the tag of a release: made from its version or, where that is impossible, taken from the package that a lock
/// names.
fn tag_of(vendor: &VendorPackaging, version: &str, target: &str, package: &str) -> Option<String> {
    if vendor.index.version_in.is_none() {
        return Some(format!("{}{version}", vendor.index.prefix));
    }
    let mark = "\0";
    let names = Names { version, tag: mark, target };
    folders(vendor).iter().find_map(|folder| {
        let folder = names.expand(folder);
        let (before, after) = folder.split_once(mark)?;
        let tag = package.strip_prefix(before)?.strip_suffix(after)?;
        is_version(tag).then(|| tag.to_owned())
    })
}
