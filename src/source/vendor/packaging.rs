//! How a vendor's site carries a tool, as the catalogue says it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::platform::{Os, Platform};
use crate::source::catalogue::ProgramPath;

/// The site of a vendor.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::source) struct Site {
    /// Where its lists of releases are.
    pub(super) index: String,
    /// Where its archives are.
    pub(super) files: String,
}

/// How a vendor's site carries a tool.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::source) struct VendorPackaging {
    pub(in crate::source) index: IndexPath,
    /// The site with the archives.
    pub(super) site: String,
    /// The folder of a release there.
    pub(super) folder: String,
    pub(super) archives: Vec<ArchivePath>,
    /// The file with the checksums of an archive, in the same folder.
    #[serde(default)]
    pub(super) checksums: Option<String>,
    /// What the vendor calls each platform.
    pub(super) targets: BTreeMap<Platform, String>,
    pub(in crate::source) programs: Vec<ProgramPath>,
}

/// Where a list of releases is, and how to read it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::source) struct IndexPath {
    pub(super) site: String,
    pub(super) path: String,
    /// The member with the name of a release.
    pub(super) name: String,
    /// What stands before the version in that name.
    #[serde(default)]
    pub(super) prefix: String,
    /// The member with the list of its files, where they are listed.
    #[serde(default)]
    pub(super) files: Option<FileMembers>,
    /// The name of a file that holds the version, where the release's name does not.
    #[serde(default)]
    pub(super) version_in: Option<String>,
}

/// How files are listed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileMembers {
    pub(super) list: String,
    pub(super) name: String,
    pub(super) digest: String,
}

/// One archive of a release.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArchivePath {
    pub(super) file: String,
    pub(super) strip: u32,
    #[serde(default)]
    pub(super) into: String,
    #[serde(default)]
    pub(super) windows: Option<OtherArchive>,
    #[serde(default)]
    pub(super) macos: Option<OtherArchive>,
}

/// The same on another system.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OtherArchive {
    pub(super) file: String,
    #[serde(default)]
    pub(super) strip: Option<u32>,
}

impl VendorPackaging {
    /// The sites that are asked.
    #[cfg(test)]
    pub(in crate::source) fn sites(&self) -> [&str; 2] {
        [&self.site, &self.index.site]
    }

    /// Whether there is anything for this platform.
    pub(in crate::source) fn carries(&self, platform: Platform) -> bool {
        self.targets.contains_key(&platform)
    }
}

impl ArchivePath {
    pub(super) fn on(&self, os: Os) -> (&str, u32) {
        let other = match os {
            Os::Windows => self.windows.as_ref(),
            Os::Macos => self.macos.as_ref(),
            Os::Linux => None,
        };
        other.map_or((&self.file, self.strip), |other| (&other.file, other.strip.unwrap_or(self.strip)))
    }
}

/// What the words in a vendor's paths stand for.
pub(super) struct Names<'a> {
    pub(super) version: &'a str,
    pub(super) tag: &'a str,
    pub(super) target: &'a str,
}

impl Names<'_> {
    pub(super) fn expand(&self, path: &str) -> String {
        let path = path.replace("{target}", self.target).replace("{tag}", self.tag);
        path.replace("{version}", self.version)
    }
}
