//! A tool's layout on its vendor's site, as the catalogue describes it.

use std::collections::BTreeMap;

use serde::Deserialize;
use vx_base::system::platform::{Os, Platform};
use vx_base::template;

use super::ProgramPath;

/// A vendor's site.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Site {
    /// Address of its lists of releases.
    pub(crate) index: String,
    /// Address of its archives.
    pub(crate) files: String,
}

/// A tool's layout on its vendor's site.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VendorPackaging {
    pub(crate) index: IndexPath,
    /// Site with the archives.
    pub(crate) site: String,
    /// Folder of a release there.
    pub(crate) folder: String,
    /// Former sites and folders of releases, as `site:folder`, which locks may still hold.
    #[serde(default)]
    pub(crate) was: Vec<String>,
    pub(crate) archives: Vec<ArchivePath>,
    /// File with an archive's checksums, in the same folder; `{file}` stands for the archive's name.
    #[serde(default)]
    pub(crate) checksums: Option<String>,
    /// What the vendor calls the platforms.
    pub(crate) targets: BTreeMap<Platform, String>,
    pub(crate) programs: Vec<ProgramPath>,
}

/// A list of releases: its path and its fields.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IndexPath {
    pub(crate) site: String,
    pub(crate) path: String,
    /// Member with the name of a release.
    pub(crate) name: String,
    /// Prefix of the version in that name.
    #[serde(default)]
    pub(crate) prefix: String,
    /// Member with the list of a release's files, if they're listed.
    #[serde(default)]
    pub(crate) files: Option<FileMembers>,
    /// Member with the time or the day of publication, if the list gives it.
    #[serde(default)]
    pub(crate) published: Option<String>,
    /// Name of a file that holds the version, if the release's name doesn't.
    #[serde(default)]
    pub(crate) version_in: Option<String>,
}

/// Members of the entries in a list of files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileMembers {
    pub(crate) list: String,
    pub(crate) name: String,
    pub(crate) digest: String,
}

/// One archive of a release.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArchivePath {
    pub(crate) file: String,
    pub(crate) strip: u32,
    #[serde(default)]
    pub(crate) into: String,
    #[serde(default)]
    pub(crate) windows: Option<OtherArchive>,
    #[serde(default)]
    pub(crate) macos: Option<OtherArchive>,
}

/// A tool's archive on another system.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OtherArchive {
    pub(crate) file: String,
    #[serde(default)]
    pub(crate) strip: Option<u32>,
}

/// Placeholder for an archive's file name in the path of its checksums.
const FILE: &str = "file";

impl VendorPackaging {
    /// Whether one file has the checksums of all archives of a release.
    pub(crate) fn has_sums_of_all(&self) -> bool {
        self.checksums.as_deref().is_some_and(|path| template::names(path).all(|name| name != FILE))
    }

    /// Sites in use.
    #[cfg(test)]
    pub(crate) fn sites(&self) -> [&str; 2] {
        [&self.site, &self.index.site]
    }

    /// Whether the vendor has an archive for this platform.
    pub(crate) fn carries(&self, platform: Platform) -> bool {
        self.targets.contains_key(&platform)
    }
}

impl ArchivePath {
    pub(crate) fn on(&self, os: Os) -> (&str, u32) {
        let other = match os {
            Os::Windows => self.windows.as_ref(),
            Os::Macos => self.macos.as_ref(),
            Os::Linux => None,
        };
        other.map_or((&self.file, self.strip), |other| (&other.file, other.strip.unwrap_or(self.strip)))
    }
}

/// Values of the placeholders in a vendor's paths.
pub(crate) struct Names<'a> {
    pub(crate) version: &'a str,
    pub(crate) tag: &'a str,
    pub(crate) target: &'a str,
}

impl Names<'_> {
    /// Fill in the path of this file's checksums.
    pub(crate) fn expand_checksums(&self, path: &str, file: &str) -> String {
        template::fill(path, |name| if name == FILE { Some(file.to_owned()) } else { self.value(name) })
    }

    fn value(&self, name: &str) -> Option<String> {
        let value = match name {
            "version" => self.version,
            "tag" => self.tag,
            "target" => self.target,
            _ => return None,
        };
        Some(value.to_owned())
    }

    pub(crate) fn expand(&self, path: &str) -> String {
        template::fill(path, |name| self.value(name))
    }
}
