//! A tool's layout in its source, as the catalogue describes it.

mod vendor;

use std::collections::BTreeMap;

use serde::Deserialize;
use vx_base::system::platform::{Os, Platform};
use vx_base::template;

pub(crate) use vendor::{ArchivePath, IndexPath, Names, Site, VendorPackaging};

/// A tool's layout in a registry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Packaging {
    /// One package for all platforms.
    #[serde(default)]
    package: Option<String>,
    /// Packages by platform, newest naming first.
    #[serde(default)]
    packages: BTreeMap<Platform, Vec<String>>,
    /// Older names of `package`, newest first.
    #[serde(default)]
    formerly: Vec<String>,
    /// Former names of its packages, which locks may still hold.
    #[serde(default)]
    pub(crate) was: Vec<String>,
    /// The tool that runs its programs.
    #[serde(default)]
    pub(crate) needs: Option<String>,
    #[serde(default)]
    pub(crate) strip: u32,
    pub(crate) programs: Vec<ProgramPath>,
    #[serde(default)]
    pub(crate) also: Vec<Companion>,
}

/// Where a program is inside a release.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProgramPath {
    pub(crate) name: String,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) windows: Option<String>,
    #[serde(default)]
    pub(crate) runner: Option<String>,
    /// Its paths in older releases, oldest first.
    #[serde(default)]
    pub(crate) before: Vec<FormerProgramPath>,
    /// First release that has this program.
    #[serde(default)]
    pub(crate) since: Option<String>,
    /// First release without it.
    #[serde(default)]
    pub(crate) until: Option<String>,
}

impl ProgramPath {
    /// A program with the same path in every release.
    pub(crate) fn plain(name: &str, path: &str) -> Self {
        Self {
            name: name.to_owned(),
            path: path.to_owned(),
            windows: None,
            runner: None,
            before: Vec::new(),
            since: None,
            until: None,
        }
    }
}

/// Where a program was before a release that moved it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormerProgramPath {
    pub(crate) version: String,
    pub(crate) path: String,
}

/// A second package of a release.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Companion {
    /// Its name; `{node}` is replaced by node's name of the platform.
    pub(crate) package: String,
    /// Tool whose version this package's `engines` must accept; `None` if this package has the first package's version.
    #[serde(default)]
    pub(crate) engine: Option<String>,
    /// First release that needs this package.
    #[serde(default)]
    pub(crate) since: Option<String>,
    /// First later release that doesn't need it.
    #[serde(default)]
    pub(crate) until: Option<String>,
    pub(crate) strip: u32,
    pub(crate) into: String,
}

impl Companion {
    /// Name of the package on a platform.
    pub(crate) fn package(&self, platform: Platform) -> String {
        with_node_name(&self.package, platform)
    }

    /// Folder of the release that the package is unpacked into.
    pub(crate) fn folder(&self, platform: Platform) -> String {
        with_node_name(&self.into, platform)
    }
}

/// Fill a template whose only placeholder is `node`.
fn with_node_name(template: &str, platform: Platform) -> String {
    template::fill(template, |name| (name == "node").then(|| node_name(platform)))
}

/// What Node calls a platform.
fn node_name(platform: Platform) -> String {
    let os = match platform.os {
        Os::Linux => "linux",
        Os::Macos => "darwin",
        Os::Windows => "win32",
    };
    format!("{os}-{}", platform.arch.name())
}

impl Packaging {
    /// Whether this package is the tool on every platform.
    pub(crate) fn is_of(&self, package: &str) -> bool {
        self.package.as_deref() == Some(package)
    }

    /// List the packages for a platform, newest naming first.
    pub(crate) fn packages(&self, platform: Platform) -> Vec<String> {
        let own = self.packages.get(&platform).cloned().unwrap_or_default();
        self.package.iter().chain(&self.formerly).cloned().chain(own).collect()
    }
}
