//! The layout of a tool on its vendor's site, as the catalogue describes it.

use std::collections::BTreeMap;

use serde::Deserialize;
use vx_base::platform::{Os, Platform};

use super::ProgramPath;

/// The site of a vendor.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::source) struct Site {
    /// The address of its lists of releases.
    pub(in crate::source) index: String,
    /// The address of its archives.
    pub(in crate::source) files: String,
}

/// The layout of a tool on its vendor's site.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::source) struct VendorPackaging {
    pub(in crate::source) index: IndexPath,
    /// The site with the archives.
    pub(in crate::source) site: String,
    /// The folder of a release there.
    pub(in crate::source) folder: String,
    /// Sites and folders, as `site:folder`, that releases are no longer in, and that locks may still name.
    #[serde(default)]
    pub(in crate::source) was: Vec<String>,
    pub(in crate::source) archives: Vec<ArchivePath>,
    /// The file with the checksums of an archive, in the same folder.
    #[serde(default)]
    pub(in crate::source) checksums: Option<String>,
    /// The vendor's names of the platforms.
    pub(in crate::source) targets: BTreeMap<Platform, String>,
    pub(in crate::source) programs: Vec<ProgramPath>,
}

/// The list of releases: its path and its fields.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::source) struct IndexPath {
    pub(in crate::source) site: String,
    pub(in crate::source) path: String,
    /// The member with the name of a release.
    pub(in crate::source) name: String,
    /// The prefix of the version in that name.
    #[serde(default)]
    pub(in crate::source) prefix: String,
    /// The member with the list of its files, if they are listed.
    #[serde(default)]
    pub(in crate::source) files: Option<FileMembers>,
    /// The member with the time or the day of publication, if the list gives it.
    #[serde(default)]
    pub(in crate::source) published: Option<String>,
    /// The name of a file that holds the version, if the release's name does not.
    #[serde(default)]
    pub(in crate::source) version_in: Option<String>,
}

/// The members of a list of files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::source) struct FileMembers {
    pub(in crate::source) list: String,
    pub(in crate::source) name: String,
    pub(in crate::source) digest: String,
}

/// One archive of a release.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::source) struct ArchivePath {
    pub(in crate::source) file: String,
    pub(in crate::source) strip: u32,
    #[serde(default)]
    pub(in crate::source) into: String,
    #[serde(default)]
    pub(in crate::source) windows: Option<OtherArchive>,
    #[serde(default)]
    pub(in crate::source) macos: Option<OtherArchive>,
}

/// The archive of a tool on another system.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::source) struct OtherArchive {
    pub(in crate::source) file: String,
    #[serde(default)]
    pub(in crate::source) strip: Option<u32>,
}

impl VendorPackaging {
    /// The sites in use.
    #[cfg(test)]
    pub(in crate::source) fn sites(&self) -> [&str; 2] {
        [&self.site, &self.index.site]
    }

    /// True if there is anything for this platform.
    pub(in crate::source) fn carries(&self, platform: Platform) -> bool {
        self.targets.contains_key(&platform)
    }
}

impl ArchivePath {
    pub(in crate::source) fn on(&self, os: Os) -> (&str, u32) {
        let other = match os {
            Os::Windows => self.windows.as_ref(),
            Os::Macos => self.macos.as_ref(),
            Os::Linux => None,
        };
        other.map_or((&self.file, self.strip), |other| (&other.file, other.strip.unwrap_or(self.strip)))
    }
}

/// The values of the placeholders in a vendor's paths.
pub(in crate::source) struct Names<'a> {
    pub(in crate::source) version: &'a str,
    pub(in crate::source) tag: &'a str,
    pub(in crate::source) target: &'a str,
}

impl Names<'_> {
    pub(in crate::source) fn expand(&self, path: &str) -> String {
        let path = path.replace("{target}", self.target).replace("{tag}", self.tag);
        path.replace("{version}", self.version)
    }
}
