//! The content of `vx.toml`: the requested tools, the settings, and every value with its line.
//!
//! The whole file is read before it is acted on, and all of its problems are reported together.

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
pub use trust::Trust;
pub use ui::{ColourChoice, GlyphChoice, Rebinding, SettingChoice, ThemeChoice, Ui};

/// A project, as its file describes it.
#[derive(Clone, Debug)]
pub struct Project {
    /// The file.
    pub path: PathBuf,
    /// The directory it is in.
    pub directory: PathBuf,
    /// The requested tools, in the order of the file.
    pub tools: Vec<ToolRequest>,
    /// The settings for installing them.
    pub settings: InstallSettings,
    /// Variables for the project's commands.
    pub env: BTreeMap<String, String>,
    /// Commands that `vx run` runs, in the order of the file.
    pub scripts: Vec<ProjectScript>,
    /// The forms in which commands print their progress, in the order of the file.
    pub progress: Vec<ProgressForms>,
    /// Programs that `vx up` runs, in the order of the file.
    pub services: Vec<DeclaredService>,
    /// The faults of the table of services. They are among the warnings, too: only a command about services fails by them.
    pub service_faults: Vec<Problem>,
    /// The file that the services come from where this one declares none.
    pub procfile: Option<Procfile>,
    /// Agents of its own for turns.
    pub agents: Vec<DeclaredAgent>,
    /// Whether it inherits from no project further up: `[project] root = true`.
    pub is_root: bool,
    /// Every value of the file, in its order, with the line it came from.
    pub entries: Vec<ConfigEntry>,
    /// Doubtful values that were ignored.
    pub warnings: Vec<Problem>,
    /// Notices for the user without a place in the file.
    pub notices: Vec<String>,
}

/// One tool that the project requests.
#[derive(Clone, Debug)]
pub struct ToolRequest {
    /// The tool's name, as in the file.
    pub name: String,
    /// The requested version.
    pub request: VersionRequest,
    /// The operating systems it is wanted on; `None` for all.
    pub os: Option<Vec<Os>>,
    /// The only source to use, if the file names one.
    pub source: Option<SourceKind>,
    /// The package of that source, if the file names one. A tool that is named like a package has none.
    pub package: Option<String>,
    /// The addresses to fetch.
    pub url: Option<DeclaredAddresses>,
    /// The expected digests of the fetched bytes.
    pub sha256: Option<DeclaredDigests>,
    /// The programs of the release, if the file names them.
    pub bin: Vec<Program>,
    /// Number of leading path components to drop, if the file sets it.
    pub strip: Option<u32>,
    /// Free settings of the tool: `options`, `install_env`, and the lists, joined by commas.
    pub options: BTreeMap<String, String>,
    /// A command to run in the fresh release.
    pub postinstall: Option<String>,
    /// The files that this command names, with the contents that the project's user has agreed to.
    pub agreed: Vec<AgreedFile>,
    /// Whether the project also works without it.
    pub optional: bool,
    /// The smallest age of a release of this tool, if it differs from the project's.
    pub minimum_release_age: Option<Duration>,
    /// The line of its version, from 1.
    pub line: usize,
    /// Whether it may not be installed or run without its user's consent, which is lacking.
    pub withheld: bool,
}

impl ToolRequest {
    /// A request for a version, with nothing else set but the source that a package's name names.
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

    /// The only source to use, if the file names one: as such, or by a request for the copy on `PATH`.
    pub fn named_source(&self) -> Option<SourceKind> {
        self.source.or(self.request.is_system().then_some(SourceKind::System))
    }

    /// The digest of the instructions for the release that the file gives: `strip`, `bin` and `postinstall`; `None` if it
    /// gives none.
    pub fn instructions(&self) -> Option<Digest> {
        if self.strip.is_none() && self.bin.is_empty() && self.postinstall.is_none() {
            return None;
        }
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(&serde_json::to_vec(&(self.strip, &self.bin, &self.postinstall)).unwrap_or_default());
        Some(hasher.finish())
    }

    /// The digest of the archive for `platform`, if the file declares it. One digest for an address that differs by
    /// platform is of one archive only: that for `here`, the platform of this machine.
    pub fn digest_of(&self, platform: Platform, here: Platform) -> Option<&Digest> {
        let applies = platform == here || !self.has_digest_of_one_platform();
        self.sha256.as_ref().filter(|_| applies).and_then(|digests| digests.of(platform))
    }

    /// Whether the file declares one digest for an address that differs by platform.
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
    /// An empty project for a directory without one: it requests no tools, and its settings are the defaults.
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

    /// The faults of what declares its services.
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
