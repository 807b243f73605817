//! Every ordering between processes is where the models run it, has a mutant that takes it away, and is explained.

use std::fs;
use std::path::{Path, PathBuf};

/// Orderings that make an access or a fence more than relaxed.
const ORDERINGS: [&str; 4] = ["Ordering::Acquire", "Ordering::Release", "Ordering::AcqRel", "Ordering::SeqCst"];
/// Words that only threads of one process share: not a part of the protocol.
const WITHIN_A_PROCESS: [&str; 3] = ["segment/guard", "snapshot/creator.rs", "snapshot/wait.rs"];

/// The files below `src`, each with its code up to the tests, without comments.
fn sources() -> Vec<(String, String)> {
    fn collect(directory: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                into.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap().split("#[cfg(all(test").next().unwrap();
        let lines = code.lines().map(|line| line.split("//").next().unwrap());
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        (name, lines.collect::<Vec<_>>().join("\n"))
    };
    files.into_iter().map(read).collect()
}

fn orders(code: &str) -> bool {
    ORDERINGS.iter().any(|ordering| code.contains(ordering))
}

#[test]
fn every_ordering_between_processes_is_where_the_models_run_it() {
    let elsewhere: Vec<String> = sources()
        .into_iter()
        .filter(|(name, code)| {
            let known = name.starts_with("stamp") || WITHIN_A_PROCESS.iter().any(|known| name.starts_with(known));
            orders(code) && !known
        })
        .map(|(name, _)| name)
        .collect();
    assert!(
        elsewhere.is_empty(),
        "move the code that orders words of a board to stamp/, and write a model: {elsewhere:?}"
    );
}

#[test]
fn every_ordering_has_a_mutant_and_every_mutant_is_argued() {
    let argument = include_str!("../src/docs/protocol.rs");
    let mut mutants = Vec::new();
    for (name, code) in sources().into_iter().filter(|(name, _)| name.starts_with("stamp")) {
        for line in code.lines().filter(|line| orders(line)) {
            assert!(line.contains("Mutant::"), "{name}: no model can take this away: {}", line.trim());
        }
        let named = code.split("Mutant::").skip(1);
        mutants.extend(named.map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned()));
    }
    mutants.sort();
    mutants.dedup();
    assert!(mutants.len() > 30, "{mutants:?}");
    let silent: Vec<&String> = mutants.iter().filter(|mutant| !argument.contains(&format!("`{mutant}`"))).collect();
    assert!(silent.is_empty(), "docs/protocol.rs does not explain these: {silent:?}");
}

#[test]
fn every_word_that_is_shared_is_argued() {
    let argument = include_str!("../src/docs/protocol.rs");
    let cells = include_str!("../src/layout/cells.rs");
    let fields = cells.lines().filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(": "));
    let words = fields.filter(|(name, _)| !name.contains(char::is_whitespace));
    let shared = words.filter(|(_, kind)| ["Atomic", "Latch", "Words"].iter().any(|atomic| kind.contains(atomic)));
    let silent: Vec<&str> =
        shared.map(|(name, _)| name).filter(|name| !argument.contains(&format!("`{name}`"))).collect();
    assert!(silent.is_empty(), "docs/protocol.rs does not list the writers and readers of these: {silent:?}");
}
