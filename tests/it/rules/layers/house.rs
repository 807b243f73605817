//! The shape of the whole tree: six floors by meaning, and folders that are small enough to take in at a glance.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::source::{root, shown};
use super::{FLOORS, MOST_ROOMS_IN_A_FOLDER, PACKAGES, TOWERS};

/// Folders below which every folder has few entries; a star stands for every crate.
const COUNTED: [&str; 4] = ["src", "crates/*/src", "tests/it", "docs"];

#[test]
fn every_crate_and_every_room_of_the_program_stands_on_one_of_six_floors() {
    let placed: Vec<&str> = FLOORS.iter().flat_map(|floor| floor.rooms.iter().copied()).collect();
    let once: BTreeSet<&str> = placed.iter().copied().collect();
    assert_eq!(once.len(), placed.len(), "a room stands on two floors: {placed:?}");

    let program = TOWERS.iter().find(|tower| tower.sources == "src").expect("the tower of the program");
    let rooms = program.floors.iter().flat_map(|floor| floor.iter()).filter(|room| **room != "main");
    let rooms: BTreeSet<String> = rooms.map(|room| format!("src/{room}")).collect();
    let crates = PACKAGES.iter().filter(|package| package.folder != ".").map(|package| package.folder.to_owned());
    let expected: BTreeSet<String> = crates.chain(rooms).collect();
    let placed_names: BTreeSet<String> = placed.iter().map(|room| (*room).to_owned()).collect();
    assert_eq!(placed_names, expected, "the floors and the tree differ");

    // Packages are listed lowest first, and each uses only those before it: their floors must rise with the list.
    let floor_of = |room: &str| FLOORS.iter().position(|floor| floor.rooms.contains(&room)).expect("a floor");
    let floors: Vec<usize> =
        PACKAGES.iter().filter(|package| package.folder != ".").map(|package| floor_of(package.folder)).collect();
    assert!(floors.is_sorted(), "a crate is listed before one of a lower floor: {floors:?}");
    for floor in &FLOORS {
        println!("{:<7} {:<58} {}", floor.name, floor.rooms.join(" "), floor.meaning);
    }
}

/// The folders that `pattern` stands for.
fn folders_of(pattern: &str) -> Vec<String> {
    let Some((before, behind)) = pattern.split_once("/*/") else { return vec![pattern.to_owned()] };
    let entries = fs::read_dir(root().join(before)).expect("a folder reads").flatten();
    let folders = entries.map(|entry| format!("{before}/{}/{behind}", entry.file_name().to_string_lossy()));
    folders.filter(|folder| root().join(folder).is_dir()).collect()
}

/// Count the entries of this folder and of each below it: modules, pages, and folders of either. A file and the folder
/// of its submodules count as one; data files of a module don't count.
fn count_rooms(folder: &Path, counts: &mut BTreeMap<String, usize>) {
    let mut rooms = BTreeSet::new();
    for path in fs::read_dir(folder).expect("a folder reads").flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            count_rooms(&path, counts);
        }
        if path.is_dir() || name.ends_with(".rs") || name.ends_with(".md") {
            rooms.insert(name.strip_suffix(".rs").unwrap_or(&name).to_owned());
        }
    }
    counts.insert(shown(folder), rooms.len());
}

#[test]
fn no_folder_has_more_rooms_than_one_sees_at_a_glance() {
    let mut counts = BTreeMap::new();
    for folder in COUNTED.iter().flat_map(|pattern| folders_of(pattern)) {
        count_rooms(&root().join(folder), &mut counts);
    }
    let mut largest: Vec<(usize, String)> = counts.into_iter().map(|(folder, rooms)| (rooms, folder)).collect();
    largest.sort();
    largest.reverse();
    let mut report = String::new();
    for (rooms, folder) in largest.iter().take(10) {
        let _ = writeln!(report, "{rooms:>4} rooms in {folder}");
    }
    println!("{report}rooms per folder: at most {}", largest[0].0);
    assert!(largest[0].0 <= MOST_ROOMS_IN_A_FOLDER, "more than {MOST_ROOMS_IN_A_FOLDER} rooms in a folder:\n{report}");
}
