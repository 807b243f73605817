//! Compares the archives in a lock with the recipe of their tool: package, version, file and place of each.
//!
//! A lock comes with a repository. Its digests prove only that the bytes are the ones its author wrote down. Whether
//! they belong to the tool that vx.toml asks for follows from the names alone.

use vx_base::package::archive::Archive;

use crate::tools::recipe::Recipe;

/// A difference between an archive in a lock and the recipe of its tool, as a clause about the lock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    /// The number of archives differs.
    #[error("it has {locked} archives, and the catalogue has {expected}")]
    Count {
        /// Number in number in the lock.
        locked: usize,
        /// Number by the catalogue.
        expected: usize,
    },
    /// The lock names another package.
    #[error("it names package `{locked}`, and the catalogue `{expected}`")]
    Package {
        /// Package in package in the lock.
        locked: String,
        /// The package in the catalogue.
        expected: String,
    },
    /// An archive's version isn't the tool's version.
    #[error("it names {package} {locked} for version {expected}")]
    Version {
        /// The package.
        package: String,
        /// Version of version of the archive.
        locked: String,
        /// Version of version of the tool.
        expected: String,
    },
    /// The version doesn't have a file of this name.
    #[error("it names file `{locked}` for {package} {version}")]
    File {
        /// File in file in the lock.
        locked: String,
        /// The package.
        package: String,
        /// Its version.
        version: String,
    },
    /// The lock unpacks the archive into another place.
    #[error("it unpacks `{file}` into `{locked}`, and vx.toml and the catalogue into `{expected}`")]
    Place {
        /// The file.
        file: String,
        /// Its folder in the lock, with the count of components to drop.
        locked: String,
        /// The same by the recipe.
        expected: String,
    },
}

/// What a recipe says about one archive.
pub(crate) struct ExpectedArchive {
    /// Names of the package, the present one first.
    pub(crate) packages: Vec<String>,
    /// `None` if the version depends on what the registry says.
    pub(crate) version: Option<String>,
    pub(crate) strip: u32,
    pub(crate) into: String,
}

impl Recipe {
    /// What the archive of the tool itself must look like.
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

/// Check that a lock has as many archives as the recipe expects.
pub(crate) fn count_archives(archives: &[&Archive], expected: usize) -> Result<(), Disagreement> {
    if archives.len() == expected {
        return Ok(());
    }
    Err(Disagreement::Count { locked: archives.len(), expected })
}

/// The error for a file that its version doesn't have.
pub(crate) fn other_file(archive: &Archive) -> Disagreement {
    let Archive { package, version, file, .. } = archive;
    Disagreement::File { locked: file.clone(), package: package.clone(), version: version.clone() }
}
