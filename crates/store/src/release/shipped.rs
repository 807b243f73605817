//! Programs that a package itself declares, found in its unpacked release.
//!
//! The registry may describe a package differently than the package does. The bytes were verified, so these decide. A
//! package that needs more than the release contains is not installed.

mod npm;
mod wheel;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use vx_base::files::small_file::read_small;
use vx_base::package::Program;
use vx_base::package::shipped::{Unshipped, UnshippedReason};
use vx_base::package::source_kind::{PackageMetadata, SourceKind, find_registry};
use vx_base::trouble::{Explain, TroubleKind};

use crate::config::InstallConfig;

/// Largest file of metadata that is read.
const METADATA_BYTES: u64 = 4 << 20;

/// Most bytes of a program to read for what runs it.
const HEAD_BYTES: u64 = 256;

/// A package whose own metadata does not make it a tool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// It lacks something.
    #[error(transparent)]
    Unshipped(#[from] Unshipped),
    /// The file that describes it is missing or makes no sense.
    #[error("the package {package} cannot be understood: `{file}` {reason}")]
    Unreadable {
        /// The package.
        package: String,
        /// The file.
        file: String,
        /// Reason, as the predicate of a sentence about the file.
        reason: String,
    },
}

impl Explain for MetadataError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Unshipped(unshipped) => unshipped.kind(),
            Self::Unreadable { .. } => TroubleKind::Archive,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unshipped(unshipped) => unshipped.hint(),
            Self::Unreadable { .. } => Some("choose another version of the package".into()),
        }
    }
}

/// What runs a program, by the beginning of its file.
enum DetectedRunner {
    /// The system runs it: a native program, or a script for the shell.
    System,
    /// This interpreter.
    By(String),
}

/// Find the programs of a release whose package declares them: those that the project chose, or else all.
///
/// # Errors
/// The package cannot be a tool by itself.
pub(crate) fn programs(release: &Path, config: &InstallConfig) -> Result<Vec<Program>, MetadataError> {
    let registry = find_registry(&config.source);
    let Some((kind, facts)) = registry.and_then(|kind| Some((kind, kind.registry()?))) else {
        let reason = "is not a registry of packages".to_owned();
        let (package, file) = (config.package.clone(), config.source.clone());
        return Err(MetadataError::Unreadable { package, file, reason });
    };
    match facts.metadata {
        PackageMetadata::Wheel => wheel::programs(release, config, kind),
        PackageMetadata::PackageJson => npm::programs(release, config, kind),
    }
}

fn lacking(config: &InstallConfig, source_kind: SourceKind, lack: UnshippedReason) -> MetadataError {
    let (package, version) = (config.package.clone(), config.version.clone());
    Unshipped { source_kind, package, version, lack }.into()
}

/// Read a file of metadata.
fn text(release: &Path, path: &str, package: &str) -> Result<Vec<u8>, MetadataError> {
    read_small(&release.join(path), METADATA_BYTES).ok_or_else(|| {
        let reason = "is missing, or too large".to_owned();
        MetadataError::Unreadable { package: package.to_owned(), file: path.to_owned(), reason }
    })
}

/// Find out what runs this file; a file that can't be read is reported later, when the program is put in place.
fn start(file: &Path) -> DetectedRunner {
    let mut head = Vec::new();
    let read = File::open(file).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
    let first = match head.strip_prefix(b"#!") {
        Some(line) if read.is_ok() => String::from_utf8_lossy(line).into_owned(),
        _ => return by_name(file, &head),
    };
    let mut words = first.lines().next().unwrap_or_default().split_whitespace();
    let named = |word: &str| word.rsplit('/').next().unwrap_or_default().to_owned();
    let mut variables: Vec<&str> = Vec::new();
    let interpreter = match words.next().map(named) {
        // Options of `env`, and variables, may come before the program.
        Some(env) if env == "env" => words.find_map(|word| match word {
            variable if variable.contains('=') => {
                variables.push(variable);
                None
            }
            option if option.starts_with('-') => None,
            program => Some(named(program)),
        }),
        other => other,
    };
    match interpreter.unwrap_or_default() {
        shell if ["sh", "bash", "dash"].contains(&shell.as_str()) => DetectedRunner::System,
        other => {
            let program = if other == "nodejs" { "node" } else { &other };
            // A program with options or variables counts as a different interpreter, since a runner gets only the file.
            DetectedRunner::By(variables.into_iter().chain([program]).chain(words).collect::<Vec<_>>().join(" "))
        }
    }
}

/// Find out what runs a file without a `#!` line.
fn by_name(file: &Path, head: &[u8]) -> DetectedRunner {
    let native = [&b"\x7fELF"[..], b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"];
    match file.extension().and_then(|extension| extension.to_str()) {
        _ if native.iter().any(|magic| head.starts_with(magic)) => DetectedRunner::System,
        Some("js" | "cjs" | "mjs") => DetectedRunner::By("node".into()),
        _ => DetectedRunner::System,
    }
}
