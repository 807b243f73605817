//! The comparison of a lock's archives with the recipe of their tool: package, version, file and place of each.
//!
//! A lock comes with a repository. Its digests prove only that the bytes are those that its author wrote down; that they
//! are of the tool that vx.toml asks for follows from the names alone.

use vx_base::package::archive::Archive;

use crate::tools::recipe::Recipe;

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
pub(crate) struct ExpectedArchive {
    /// The names of the package, the present one first.
    pub(crate) packages: Vec<String>,
    /// The version; `None` if it depends on what the registry says.
    pub(crate) version: Option<String>,
    pub(crate) strip: u32,
    pub(crate) into: String,
}

impl Recipe {
    /// The facts of the archive that holds the tool itself.
    pub(crate) fn expected_archive(&self, version: &str) -> ExpectedArchive {
        ExpectedArchive {
            packages: self.packages.iter().chain(&self.was).cloned().collect(),
            version: Some(version.to_owned()),
            strip: self.strip,
            into: self.into.clone(),
        }
    }
}

impl ExpectedArchive {
    pub(crate) fn compare(&self, archive: &Archive) -> Result<(), Disagreement> {
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

/// Check the number of archives.
pub(crate) fn count_archives(archives: &[&Archive], expected: usize) -> Result<(), Disagreement> {
    if archives.len() == expected {
        return Ok(());
    }
    Err(Disagreement::Count { locked: archives.len(), expected })
}

/// The archive has another file than its version.
pub(crate) fn other_file(archive: &Archive) -> Disagreement {
    let Archive { package, version, file, .. } = archive;
    Disagreement::File { locked: file.clone(), package: package.clone(), version: version.clone() }
}
