//! Programs of an unpacked npm package, by its `package.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use nodejs_semver::Version;
use vx_base::package::Program;
use vx_base::package::npm_range::NpmRange;
use vx_base::package::shipped::{NODE_MODULES, NpmManifest, UnshippedReason, bare_name};
use vx_base::package::source_kind::SourceKind;

use super::{DetectedRunner, MetadataError, lacking, start, text};
use crate::config::InstallConfig;

/// What runs a package's scripts.
const NODE: &str = "node";

/// List the programs that the package declares, or only those that the project chose.
pub(super) fn programs(
    release: &Path,
    config: &InstallConfig,
    kind: SourceKind,
) -> Result<Vec<Program>, MetadataError> {
    let lacking = |lack| lacking(config, kind, lack);
    let folder = format!("{NODE_MODULES}/{}", config.package);
    let manifest = manifest(release, &folder, &config.package)?;
    let beside = config.parts.get(1..).unwrap_or_default();
    for part in beside {
        let package = part.archive.into.strip_prefix(&format!("{NODE_MODULES}/")).unwrap_or_default();
        check_beside(release, package, &manifest)
            .map_err(|stranger| stranger.unwrap_or_else(|| lacking(UnshippedReason::Stranger(package.to_owned()))))?;
    }
    if let Some(lack) = manifest.lack(!beside.is_empty()) {
        return Err(lacking(lack));
    }
    let mut programs = Vec::new();
    for (name, path) in paths(release, &folder, config, &manifest) {
        let path = format!("{folder}/{path}");
        let runner = match start(&release.join(&path)) {
            DetectedRunner::System => None,
            DetectedRunner::By(runner) if runner == NODE && name != NODE => Some(runner),
            DetectedRunner::By(other) => return Err(lacking(UnshippedReason::Interpreter(other))),
        };
        programs.push(Program { name, path, runner });
    }
    if programs.is_empty() {
        return Err(lacking(UnshippedReason::Programs));
    }
    let own = bare_name(&config.package);
    // Put the program first that the tool's name stands for.
    programs.sort_by_key(|program| program.name != own);
    Ok(programs)
}

fn manifest(release: &Path, folder: &str, package: &str) -> Result<NpmManifest, MetadataError> {
    let file = format!("{folder}/package.json");
    NpmManifest::parse(&text(release, &file, package)?).map_err(|reason| {
        let reason = format!("makes no sense: {reason}");
        MetadataError::Unreadable { package: package.to_owned(), file, reason }
    })
}

/// Check that the package asks for this companion package, in this version. Until now only the lock said so.
fn check_beside(release: &Path, package: &str, own: &NpmManifest) -> Result<(), Option<MetadataError>> {
    let range = own.optional.get(package).ok_or(None)?;
    let beside = manifest(release, &format!("{NODE_MODULES}/{package}"), package).map_err(Some)?;
    let range = NpmRange::parse(range).ok_or(None)?;
    let version = Version::parse(&beside.version).map_err(|_| None)?;
    if range.satisfies(&version) { Ok(()) } else { Err(None) }
}

/// Find the paths of the package's programs, by name.
fn paths(release: &Path, folder: &str, config: &InstallConfig, manifest: &NpmManifest) -> BTreeMap<String, String> {
    if !config.programs.is_empty() {
        return config.programs.iter().map(|program| (program.name.clone(), program.path.clone())).collect();
    }
    let Some(programs) = manifest.program_folder.as_ref().filter(|_| manifest.programs.is_empty()) else {
        return manifest.programs.clone();
    };
    let programs = programs.trim_start_matches("./").trim_end_matches('/');
    let inside = !programs.split('/').any(|part| part == "..");
    let entries = fs::read_dir(release.join(folder).join(programs)).into_iter().flatten().flatten();
    let files = entries.filter(|entry| inside && entry.path().is_file());
    let named = files.map(|entry| entry.file_name().to_string_lossy().into_owned());
    named.map(|name| (name.clone(), format!("{programs}/{name}"))).collect()
}
