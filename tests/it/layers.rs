//! The layers of the tree: which file may import which.

use std::fs;
use std::path::{Path, PathBuf};

/// The floors of one crate, lowest first; each word is a module of the crate's root.
struct Tower {
    sources: &'static str,
    floors: &'static [&'static [&'static str]],
}

const TOWERS: [Tower; 3] = [
    Tower {
        sources: "shm/src",
        floors: &[
            &["atomics"],
            &["layout"],
            &["progress", "error"],
            &["view", "stamp"],
            &["segment", "liveness"],
            &["slot", "snapshot"],
            &["board", "dump", "recording"],
        ],
    },
    Tower {
        sources: "tui/src",
        floors: &[
            &["source", "bindings"],
            &["model", "theme", "text"],
            &["message", "history", "events"],
            &["widgets", "keys"],
            &["view", "update", "terminal", "inline", "plain", "json", "table"],
            &["app"],
        ],
    },
    Tower {
        sources: "src",
        floors: &[
            &["hint", "platform", "digest", "replace_file", "spelled"],
            &["report", "paths", "config", "candidate", "template", "export"],
            &["project", "source", "install", "process", "channel", "route", "history"],
            &["sync"],
            &["doctor"],
            &["cli"],
            &["main"],
        ],
    },
];

/// Words that only the named places may use, and why.
const KEPT_TO: [(&str, &[&str]); 8] = [
    ("clap::", &["src/cli/"]),
    ("ratatui::", &["tui/src/"]),
    ("crossterm::", &["tui/src/"]),
    ("memmap2::", &["shm/src/segment.rs", "shm/src/segment/"]),
    ("std::process::Command", &["src/process/", "src/process.rs"]),
    ("ureq::", &["src/source/", "src/install/download.rs", "src/install/download/"]),
    ("println!", &["src/cli/print.rs", "tui/src/"]),
    ("std::sync::atomic", &["shm/src/atomics.rs", "src/", "tui/"]),
];

fn rust_files(directory: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The code of a file: up to its tests, without comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source file reads");
    let before_tests = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    before_tests.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn module_of<'a>(file: &'a Path, sources: &Path) -> &'a str {
    let inside = file.strip_prefix(sources).expect("a file below its sources");
    let first = inside.iter().next().and_then(|name| name.to_str()).unwrap_or_default();
    first.strip_suffix(".rs").unwrap_or(first)
}

fn floor_of(tower: &Tower, module: &str) -> Option<usize> {
    tower.floors.iter().position(|floor| floor.contains(&module))
}

/// The root modules that this code names as `crate::module`, also inside `use crate::{a, b::c}`.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with('$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(first_words(group)),
            None => found.push(word(rest)),
        }
    }
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

/// The first word of each item of a braced group, whose opening brace is already behind.
fn first_words(group: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut depth, mut at_item) = (0, true);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_item = true,
            _ if at_item && character.is_alphanumeric() => {
                words.push(word(&group[at..]));
                at_item = false;
            }
            _ => {}
        }
    }
    words
}

#[test]
fn code_looks_down_only() {
    let mut broken = Vec::new();
    for tower in &TOWERS {
        let sources = root().join(tower.sources);
        let mut files = Vec::new();
        rust_files(&sources, &mut files);
        assert!(!files.is_empty(), "no sources below {}", sources.display());
        for file in &files {
            let module = module_of(file, &sources);
            // The launcher is a program of its own, which shares one file with this crate.
            if matches!(module, "lib" | "docs" | "launcher") || (module == "main" && tower.sources != "src") {
                continue;
            }
            let shown = file.strip_prefix(root()).unwrap_or(file).display();
            let Some(own) = floor_of(tower, module) else {
                broken.push(format!("{shown}: module `{module}` stands on no floor of {}", tower.sources));
                continue;
            };
            for import in imports(&code(file)) {
                match floor_of(tower, &import) {
                    _ if import == module => {}
                    Some(other) if other < own => {}
                    Some(other) if other == own => {
                        broken.push(format!("{shown}: `{module}` imports its neighbour `{import}`"));
                    }
                    Some(_) => broken.push(format!("{shown}: `{module}` imports `{import}` from a floor above")),
                    None => {}
                }
            }
        }
    }
    assert!(broken.is_empty(), "the layers are broken:\n{}", broken.join("\n"));
}

#[test]
fn crates_look_down_only() {
    for (manifest, forbidden) in
        [("shm/Cargo.toml", &["vx-tui", "path = \"..\""][..]), ("tui/Cargo.toml", &["path = \"..\""][..])]
    {
        let text = fs::read_to_string(root().join(manifest)).expect("a manifest reads");
        for word in forbidden {
            assert!(!text.contains(word), "{manifest} depends on what lies above it: {word}");
        }
    }
}

#[test]
fn each_dependency_stays_in_its_place() {
    let mut broken = Vec::new();
    for sources in ["src", "shm/src", "tui/src"] {
        let mut files = Vec::new();
        rust_files(&root().join(sources), &mut files);
        for file in files {
            let shown = file.strip_prefix(root()).unwrap_or(&file).to_string_lossy().replace('\\', "/");
            let code = code(&file);
            for (word, places) in KEPT_TO {
                if code.contains(word) && !places.iter().any(|place| shown.starts_with(place)) {
                    broken.push(format!("{shown} uses `{word}`, which is kept to {}", places.join(", ")));
                }
            }
        }
    }
    assert!(broken.is_empty(), "out of place:\n{}", broken.join("\n"));
}

#[test]
fn unsafe_code_is_in_one_file_of_each_program() {
    let mut files = Vec::new();
    for sources in ["src", "shm/src", "tui/src", "benches", "tests", "shm/tests"] {
        rust_files(&root().join(sources), &mut files);
    }
    // A package of its own, which is measured and never shipped: some of its peers can be called in no other way.
    files.retain(|file| !file.starts_with(root().join("benches/peers")));
    // Of what is shipped, the board's memory, and the launcher's system calls; of the tests, what stops and steps others.
    let known = ["shm/src/segment.rs", "src/launcher/system.rs", "shm/tests/support/system.rs"];
    let holds = |file: &PathBuf| says_unsafe(&fs::read_to_string(file).expect("a source file reads"));
    let found: Vec<_> =
        files.iter().filter(|file| holds(file)).map(|file| file.strip_prefix(root()).unwrap()).collect();
    let elsewhere: Vec<_> = found.iter().filter(|file| !known.iter().any(|known| **file == Path::new(known))).collect();
    assert!(elsewhere.is_empty() && found.len() == known.len(), "unsafe code is kept to {known:?}: {elsewhere:?}");
}

/// Whether the keyword stands in the code of this text, or the lint against it is lifted; tests included.
fn says_unsafe(text: &str) -> bool {
    text.lines().any(|line| {
        let outside_strings: String = line.replace("\\\"", "").split('"').step_by(2).collect();
        let code = outside_strings.split("//").next().unwrap_or_default();
        let mut words = code.split(|character: char| !character.is_alphanumeric() && character != '_');
        words.any(|word| word == "unsafe") || code.contains("allow(unsafe_code)")
    })
}

#[test]
fn the_checker_sees_unsafe_code_in_every_form() {
    for code in
        ["let x = unsafe { *y };", "    unsafe impl Send for X {}", "#[allow(unsafe_code)]", "#[unsafe(no_mangle)]"]
    {
        assert!(says_unsafe(code), "{code}");
    }
    for code in ["// unsafe { }", "x(); // unsafe { }", "let x = \"unsafe { }\";", "#![forbid(unsafe_code)]"] {
        assert!(!says_unsafe(code), "{code}");
    }
}

#[test]
fn the_checker_sees_imports_in_every_form() {
    let code = "use crate::{a, b::{c, d}, e};\nuse crate::f::g;\nfn x() { crate::h::i() }";
    assert_eq!(imports(code), ["a", "b", "e", "f", "h"]);
}
