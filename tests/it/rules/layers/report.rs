//! The size of each folder. The test prints it; `--nocapture` shows it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::source::{rust_files, shown, text};
use super::{PACKAGES, Package};

#[derive(Default)]
struct Folder {
    files: usize,
    lines: usize,
    longest: (usize, String),
}

/// The folders of these sources, by their paths.
fn folders(sources: &Path) -> BTreeMap<String, Folder> {
    let mut folders: BTreeMap<String, Folder> = BTreeMap::new();
    for file in rust_files(sources) {
        let folder = folders.entry(shown(file.parent().unwrap_or(sources))).or_default();
        let lines = text(&file).lines().count();
        folder.files += 1;
        folder.lines += lines;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        folder.longest = folder.longest.clone().max((lines, name));
    }
    folders
}

#[test]
fn the_size_of_each_folder_is_reported() {
    let mut report = format!("{:<34} {:>5} {:>7}  longest\n", "folder", "files", "lines");
    for sources in PACKAGES.iter().map(Package::sources) {
        let folders = folders(&sources);
        assert!(!folders.is_empty(), "no sources below {}", shown(&sources));
        for (path, Folder { files, lines, longest: (most, name) }) in folders {
            let _ = writeln!(report, "{path:<34} {files:>5} {lines:>7}  {most} {name}");
        }
    }
    println!("{report}");
}
