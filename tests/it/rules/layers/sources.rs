//! Sources of releases: few files may know which kinds there are, so that adding one takes a folder and three rows.

use super::PACKAGES;
use super::graph::Graph;
use super::source::{code, is_word, root, text};

/// The most shipped files that may name a kind of source.
const MOST_FILES_WITH_KINDS: usize = 8;

/// The most shipped files outside of a registry's folder that may name it: its facts, its module, its row.
const MOST_FILES_OUTSIDE: usize = 3;

/// The folders of the sources.
const SOURCES: &str = "crates/fetch/src/sources";

/// Sources that a project or the catalogue treats specially, each with the further files that do so.
const SPECIAL: [(&str, &[&str]); 3] = [
    ("url", &["crates/fetch/src/sources/recipes.rs", "crates/project/src/config/tools.rs"]),
    ("system", &["crates/fetch/src/lib.rs", "crates/project/src/config.rs"]),
    ("vendor", &["crates/fetch/src/tools/catalogue.rs"]),
];

/// The shipped files, without tests, and their code.
fn shipped_code() -> Vec<(String, String)> {
    let graphs = PACKAGES.iter().map(|package| Graph::of_directory(&package.sources()));
    let files =
        graphs.flat_map(|graph| graph.modules().map(|module| graph.file(module).to_owned()).collect::<Vec<_>>());
    files.map(|file| (file.clone(), code(&text(&root().join(file))))).collect()
}

/// The names of the sources, which are those of their folders.
fn source_names() -> Vec<String> {
    let entries = std::fs::read_dir(root().join(SOURCES)).expect("the sources' folder reads").flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Returns whether a file's code names a source, by its kind or its module.
fn names_source(file: &str, code: &str, source: &str) -> bool {
    let kind: String =
        source.char_indices().map(|(at, letter)| if at == 0 { letter.to_ascii_uppercase() } else { letter }).collect();
    let is_beside = file.starts_with(SOURCES) && file.matches('/').count() <= SOURCES.matches('/').count() + 1;
    let mut names = vec![format!("SourceKind::{kind}"), format!("sources::{source}")];
    if file.ends_with("/source_kind.rs") {
        names.push(format!("Self::{kind}"));
    }
    // Modules beside the folders, and their parent module, need no path to name a source.
    if is_beside || file == format!("{SOURCES}.rs") {
        names.extend([format!("mod {source}"), format!("&{source}::")]);
    }
    names.iter().any(|name| has_word(code, name))
}

/// Returns whether a text contains this name as a whole word.
fn has_word(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let behind = text[at + name.len()..].chars().next();
        let before = text[..at].chars().next_back();
        !before.is_some_and(is_word) && (!name.ends_with(is_word) || !behind.is_some_and(is_word))
    })
}

#[test]
fn few_files_name_kinds_of_sources() {
    let named = shipped_code().into_iter().filter(|(_, code)| code.contains("SourceKind::"));
    let files: Vec<String> = named.map(|(file, _)| file).collect();
    println!("{} shipped files name kinds of sources: {files:#?}", files.len());
    assert!(files.len() <= MOST_FILES_WITH_KINDS, "more than {MOST_FILES_WITH_KINDS} files: {files:#?}");
}

#[test]
fn a_source_is_its_folder_and_a_few_rows() {
    let shipped = shipped_code();
    let sources = source_names();
    assert!(sources.len() >= 5, "{sources:?}");
    let mut faults = Vec::new();
    for source in &sources {
        let special = SPECIAL.iter().find(|(name, _)| name == source).map_or(&[][..], |(_, files)| files);
        let folder = format!("{SOURCES}/{source}/");
        let outside = shipped.iter().filter(|(file, _)| !file.starts_with(&folder));
        let outside = outside.filter(|(file, code)| names_source(file, code, source));
        let outside: Vec<&str> = outside.map(|(file, _)| file.as_str()).collect();
        let gone: Vec<&&str> = special.iter().filter(|file| !outside.iter().any(|named| named == *file)).collect();
        assert!(gone.is_empty(), "{gone:?} no longer name `{source}`");
        let plain: Vec<&&str> = outside.iter().filter(|file| !special.contains(file)).collect();
        println!("{source}: {} files outside of its folder: {outside:?}", outside.len());
        if plain.len() > MOST_FILES_OUTSIDE {
            faults.push(format!("`{source}` is named by {plain:?}"));
        }
    }
    assert!(
        faults.is_empty(),
        "more than {MOST_FILES_OUTSIDE} files outside of a source's folder:\n{}",
        faults.join("\n")
    );
}

#[test]
fn a_source_is_seen_by_its_kind_and_by_its_module() {
    for (file, code, named) in [
        ("src/a.rs", "match kind { SourceKind::Npm => 1 }", true),
        ("src/a.rs", "match kind { SourceKind::NpmLike => 1 }", false),
        ("src/a.rs", "let npm = 1; npm::run();", false),
        ("crates/fetch/src/a.rs", "use crate::sources::npm::usual_file;", true),
        ("crates/fetch/src/sources.rs", "mod npm;\nmod url;", true),
        ("crates/fetch/src/sources/table.rs", "Some => &npm::ROW", true),
        ("crates/fetch/src/sources/pypi/mod.rs", "mod npm_like;", false),
        ("crates/base/src/package/source_kind.rs", "Self::Npm", true),
    ] {
        assert_eq!(names_source(file, code, "npm"), named, "{file}: {code}");
    }
}
