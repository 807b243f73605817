//! Code looks down only: a module uses modules on lower floors, never one on its own floor or above.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::graph::Graph;
use super::imports::root_modules;
use super::source::{code, root, rust_files, shown, text};
use super::{MOST_FILES_WITHOUT_FLOORS, PACKAGES, Package, TOWERS, Tower};

/// Modules that stand above all others, or beside the crate.
const ROOTS: [&str; 4] = ["lib", "docs", "build", "start"];

/// For each part of a folder, the parts that it uses; each use once, as it is to be shown.
type Parts = BTreeMap<String, BTreeMap<String, String>>;

impl Tower {
    fn floor_of(&self, part: &str) -> Option<usize> {
        self.floors.iter().position(|floor| floor.contains(&part))
    }

    /// The uses that lead up or sideways, and the parts that are on no floor.
    fn faults(&self, parts: &Parts) -> Vec<String> {
        let mut faults = Vec::new();
        for (part, uses) in parts {
            let Some(own) = self.floor_of(part) else {
                faults.push(format!("{}: `{part}` stands on no floor", self.sources));
                continue;
            };
            for (used, shown) in uses {
                match self.floor_of(used) {
                    Some(other) if other < own => {}
                    Some(other) if other == own => {
                        faults.push(format!("{shown}: `{part}` uses its neighbour `{used}`"))
                    }
                    Some(_) => faults.push(format!("{shown}: `{part}` uses `{used}` from a floor above")),
                    None => faults.push(format!("{shown}: `{part}` uses `{used}`, which stands on no floor")),
                }
            }
        }
        let names = self.floors.iter().flat_map(|floor| floor.iter());
        let gone = names.filter(|name| !parts.contains_key(**name));
        faults.extend(gone.map(|name| format!("{}: there is no `{name}` any more", self.sources)));
        faults
    }
}

/// The root of the crate that a folder belongs to.
fn crate_root(folder: &Path) -> PathBuf {
    folder.ancestors().find(|folder| folder.join("lib.rs").exists()).expect("a crate's root").to_path_buf()
}

/// The parts of a folder, and what each uses of the others.
fn parts_of_folder(folder: &Path) -> Parts {
    let sources = crate_root(folder);
    let inside = folder.strip_prefix(&sources).expect("a folder of the crate");
    let inside: Vec<String> = inside.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    parts(&Graph::of_directory(&sources), &inside)
}

/// The parts of the folder whose path below the crate's root is `folder`, and what each uses of the others.
fn parts(graph: &Graph, folder: &[String]) -> Parts {
    let mut parts = Parts::new();
    let part_of = |module: &[String]| match module.strip_prefix(folder) {
        Some([part, ..]) if !ROOTS.contains(&part.as_str()) => Some(part.clone()),
        _ => None,
    };
    for (module, uses) in graph.uses() {
        let Some(own) = part_of(module) else { continue };
        let own_uses = parts.entry(own.clone()).or_default();
        for used in uses {
            if let Some(other) = part_of(used).filter(|other| *other != own) {
                own_uses.entry(other).or_insert_with(|| format!("{} → {}", graph.file(module), graph.file(used)));
            }
        }
    }
    parts
}

/// Floors on which these parts could stand, each as low as possible. `None` if they use each other in a circle.
fn possible_floors(parts: &Parts) -> Option<Vec<Vec<&str>>> {
    let mut floors: Vec<Vec<&str>> = Vec::new();
    let mut placed = BTreeSet::new();
    while placed.len() < parts.len() {
        let ready = |(part, uses): &(&String, &BTreeMap<String, String>)| {
            !placed.contains(part.as_str()) && uses.keys().all(|used| placed.contains(used.as_str()))
        };
        let floor: Vec<&str> = parts.iter().filter(ready).map(|(part, _)| part.as_str()).collect();
        if floor.is_empty() {
            return None;
        }
        placed.extend(floor.iter().copied());
        floors.push(floor);
    }
    Some(floors)
}

#[test]
fn code_looks_down_only() {
    let mut faults = Vec::new();
    for tower in &TOWERS {
        let parts = parts_of_folder(&root().join(tower.sources));
        assert!(!parts.is_empty(), "no sources below {}", tower.sources);
        faults.extend(tower.faults(&parts));
    }
    assert!(faults.is_empty(), "the layers are broken:\n{}", faults.join("\n"));
}

/// A use counts by its name: a name that a module passes on from below counts as the module's own.
#[test]
fn modules_are_named_from_above_only() {
    let mut faults = Vec::new();
    for tower in TOWERS.iter().filter(|tower| root().join(tower.sources).join("lib.rs").exists()) {
        let graph = Graph::of_directory(&root().join(tower.sources));
        for path in graph.modules().filter(|path| !path.is_empty()) {
            let Some(own) = tower.floor_of(&path[0]) else { continue };
            let file = graph.file(path);
            for named in root_modules(&code(&text(&root().join(file)))).iter().filter(|named| **named != path[0]) {
                if tower.floor_of(named).is_some_and(|floor| floor >= own) {
                    faults.push(format!("{file}: `{}` names `{named}`", path[0]));
                }
            }
        }
    }
    assert!(faults.is_empty(), "the layers are broken:\n{}", faults.join("\n"));
}

/// A folder with floors that its parts could stand on.
fn proposal(folder: &Path) -> String {
    match possible_floors(&parts_of_folder(folder)) {
        Some(floors) => format!("{}: these floors would do: {floors:?}", shown(folder)),
        None => format!("{}: its parts use each other in a circle", shown(folder)),
    }
}

#[test]
fn every_large_folder_has_floors() {
    let mut without = Vec::new();
    for sources in PACKAGES.iter().map(Package::sources) {
        let folders: BTreeSet<PathBuf> =
            rust_files(&sources).iter().filter_map(|file| file.parent().map(Path::to_path_buf)).collect();
        without.extend(folders.into_iter().filter(|folder| {
            let files = fs::read_dir(folder).into_iter().flatten().flatten();
            let files = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "rs")).count();
            files > MOST_FILES_WITHOUT_FLOORS && !TOWERS.iter().any(|tower| root().join(tower.sources) == *folder)
        }));
    }
    let proposals: Vec<String> = without.iter().map(|folder| proposal(folder)).collect();
    assert!(proposals.is_empty(), "more than {MOST_FILES_WITHOUT_FLOORS} files and no floors: {proposals:#?}");
}

#[test]
fn crates_look_down_only() {
    let members = fs::read_dir(root().join("crates")).expect("the crates' folder reads").flatten();
    for member in members.filter(|member| member.path().join("Cargo.toml").exists()) {
        let known = PACKAGES.iter().any(|package| root().join(package.folder) == member.path());
        assert!(known, "{} stands on no floor", shown(&member.path()));
    }
    for (at, package) in PACKAGES.iter().enumerate() {
        let manifest = fs::read_to_string(package.manifest()).expect("a manifest reads");
        // The tests of a crate switch its features on by naming it.
        for name in dependencies(&manifest).into_iter().filter(|name| *name != name_of(package)) {
            let below = PACKAGES[..at].iter().any(|other| name_of(other) == name);
            assert!(below, "{} depends on `{name}`, which does not lie below it", package.folder);
        }
    }
}

/// The packages of this workspace that a manifest depends on, for its tests too.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let manifest: toml::Table = manifest.parse().expect("a manifest is TOML");
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let everywhere = std::iter::once(&manifest)
        .chain(targets.into_iter().flat_map(|targets| targets.values().filter_map(toml::Value::as_table)));
    let named = everywhere.flat_map(|table| tables.iter().filter_map(|kind| table.get(*kind)?.as_table()));
    named.flat_map(|table| table.keys().filter(|name| name.starts_with("vx-")).cloned()).collect()
}

/// The name of a package: `vx-` and the name of its folder.
fn name_of(package: &Package) -> String {
    format!("vx-{}", package.folder.trim_start_matches("crates/"))
}

#[test]
fn uses_that_lead_up_or_sideways_are_seen() {
    let graph = super::graph::graph_of(&[
        ("lib.rs", "mod low; mod left; mod right; mod high;"),
        ("low.rs", "mod part;"),
        ("low/part.rs", "fn x() { crate::high::y() }"),
        ("left.rs", "use super::low::Low; use crate::right::Right;"),
        ("right.rs", "use crate::{low, new};"),
        ("high.rs", "use crate::{left, low, right};"),
        ("new.rs", ""),
    ]);
    let tower = Tower { sources: "x", floors: &[&["low"], &["left", "right", "gone"], &["high"]] };
    let faults = tower.faults(&parts(&graph, &[]));
    let expected = [
        "left.rs → right.rs: `left` uses its neighbour `right`",
        "low/part.rs → high.rs: `low` uses `high` from a floor above",
        "x: `new` stands on no floor",
        "right.rs → new.rs: `right` uses `new`, which stands on no floor",
        "x: there is no `gone` any more",
    ];
    assert_eq!(faults, expected);
    assert_eq!(possible_floors(&parts(&graph, &[])), None, "low and high are a circle");
}

#[test]
fn floors_are_proposed_as_low_as_they_can_be() {
    let graph = super::graph::graph_of(&[
        ("a.rs", "mod low; mod left; mod right; mod high;"),
        ("a/low.rs", ""),
        ("a/left.rs", "use super::low::Low;"),
        ("a/right.rs", "fn x() { super::low::y() }"),
        ("a/high.rs", "use super::left;"),
        ("b.rs", "use crate::a::high;"),
    ]);
    let parts = parts(&graph, &["a".to_owned()]);
    assert_eq!(possible_floors(&parts), Some(vec![vec!["low"], vec!["left", "right"], vec!["high"]]));
}
