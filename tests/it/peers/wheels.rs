//! Wheels: vx chooses the one that pip chooses, for machines with an older and a newer glibc.
//!
//! The known differences, which are not compared: vx takes a wheel for musl or for Python 2 if there is no other, and
//! wheels for one version of Python never.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use vx::candidate::SourceKind;
use vx::paths::Home;
use vx::platform::Platform;
use vx::source::{Limits, ProgramOutput, Recipe, RecipeRequest, SourceOptions, Sources, catalogue};

use super::ask;
use crate::registry::Registry;

/// The platform of the recorded choices, which are those of pip on it.
const LINUX: Platform = Platform::ALL[0];

const CHOICES: &str = include_str!("wheels.json");
const PIP: &str = include_str!("wheels.py");

/// The recipes of the catalogue's tools from the Python index, by package.
fn recipes() -> BTreeMap<String, Recipe> {
    let wanted = RecipeRequest { source: Some(SourceKind::Pypi), ..RecipeRequest::default() };
    let recipes = catalogue::all().filter_map(|tool| Recipe::for_tool(&tool.name, &wanted, &[], LINUX).ok());
    recipes.map(|recipe| (recipe.packages()[0].clone(), recipe)).collect()
}

/// Sources on a machine with this glibc.
fn sources(registry: &Registry, root: &Path, glibc: &str) -> Sources {
    let mut environment: BTreeMap<String, String> = registry.environment().into_iter().collect();
    environment.insert("PATH".into(), root.display().to_string());
    environment.insert("HOME".into(), root.join("user").display().to_string());
    let said = format!("glibc {glibc}\n");
    Sources::new(SourceOptions {
        home: Home::at(root.join("home")),
        project_directory: root.join("project"),
        offline: false,
        fresh_for: Duration::from_secs(600),
        require_signatures: false,
        mirrors: Default::default(),
        environment: Arc::new(move |name| environment.get(name).cloned()),
        runner: Arc::new(move |_, _| {
            Ok(ProgramOutput { success: true, stdout: said.clone().into_bytes(), stderr: Vec::new() })
        }),
        limits: Limits::default(),
    })
}

/// Serve the wheels of these records, and compare the choices of vx with the recorded ones of pip.
fn compare(records: &Value) {
    let records = records.as_array().expect("a list");
    let (registry, root, recipes) = (Registry::start(), tempfile::tempdir().expect("a directory"), recipes());
    let getconf = root.path().join("getconf");
    std::fs::write(&getconf, "").expect("a file");
    std::fs::set_permissions(&getconf, PermissionsExt::from_mode(0o755)).expect("a mode");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut wheels: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in records {
        let files = record["files"].as_array().expect("a list").iter().map(text);
        wheels.entry(text(&record["package"])).or_default().extend(files);
    }
    wheels.iter().for_each(|(package, files)| registry.pypi_all(package, files));
    let machines: Vec<String> = records[0]["chosen"].as_object().expect("choices").keys().cloned().collect();
    let mut differing = Vec::new();
    let mut compared = 0;
    for glibc in machines {
        let sources = sources(&registry, root.path(), &glibc);
        for record in records.iter().filter(|record| record["chosen"][&glibc].is_string()) {
            let recipe = &recipes[record["package"].as_str().expect("text")];
            let found = sources.artifacts(recipe, record["version"].as_str().expect("text"), LINUX);
            let ours = found.map_or_else(|error| error.to_string(), |found| found[0].archive.file.clone());
            compared += 1;
            if ours != record["chosen"][&glibc] {
                differing.push(format!("glibc {glibc}: vx {ours}, pip {}", record["chosen"][&glibc]));
            }
        }
    }
    assert!(compared >= 300, "only {compared} choices are compared");
    let count = differing.len();
    assert!(differing.is_empty(), "{count} of {compared} differ:\n{}", differing[..count.min(20)].join("\n"));
}

#[test]
fn recorded_releases_of_the_catalogue_are_chosen_as_pip_chose_them() {
    if Platform::current() == Some(LINUX) {
        compare(&serde_json::from_str(CHOICES).expect("JSON"));
    }
}

#[test]
fn needs_network_every_release_of_the_catalogue_is_chosen_as_pip_chooses_it() {
    if Platform::current() != Some(LINUX) {
        return crate::skipped::skipped("pip chooses for its own platform alone");
    }
    let packages: Vec<String> = recipes().into_keys().collect();
    let question = json!({ "packages": packages, "glibc": [[2, 12], [2, 17], [2, 28], [2, 36]] });
    match ask("python3", PIP, Path::new("."), &question) {
        Some(records) if !records.as_array().expect("a list").is_empty() => compare(&records),
        _ => crate::skipped::skipped("this machine's pip or its index gives no answer"),
    }
}
