//! The uses between the files of a crate, found by tracing every name to the file that holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::imports::{Import, Names};
use super::source::{code, rust_files, shown, text};

/// The path of a module below its crate's root.
pub(super) type ModulePath = Vec<String>;

/// The files of a crate, without tests, and the names that each uses.
pub(super) struct Graph {
    modules: BTreeMap<ModulePath, Module>,
}

struct Module {
    file: String,
    names: Names,
}

/// A chain of `pub use` is followed through at most this many files.
const LONGEST_CHAIN: usize = 8;

impl Graph {
    /// The graph of the crate whose root is in this directory.
    pub(super) fn of_directory(sources: &Path) -> Self {
        Self::of(rust_files(sources).into_iter().map(|file| {
            let inside = file.strip_prefix(sources).expect("a file below its sources").to_string_lossy().into_owned();
            (inside, shown(&file), code(&text(&file)))
        }))
    }

    /// The graph of these files: for each its path below the root, the path to show, and its code.
    fn of(files: impl Iterator<Item = (String, String, String)>) -> Self {
        let named =
            files.map(|(inside, file, code)| (module_path(&inside), Module { file, names: Names::parse(&code) }));
        let mut modules: BTreeMap<ModulePath, Module> = named.collect();
        let of_tests = |(path, module): (&ModulePath, &Module)| -> Vec<ModulePath> {
            module.names.test_modules.iter().map(|name| below(path, name)).collect()
        };
        let of_tests: Vec<ModulePath> = modules.iter().flat_map(of_tests).collect();
        modules.retain(|path, _| !of_tests.iter().any(|test| path.starts_with(test)));
        Self { modules }
    }

    /// The file of a module.
    pub(super) fn file(&self, module: &ModulePath) -> &str {
        &self.modules[module].file
    }

    pub(super) fn modules(&self) -> impl Iterator<Item = &ModulePath> {
        self.modules.keys()
    }

    /// The modules that each module uses. Two uses don't count: a module may use the one that contains it, and a file
    /// that only re-exports a name doesn't use it.
    pub(super) fn uses(&self) -> BTreeMap<&ModulePath, BTreeSet<&ModulePath>> {
        let uses = |(path, module): (&'_ ModulePath, &Module)| {
            let names = &module.names;
            let used = |import: &&Import| !import.passed_on || names.words.contains(&import.name);
            let imported = names.imports.iter().filter(used).map(|import| &import.path);
            let found = imported.chain(&names.paths).filter_map(|name| self.behind(path, name));
            found.filter(|found| !path.starts_with(found)).collect::<BTreeSet<_>>()
        };
        self.modules.iter().map(|(path, module)| (path, uses((path, module)))).collect()
    }

    /// The module that a name in this module belongs to; `None` for names of other crates and local names.
    fn behind(&self, module: &ModulePath, name: &[String]) -> Option<&ModulePath> {
        let (start, rest) = self.start(module, name)?;
        let found = self.follow(start, rest, LONGEST_CHAIN);
        self.modules.get_key_value(&found).map(|(path, _)| path)
    }

    /// The module at which a path begins, and the rest of the path from there.
    fn start<'a>(&self, module: &ModulePath, path: &'a [String]) -> Option<(ModulePath, &'a [String])> {
        match path.first()?.as_str() {
            "crate" => Some((Vec::new(), &path[1..])),
            "self" => Some((module.clone(), &path[1..])),
            "super" => {
                let levels = path.iter().take_while(|word| *word == "super").count();
                Some((module[..module.len().checked_sub(levels)?].to_vec(), &path[levels..]))
            }
            first => self.modules.contains_key(&below(module, first)).then(|| (module.clone(), path)),
        }
    }

    fn follow(&self, module: ModulePath, path: &[String], chain: usize) -> ModulePath {
        let Some((first, rest)) = path.split_first() else { return module };
        let child = below(&module, first);
        if self.modules.contains_key(&child) {
            return self.follow(child, rest, chain);
        }
        let import = self.modules.get(&module).and_then(|module| {
            let imports = &module.names.imports;
            imports.iter().find(|import| import.name == *first && import.path.last() != Some(&"*".to_owned()))
        });
        match import.filter(|_| chain > 0).and_then(|import| self.start(&module, &import.path)) {
            Some((start, passed)) => self.follow(start, &[passed, rest].concat(), chain - 1),
            None => module,
        }
    }
}

fn below(module: &ModulePath, name: &str) -> ModulePath {
    [module.as_slice(), &[name.to_owned()]].concat()
}

fn module_path(inside: &str) -> ModulePath {
    let mut path: ModulePath = inside.trim_end_matches(".rs").split(['/', '\\']).map(str::to_owned).collect();
    if path.last().is_some_and(|last| last == "mod") || path == ["lib"] {
        path.pop();
    }
    path
}

/// A graph of these files, for tests: each by its path and its code.
pub(super) fn graph_of(files: &[(&str, &str)]) -> Graph {
    Graph::of(files.iter().map(|(path, code)| ((*path).to_owned(), (*path).to_owned(), (*code).to_owned())))
}

#[test]
fn names_are_traced_to_the_files_that_hold_them() {
    let graph = graph_of(&[
        ("lib.rs", "mod a; mod b; #[cfg(test)] mod support;"),
        ("a.rs", "mod part; mod other; pub use part::Part; use crate::b::Thing; struct Whole;"),
        ("a/part.rs", "use super::Whole; use super::other::{self, Other}; fn x() { super::super::b::y() }"),
        ("a/other.rs", "fn x() { self::z(); std::fs::read(); Part::new() }"),
        ("b.rs", "mod inner; pub use inner::*; pub(crate) use crate::a::Part as Thing; fn x(_: crate::a::Whole) {}"),
        ("b/inner.rs", ""),
        ("support.rs", "use crate::a;"),
    ]);
    let uses = graph.uses();
    let used = |file: &str| -> Vec<&str> {
        let module = graph.modules().find(|module| graph.file(module) == file).expect("a module");
        uses[module].iter().map(|used| graph.file(used)).collect()
    };
    assert_eq!(used("a/part.rs"), ["a/other.rs", "b.rs"], "not the whole that it is a part of");
    assert_eq!(used("a/other.rs"), [""; 0]);
    assert_eq!(used("a.rs"), ["a/part.rs"], "behind the name that b passes on");
    assert_eq!(used("b.rs"), ["a.rs"], "what is passed on is not used");
    assert!(graph.modules().all(|module| graph.file(module) != "support.rs"), "tests are left out");
}
