//! The content of `vx.toml`: the requested tools, the settings, and every value with its line.
//!
//! The whole file is read before anything is done with it, and all its problems are reported together.

mod agents;
mod duration;
mod entries;
mod progress;
mod reader;
mod scripts;
mod services;
mod settings;
mod tables;
mod tools;
mod trust;
mod ui;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use vx_base::digest::{Algorithm, Digest};
use vx_base::files::agreed_file::AgreedFile;
use vx_base::package::Program;
use vx_base::package::shipped::NamedPackage;
use vx_base::package::source_kind::SourceKind;
use vx_base::paths::leads_outside;
use vx_base::system::platform::{Os, Platform};

use super::problem::{ConfigErrors, Problem};
use super::procfile::Procfile;
use super::scripts::ProjectScript;
use super::services::DeclaredService;
use super::version::VersionRequest;

pub use crate::config::tools::addresses::{DeclaredAddresses, DeclaredDigests};
pub use agents::DeclaredAgent;
pub use entries::{ConfigEntry, ValueKind};
pub use progress::ProgressForms;
use reader::ConfigReader;
pub use settings::InstallSettings;
pub use trust::TrustSettings;
pub use ui::{ColourChoice, GlyphChoice, Rebinding, SettingChoice, ThemeChoice, Ui};

/// A project, as its file describes it.
#[derive(Clone, Debug)]
pub struct Project {
    /// Path of the file.
    pub path: PathBuf,
    /// Directory of the file.
    pub directory: PathBuf,
    /// Requested tools, in the order of the file.
    pub tools: Vec<ToolRequest>,
    /// Settings for installing the tools.
    pub settings: InstallSettings,
    /// Variables for the project's commands.
    pub env: BTreeMap<String, String>,
    /// Commands that `vx run` runs, in the order of the file.
    pub scripts: Vec<ProjectScript>,
    /// How commands print their progress, in the order of the file.
    pub progress: Vec<ProgressForms>,
    /// Programs that `vx up` runs, in the order of the file.
    pub services: Vec<DeclaredService>,
    /// Problems in the table of services. They are among the warnings, too: only commands about services fail because
    /// of them.
    pub service_faults: Vec<Problem>,
    /// Procfile that the services come from, if this file declares none.
    pub procfile: Option<Procfile>,
    /// Agents that the project declares for turns.
    pub agents: Vec<DeclaredAgent>,
    /// Whether it inherits from no project further up: `[project] root = true`.
    pub is_root: bool,
    /// Every value of the file, in its order, with its line.
    pub entries: Vec<ConfigEntry>,
    /// Doubtful values that were ignored.
    pub warnings: Vec<Problem>,
    /// Notices for the user that have no place in the file.
    pub notices: Vec<String>,
}

/// A tool that the project requests.
#[derive(Clone, Debug)]
pub struct ToolRequest {
    /// Its name, as in the file.
    pub name: String,
    /// Requested version.
    pub request: VersionRequest,
    /// Operating systems that it is wanted on; `None` for all.
    pub os: Option<Vec<Os>>,
    /// Only source to use, if the file names one.
    pub source: Option<SourceKind>,
    /// Package in that source, if the file names one. `None` for a tool that is named like a package.
    pub package: Option<String>,
    /// Addresses to fetch.
    pub url: Option<DeclaredAddresses>,
    /// Expected digests of the fetched bytes.
    pub sha256: Option<DeclaredDigests>,
    /// Programs of the release, if the file names them.
    pub bin: Vec<Program>,
    /// Number of leading path components to drop, if the file sets it.
    pub strip: Option<u32>,
    /// Free settings of the tool: `options`, `install_env`, and the lists, joined by commas.
    pub options: BTreeMap<String, String>,
    /// A command to run in the fresh release.
    pub postinstall: Option<String>,
    /// Files that this command names, with the contents that the project's user has agreed to.
    pub agreed: Vec<AgreedFile>,
    /// Whether the project also works without it.
    pub optional: bool,
    /// Smallest age of a release of this tool, if it differs from the project's.
    pub minimum_release_age: Option<Duration>,
    /// Line of its version, from 1.
    pub line: usize,
    /// Whether it may not be installed or run because its user has not consented.
    pub withheld: bool,
}

impl ToolRequest {
    /// A request for a version, with nothing else set except the source that a package's name implies.
    pub fn plain(name: String, request: VersionRequest, line: usize) -> Self {
        let source = NamedPackage::of_tool(&name).map(|named| named.source);
        Self {
            name,
            request,
            os: None,
            source,
            package: None,
            url: None,
            sha256: None,
            bin: Vec::new(),
            strip: None,
            options: BTreeMap::new(),
            postinstall: None,
            agreed: Vec::new(),
            optional: false,
            minimum_release_age: None,
            line,
            withheld: false,
        }
    }

    /// Only source to use, if the file names one: directly, or by requesting the copy on `PATH`.
    pub fn named_source(&self) -> Option<SourceKind> {
        self.source.or(self.request.is_system().then_some(SourceKind::System))
    }

    /// Digest of the file's instructions for the release: `strip`, `bin` and `postinstall`; `None` if it gives none.
    pub fn instructions(&self) -> Option<Digest> {
        if self.strip.is_none() && self.bin.is_empty() && self.postinstall.is_none() {
            return None;
        }
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(&serde_json::to_vec(&(self.strip, &self.bin, &self.postinstall)).unwrap_or_default());
        Some(hasher.finish())
    }

    /// Digest of the archive for `platform`, if the file declares it. If the address differs by platform, a single
    /// digest counts only for `here`, the platform of this machine.
    pub fn digest_of(&self, platform: Platform, here: Platform) -> Option<&Digest> {
        let applies = platform == here || !self.has_digest_of_one_platform();
        self.sha256.as_ref().filter(|_| applies).and_then(|digests| digests.for_platform(platform))
    }

    /// Whether the file declares a single digest for an address that differs by platform.
    pub fn has_digest_of_one_platform(&self) -> bool {
        let differs = self.url.as_ref().is_some_and(|url| !url.is_same_everywhere());
        differs && matches!(self.sha256, Some(DeclaredDigests::One(_)))
    }

    /// Whether the tool is wanted on this operating system.
    pub fn wanted_on(&self, os: Os) -> bool {
        self.os.as_ref().is_none_or(|wanted| wanted.contains(&os))
    }
}

impl Project {
    /// An empty project for a directory without a project file: it requests no tools, and its settings are the
    /// defaults.
    pub fn none(directory: &Path) -> Self {
        Self {
            path: directory.join("vx.toml"),
            directory: directory.to_owned(),
            tools: Vec::new(),
            settings: InstallSettings::default(),
            env: BTreeMap::new(),
            scripts: Vec::new(),
            progress: Vec::new(),
            services: Vec::new(),
            service_faults: Vec::new(),
            procfile: None,
            agents: Vec::new(),
            is_root: false,
            entries: Vec::new(),
            warnings: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// Report the problems in what declares its services.
    pub fn service_errors(&self) -> Option<ConfigErrors> {
        let own = (&self.path, &self.service_faults);
        let procfile = self.procfile.iter().map(|procfile| (&procfile.path, &procfile.problems));
        let (path, problems) = procfile.chain([own]).find(|(_, problems)| !problems.is_empty())?;
        Some(ConfigErrors { path: path.clone(), problems: problems.clone() })
    }

    /// Parse the text of a project file.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigErrors> {
        let (document, mut reader) = ConfigReader::of_document(text);
        let tools = tools::read(&mut reader, &document);
        let settings = settings::read(&mut reader, &document);
        let env = settings::read_env(&mut reader, &document);
        let scripts = scripts::read(&mut reader, &document);
        let progress = progress::read(&mut reader, &document);
        let services::ParsedServices { services, problems: service_faults, doubts } = services::read(text, &document);
        let agents = agents::read(text, &document);
        let is_root = tables::is_root(&mut reader, &document);
        tables::check(&mut reader, &document);
        let entries = entries::list(text, &document);
        let (mut problems, mut warnings) = reader.finish();
        warnings.extend(service_faults.iter().cloned().chain(doubts));
        let mut service_faults = service_faults;
        if !(problems.is_empty() && warnings.is_empty()) && leads_outside(path) {
            for quoting in [&mut problems, &mut warnings, &mut service_faults] {
                *quoting = std::mem::take(quoting).into_iter().map(Problem::unquoted).collect();
            }
        }
        if !problems.is_empty() {
            return Err(ConfigErrors { path: path.to_owned(), problems });
        }
        let directory = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self {
            path: path.to_owned(),
            directory,
            tools,
            settings,
            env,
            scripts,
            progress,
            services,
            service_faults,
            procfile: None,
            agents,
            is_root,
            entries,
            warnings,
            notices: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests;
