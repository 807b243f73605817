//! Programs of an unpacked wheel: native ones and shell scripts in its folder of scripts.
//!
//! Functions of modules, and scripts for Python, need an interpreter with the wheel in its search path.

use std::fs;
use std::path::Path;

use vx_base::package::Program;
use vx_base::package::shipped::{UnshippedReason, WheelMetadata};
use vx_base::package::source_kind::SourceKind;

use super::{DetectedRunner, MetadataError, lacking, start, text};
use crate::config::InstallConfig;

/// List the programs that the wheel ships, or only those that the project chose.
pub(super) fn programs(
    release: &Path,
    config: &InstallConfig,
    kind: SourceKind,
) -> Result<Vec<Program>, MetadataError> {
    let lacking = |lack| lacking(config, kind, lack);
    let folders = folders(release);
    let ending = |end: &str| folders.iter().find(|name| name.ends_with(end)).cloned().unwrap_or_default();
    let (about, data) = (ending(".dist-info"), ending(".data"));
    let metadata = text(release, &format!("{about}/METADATA"), &config.package)?;
    let entry_points = text(release, &format!("{about}/entry_points.txt"), &config.package).unwrap_or_default();
    let known = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let metadata = WheelMetadata::parse(&known(&metadata), &known(&entry_points));
    let scripts = format!("{data}/scripts");
    let files = files(&release.join(&scripts));
    let (mut programs, mut interpreted) = (Vec::new(), metadata.functions);
    // No interpreter could run anything in such a package, with its dependencies or without.
    if config.programs.is_empty() && files.is_empty() && interpreted.is_empty() {
        return Err(lacking(UnshippedReason::Programs));
    }
    if !metadata.needs.is_empty() {
        return Err(lacking(UnshippedReason::Dependencies(metadata.needs)));
    }
    if !config.programs.is_empty() {
        return Ok(config.programs.clone());
    }
    for file in files {
        let path = format!("{scripts}/{file}");
        match start(&release.join(&path)) {
            DetectedRunner::System => {
                let name = file.strip_suffix(".exe").unwrap_or(&file).to_owned();
                programs.push(Program { name, path, runner: None });
            }
            DetectedRunner::By(_) => interpreted.push(file),
        }
    }
    match programs.is_empty() {
        true => Err(lacking(UnshippedReason::Interpreter("python".into()))),
        false => {
            programs.sort_by_key(|program| program.name != config.package);
            Ok(programs)
        }
    }
}

/// List the folders at the top, in order.
fn folders(release: &Path) -> Vec<String> {
    names(release, |path| path.is_dir())
}

fn files(folder: &Path) -> Vec<String> {
    names(folder, |path| path.is_file())
}

fn names(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| wanted(&entry.path()));
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
