//! The files of a checkout that a command names: as words and patterns of a shell, as folders, and the files that programs
//! such as `make` read by default.
//!
//! A word is looked for in every directory that the command could be in: its own, the project's, and those that it
//! changes to. A file that is found twice, or that the command only seems to name, costs a question more; one that is
//! overlooked would act without one.

mod contents;
mod tracked;
pub(super) mod words;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use contents::{Checkout, Contents, compare_agreed};
use fast_glob::glob_match;

use super::part::NamedFile;
use words::{UNKNOWN, Word, is_text_for_a_shell, words};

/// The most directories that a command is thought to be in.
const MOST_DIRECTORIES: usize = 16;
/// The most texts within texts: `sh -c "sh -c …"`.
const MOST_DEPTH: usize = 4;
/// The most files that a pattern may mean.
const MOST_MATCHES: usize = 256;

/// Programs, and the files that they read in their directory.
const READERS: [(&str, &[&str]); 10] = [
    ("make", MAKEFILES),
    ("gmake", MAKEFILES),
    ("npm", MANIFESTS),
    ("npx", MANIFESTS),
    ("pnpm", MANIFESTS),
    ("yarn", MANIFESTS),
    ("bun", MANIFESTS),
    ("just", &["justfile", "Justfile", ".justfile"]),
    ("docker", COMPOSE),
    ("docker-compose", COMPOSE),
];
const MAKEFILES: &[&str] = &["GNUmakefile", "makefile", "Makefile"];
const MANIFESTS: &[&str] = &["package.json"];
const COMPOSE: &[&str] = &["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// The value of a part, as far as it names files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A command: whatever it names may act.
    Command,
    /// Another value: a file that it names is read.
    Value,
}

/// The files that these texts name, seen from these directories. A text is a command, or one word of it.
pub(super) fn named_files(
    texts: &[String],
    directories: &[PathBuf],
    meaning: Meaning,
    contents: &dyn Contents,
) -> Vec<NamedFile> {
    let mut finder =
        Finder { contents, meaning, directories: directories.to_vec(), before: String::new(), found: BTreeMap::new() };
    for text in texts {
        finder.read(text, 0);
    }
    finder.found.into_values().collect()
}

/// The command with other paths in place of those words that `replacement` knows. Only words that a shell reads as one
/// absolute path are asked about.
pub fn with_other_paths(command: &str, replacement: &dyn Fn(&Path) -> Option<String>) -> String {
    let (mut replaced, mut at) = (String::with_capacity(command.len()), 0);
    for word in words(command) {
        let path = Path::new(&word.text);
        let is_plain = path.is_absolute() && word.pattern.is_empty() && !word.text.contains(UNKNOWN);
        if let Some(other) = is_plain.then(|| replacement(path)).flatten() {
            replaced.push_str(&command[at..word.place.start]);
            replaced.push_str(&other);
            at = word.place.end;
        }
    }
    replaced + &command[at..]
}

/// True if this text could be the path of something.
fn is_path(text: &str) -> bool {
    !text.is_empty() && !text.contains(UNKNOWN)
}

struct Finder<'a> {
    contents: &'a dyn Contents,
    meaning: Meaning,
    directories: Vec<PathBuf>,
    /// The word before.
    before: String,
    found: BTreeMap<String, NamedFile>,
}

impl Finder<'_> {
    fn read(&mut self, text: &str, depth: usize) {
        // A word of a list is no text for a shell.
        self.path(text);
        let words = words(text);
        let (mut changes_directory, mut end) = (false, 0);
        for word in &words {
            let begins = end == 0 || text[end..word.place.start].contains(|sign: char| ";|&(`\n".contains(sign));
            end = word.place.end;
            if changes_directory && !word.text.starts_with('-') {
                changes_directory = false;
                self.enter(&word.text);
            } else if begins && word.text == "." && words.len() > 1 {
                // The shell's own command, which reads the file of the next word.
            } else {
                self.word(word);
                changes_directory |= matches!(word.text.as_str(), "cd" | "pushd");
            }
            let is_whole = words.len() == 1 && word.text == text;
            if depth < MOST_DEPTH && !is_whole && is_text_for_a_shell(&word.text) {
                self.read(&word.text, depth + 1);
            }
            self.before.clone_from(&word.text);
        }
        // Not every reader of the text is a shell: the same text cut at all signs that could end a path.
        let borders = |character: char| character.is_whitespace() || "\"'`;|&()<>=,[]{}$".contains(character);
        text.split(borders).for_each(|piece| self.file(piece));
    }

    /// The command may be in this directory from now on.
    fn enter(&mut self, directory: &str) {
        for known in self.directories.clone() {
            let other = known.join(directory);
            if self.directories.len() < MOST_DIRECTORIES && !self.directories.contains(&other) {
                self.directories.push(other);
            }
        }
    }

    fn word(&mut self, word: &Word) {
        self.path(&word.text);
        let pieces = || word.text.split(['=', ':', ',']);
        pieces().skip(1).chain(pieces().take(1)).for_each(|piece| self.path(piece));
        if let Some(glued) = word.text.strip_prefix('-').and_then(|option| option.get(1..)) {
            self.path(glued);
        }
        if self.meaning == Meaning::Command {
            self.pattern(&word.pattern);
            self.program(&word.text);
            if self.before == "-m" {
                self.module(&word.text);
            }
        }
    }

    /// The file at this path, or the folder that a command names, from each directory.
    fn path(&mut self, path: &str) {
        let path = path.strip_prefix('@').unwrap_or(path);
        self.file(path);
        if self.meaning == Meaning::Command && is_path(path) {
            for directory in self.directories.clone() {
                self.add(self.contents.folder(&directory.join(path)));
            }
        }
    }

    /// The file at this path, from each directory.
    fn file(&mut self, path: &str) {
        for directory in self.directories.clone().into_iter().filter(|_| is_path(path)) {
            self.add(self.contents.file(&directory.join(path)));
        }
    }

    fn add(&mut self, found: Option<NamedFile>) {
        self.found.extend(found.map(|found| (found.path.clone(), found)));
    }

    /// The files that a pattern means, from each directory.
    fn pattern(&mut self, pattern: &str) {
        if pattern.is_empty() || pattern.contains(UNKNOWN) {
            return;
        }
        for directory in self.directories.clone() {
            for path in self.matches(directory, pattern) {
                self.add(self.contents.file(&path).or_else(|| self.contents.folder(&path)));
            }
        }
    }

    /// The paths that a pattern means in this directory, as a shell finds them: component by component, and names with a
    /// dot in front only if the pattern has it.
    fn matches(&self, directory: PathBuf, pattern: &str) -> Vec<PathBuf> {
        let mut paths = vec![if pattern.starts_with('/') { PathBuf::from("/") } else { directory }];
        for component in pattern.split('/').filter(|component| !component.is_empty()) {
            if !component.contains(['*', '?', '[']) {
                paths.iter_mut().for_each(|path| path.push(component.replace('\\', "")));
                continue;
            }
            let is_one =
                |name: &String| glob_match(component, name) && (component.starts_with('.') || !name.starts_with('.'));
            let of = |path: &PathBuf| {
                let names = self.contents.names(path);
                names.into_iter().filter(is_one).map(|name| path.join(name)).collect::<Vec<_>>()
            };
            paths = paths.iter().flat_map(of).take(MOST_MATCHES).collect();
        }
        paths
    }

    /// The files that this program reads wherever it is called.
    fn program(&mut self, word: &str) {
        let name = word.rsplit('/').next().unwrap_or(word);
        let files = READERS.iter().find(|(reader, _)| *reader == name).map_or(&[][..], |(_, files)| files);
        files.iter().for_each(|file| self.file(file));
    }

    /// A module of Python: its file, or the folder of its package.
    fn module(&mut self, name: &str) {
        let package = name.split('.').next().unwrap_or(name);
        self.path(package);
        self.path(&format!("{package}.py"));
    }
}

#[cfg(test)]
mod tests;
