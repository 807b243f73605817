//! Wheels: vx chooses the same wheel as pip and uv, for machines with an older and a newer glibc.
//!
//! The known differences: vx takes a wheel for musl, for Python 2 or for any platform if there is no other
//! ([`ONLY_OURS`]). Wheels for one version of Python are not compared, because vx never takes them; uv is not compared
//! for a glibc before 2.17, because it doesn't resolve for one.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use vx_base::package::source_kind::SourceKind;
use vx_base::paths::Home;
use vx_base::system::platform::Platform;
use vx_fetch::tools::catalogue;
use vx_fetch::{ProgramOutput, Recipe, RecipeRequest, RequestLimits, SettingFiles, SourceOptions, Sources};

use super::ask;
use crate::support::registry::Registry;

/// The platform on which pip's choices were recorded.
const LINUX: Platform = Platform::ALL[0];

const CHOICES: &str = include_str!("wheels.json");
const PIP: &str = include_str!("wheels.py");
const UV: &str = include_str!("wheels_uv.py");

/// The peers, and for each the member of a record with its choices.
const PEERS: [(&str, &str); 2] = [("pip", "chosen"), ("uv", "uv")];

/// Parts of the names of wheels that vx takes while the peers choose none. Programs for musl are mostly linked
/// statically, programs in a wheel for Python 2 need no Python, and the peers are asked only for wheels of one
/// platform.
const ONLY_OURS: [&str; 3] = ["musllinux_", "-py2-none-", "-none-any.whl"];

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
        home: Home::from_root(root.join("home")),
        project_directory: root.join("project"),
        settings: SettingFiles::default(),
        offline: false,
        fresh_for: Duration::from_secs(600),
        require_signatures: false,
        require_provenance: Vec::new(),
        mirrors: Default::default(),
        environment: Arc::new(move |name| environment.get(name).cloned()),
        runner: Arc::new(move |_, _| {
            Ok(ProgramOutput { success: true, stdout: said.clone().into_bytes(), stderr: Vec::new() })
        }),
        limits: RequestLimits::default(),
    })
}

/// Serve the wheels of these records on a loopback registry.
fn serve(registry: &Registry, records: &[Value]) {
    let mut wheels: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in records {
        let files = record["files"].as_array().expect("a list").iter().map(text);
        wheels.entry(text(&record["package"])).or_default().extend(files);
    }
    wheels.iter().for_each(|(package, files)| registry.pypi_all(package, files));
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// Compare the choices of vx with the recorded choices of these peers, at least this many of each.
fn compare(records: &Value, peers: &[(&str, &str)], least: usize) {
    let records = records.as_array().expect("a list");
    let (registry, root, recipes) = (Registry::start(), tempfile::tempdir().expect("a directory"), recipes());
    let getconf = root.path().join("getconf");
    std::fs::write(&getconf, "").expect("a file");
    std::fs::set_permissions(&getconf, PermissionsExt::from_mode(0o755)).expect("a mode");
    serve(&registry, records);
    let machines: Vec<String> = records[0]["chosen"].as_object().expect("choices").keys().cloned().collect();
    let mut differing = Vec::new();
    let mut compared = vec![0; peers.len()];
    for glibc in machines {
        let sources = sources(&registry, root.path(), &glibc);
        for record in records {
            let recipe = &recipes[record["package"].as_str().expect("text")];
            let found = sources.artifacts(recipe, record["version"].as_str().expect("text"), LINUX);
            let ours = found.map(|found| found[0].archive.file.clone());
            for ((peer, member), compared) in peers.iter().zip(&mut compared) {
                let Some(theirs) = record[member].get(&glibc) else { continue };
                *compared += 1;
                let is_same = match (&ours, theirs.as_str()) {
                    (Ok(ours), Some(theirs)) => ours == theirs,
                    (Ok(ours), None) => ONLY_OURS.iter().any(|part| ours.contains(part)),
                    (Err(_), theirs) => theirs.is_none(),
                };
                if !is_same {
                    differing.push(format!("glibc {glibc}, {}: vx {ours:?}, {peer} {theirs}", record["version"]));
                }
            }
        }
    }
    for ((peer, _), compared) in peers.iter().zip(&compared) {
        println!("{compared} choices of {peer} for {} releases are compared", records.len());
        assert!(*compared >= least, "only {compared} choices of {peer} are compared");
    }
    let count = differing.len();
    assert!(differing.is_empty(), "{count} differ:\n{}", differing[..count.min(20)].join("\n"));
}

#[test]
fn recorded_releases_of_the_catalogue_are_chosen_as_pip_and_uv_chose_them() {
    if Platform::current() == Some(LINUX) {
        compare(&serde_json::from_str(CHOICES).expect("JSON"), &PEERS, 250);
    }
}

#[test]
fn needs_network_every_release_of_the_catalogue_is_chosen_as_pip_and_uv_choose_it() {
    if Platform::current() != Some(LINUX) {
        return crate::support::skipped::skipped("pip chooses for its own platform alone");
    }
    let packages: Vec<String> = recipes().into_keys().collect();
    let question = json!({ "packages": packages, "glibc": [[2, 12], [2, 17], [2, 28], [2, 36]] });
    let records = ask("python3", PIP, Path::new("."), &question).filter(|records| records[0].is_object());
    let Some(records) = records else {
        return crate::support::skipped::skipped("this machine's pip or its index gives no answer");
    };
    let question = json!({ "records": records, "glibc": ["2.17", "2.28", "2.36"] });
    match ask("python3", UV, Path::new("."), &question) {
        Some(chosen) => compare(&chosen, &PEERS, 300),
        None => {
            compare(&records, &PEERS[..1], 300);
            crate::support::skipped::skipped("uv is neither on this machine nor to be had from its index");
        }
    }
}
