//! Finds the files of a checkout that a command names: as words and patterns of a shell, as folders, and as the files
//! that programs such as `make` read by default.
//!
//! A word is looked for in every directory that the command could be in: its own, the project's, and those that it
//! changes to. A file that is found twice, or that the command only seems to name, costs one more question; a file that
//! is missed would act without consent. A text is looked for once in each directory, and only while the contents may
//! still be looked at, so that the time for a command is bounded by its length.
//!
//! A file that a program gets merely as an argument, and that git doesn't track, is the user's own: it came with no
//! clone and no pull. It is reported as not compared, since programs write to such files.

mod contents;
mod position;
mod tracked;
mod tree;
pub(super) mod words;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

pub use contents::{Checkout, NamedFileLookup, compare_agreed};
use fast_glob::glob_match;

use super::part::NamedFile;
use position::CommandPosition;
use words::{ShellWord, UNKNOWN, is_text_for_a_shell, words};

/// Most directories that a command is thought to be in.
const MOST_DIRECTORIES: usize = 16;
/// Deepest nesting of texts: `sh -c "sh -c …"`.
const MOST_DEPTH: usize = 4;
/// Most files that a pattern may match.
const MOST_MATCHES: usize = 256;
/// Longest pattern: no path is longer.
const MOST_PATTERN_BYTES: usize = 4_096;

/// Programs and the files that they read in their directory.
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

/// How the value of a part names files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartValueKind {
    /// It is a command: whatever it names may act.
    Command,
    /// It holds arguments for a program that is named in another value.
    Words,
    /// It is another value: a file that it names is read.
    Value,
}

/// Find the files that these texts name, as seen from these directories. A text is a command, or one word of it.
pub(super) fn named_files(
    texts: &[String],
    directories: &[PathBuf],
    meaning: PartValueKind,
    contents: &dyn NamedFileLookup,
) -> Vec<NamedFile> {
    let mut finder = Finder::new(directories, meaning, contents);
    match texts {
        [text] => finder.read(text, 0),
        words => words.iter().for_each(|word| finder.item(word)),
    }
    finder.found.into_values().collect()
}

/// Return the command with those words replaced for which `replacement` has another path. Only words that a shell reads
/// as one absolute path are passed to it.
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

/// Whether this text could be a path.
fn is_path(text: &str) -> bool {
    !text.is_empty() && !text.contains(UNKNOWN)
}

/// What a text is looked for as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SearchMode {
    /// The path of a file.
    File,
    /// The path of a file or folder.
    Path,
    /// A pattern of paths.
    Pattern,
}

/// What a text does in its command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CommandTextRole {
    /// What it names may run, or is read by a program that runs.
    Program,
    /// A program gets it merely as an argument.
    Argument,
    /// It was cut out of the whole text, so it adds only what nothing else names.
    Piece,
}

/// Where a word is in its command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WordRedirection {
    /// It is a word of the command.
    Word,
    /// Input comes from it: for a shell, that means commands.
    Input,
    /// Output goes to it.
    Output,
}

struct Finder<'a> {
    contents: &'a dyn NamedFileLookup,
    meaning: PartValueKind,
    directories: Vec<PathBuf>,
    /// Previous word.
    before: String,
    position: CommandPosition,
    /// Position of the first word of each command.
    first: CommandPosition,
    /// In how many directories, from the first, each text was looked for, by mode and role.
    looked: HashMap<String, [[usize; 3]; 3]>,
    found: BTreeMap<String, NamedFile>,
}

impl<'a> Finder<'a> {
    fn new(directories: &[PathBuf], meaning: PartValueKind, contents: &'a dyn NamedFileLookup) -> Self {
        let first = if meaning == PartValueKind::Command { CommandPosition::Program } else { CommandPosition::Unknown };
        let (before, looked, found) = Default::default();
        Self { contents, meaning, directories: directories.to_vec(), before, position: first, first, looked, found }
    }

    /// Read a text for a shell.
    fn read(&mut self, text: &str, depth: usize) {
        if self.contents.is_spent() {
            return;
        }
        if depth == 0 {
            self.path(text, CommandTextRole::Program);
        }
        let words = words(text);
        let (mut changes_directory, mut end) = (false, 0);
        for word in &words {
            let between = &text[end..word.place.start];
            let begins = end == 0 || between.contains([';', '|', '&', '(', '`', '\n']);
            let standing = self.standing_behind(between, &text[..end]);
            end = word.place.end;
            if changes_directory && !word.text.starts_with('-') {
                changes_directory = false;
                self.enter(&word.text);
            } else if begins && word.text == "." && words.len() > 1 {
                // The shell's `.` command reads the file that the next word names.
                self.position = CommandPosition::Script;
            } else {
                self.step(word, standing);
                changes_directory |= matches!(word.text.as_str(), "cd" | "pushd");
            }
            let is_whole = words.len() == 1 && word.text == text;
            if depth < MOST_DEPTH && !is_whole {
                self.read_within(&word.text, depth);
            }
            self.before.clone_from(&word.text);
        }
        self.cut(text);
    }

    /// Read the text between two words, which follows the text `before`. Returns where the next word is.
    fn standing_behind(&mut self, between: &str, before: &str) -> WordRedirection {
        let signs = between.trim();
        let standing = match signs.trim_end_matches(['&', '|']) {
            redirection if redirection.ends_with('>') => WordRedirection::Output,
            redirection if redirection.ends_with('<') => WordRedirection::Input,
            _ => WordRedirection::Word,
        };
        let of_redirection = |sign: char| standing != WordRedirection::Word && "<>&|".contains(sign);
        if between.contains(')') {
            // The words may continue those before the parenthesis.
            self.position = CommandPosition::Unknown;
        } else if signs.trim_end_matches(of_redirection).contains([';', '|', '&', '(', '`'])
            || between.contains('\n')
            || before.ends_with("$(")
        {
            self.position = self.first;
        }
        standing
    }

    /// Take the next word of a command.
    fn step(&mut self, word: &ShellWord, standing: WordRedirection) {
        let is_argument = standing == WordRedirection::Output || self.position == CommandPosition::Argument;
        let names_file =
            self.word(word, if is_argument { CommandTextRole::Argument } else { CommandTextRole::Program });
        if standing == WordRedirection::Word {
            self.position = self.position.behind(&word.text, &self.before, names_file);
        }
    }

    /// Take one word of a list. It isn't a text for a shell, unless the program runs it as one.
    fn item(&mut self, text: &str) {
        if self.contents.is_spent() {
            return;
        }
        let read = words(text);
        match read.as_slice() {
            [word] if word.text == text => self.step(word, WordRedirection::Word),
            _ => {
                self.step(&ShellWord { text: text.to_owned(), ..ShellWord::default() }, WordRedirection::Word);
                self.read_within(text, 0);
            }
        }
        self.before = text.to_owned();
        self.cut(text);
    }

    /// Read a word that is a text for a shell itself.
    fn read_within(&mut self, word: &str, depth: usize) {
        if is_text_for_a_shell(word) {
            let outside = (self.position, self.first);
            self.first =
                if self.meaning == PartValueKind::Value { CommandPosition::Unknown } else { CommandPosition::Program };
            self.position = self.first;
            self.read(word, depth + 1);
            (self.position, self.first) = outside;
        }
    }

    /// Cut the text at every sign that could end a path, since not every program that reads it is a shell.
    fn cut(&mut self, text: &str) {
        let borders = |character: char| character.is_whitespace() || "\"'`;|&()<>=,[]{}$".contains(character);
        for piece in text.split(borders) {
            self.search(piece, SearchMode::File, CommandTextRole::Piece);
        }
    }

    /// Note that the command may be in this directory from now on.
    fn enter(&mut self, directory: &str) {
        for at in 0..self.directories.len() {
            if self.directories.len() >= MOST_DIRECTORIES {
                return;
            }
            let other = self.directories[at].join(directory);
            if !self.directories.contains(&other) {
                self.directories.push(other);
            }
        }
    }

    /// Look for everything that a word may name. Returns whether it is the path of a file or folder.
    fn word(&mut self, word: &ShellWord, role: CommandTextRole) -> bool {
        let names_file = self.path(&word.text, role);
        for piece in word.text.split(['=', ':', ',']) {
            self.path(piece, role);
        }
        if let Some(glued) = word.text.strip_prefix('-').and_then(|option| option.get(1..)) {
            self.path(glued, role);
        }
        if self.meaning != PartValueKind::Value {
            self.search(&word.pattern, SearchMode::Pattern, role);
            self.program(&word.text);
            if self.before == "-m" {
                self.module(&word.text);
            }
        }
        names_file
    }

    /// Look for the file at this path, or for a folder if a command names it.
    fn path(&mut self, path: &str, role: CommandTextRole) -> bool {
        let path = path.strip_prefix('@').unwrap_or(path);
        self.search(path, if self.meaning == PartValueKind::Value { SearchMode::File } else { SearchMode::Path }, role)
    }

    /// Look for a text from each directory in which it was not looked for yet. Returns whether one of them has it.
    fn search(&mut self, text: &str, look: SearchMode, role: CommandTextRole) -> bool {
        if !is_path(text) || self.contents.is_spent() {
            return false;
        }
        let begun = self.begun(text, look, role);
        let mut is_found = false;
        for at in begun..self.directories.len() {
            let found = match look {
                SearchMode::Pattern => {
                    let paths = self.matches(self.directories[at].clone(), text);
                    paths.iter().filter_map(|path| self.named(path, SearchMode::Path, role)).collect()
                }
                _ => Vec::from_iter(self.named(&self.directories[at].join(text), look, role)),
            };
            is_found |= !found.is_empty();
            found.into_iter().for_each(|found| self.add(found, role));
        }
        is_found
    }

    /// Return the first directory in which this text was not looked for yet, and count it as looked for in all.
    fn begun(&mut self, text: &str, look: SearchMode, role: CommandTextRole) -> usize {
        if !self.looked.contains_key(text) {
            self.looked.insert(text.to_owned(), Default::default());
        }
        let Some(counts) = self.looked.get_mut(text) else { return 0 };
        let begun = match role {
            // What was looked for as a path finds nothing new as a piece.
            CommandTextRole::Piece => counts[..2].iter().flatten().copied().max().unwrap_or_default(),
            _ => counts[look as usize][role as usize],
        };
        counts[look as usize][role as usize] = self.directories.len();
        begun
    }

    fn named(&self, path: &Path, look: SearchMode, role: CommandTextRole) -> Option<NamedFile> {
        let untracked = if role == CommandTextRole::Argument { self.contents.untracked(path) } else { None };
        untracked.or_else(|| match look {
            SearchMode::File => self.contents.file(path),
            SearchMode::Path | SearchMode::Pattern => self.contents.file_or_folder(path),
        })
    }

    /// If two words name the same file, the word that may run it decides.
    fn add(&mut self, found: NamedFile, role: CommandTextRole) {
        if role == CommandTextRole::Program {
            self.found.insert(found.path.clone(), found);
        } else {
            self.found.entry(found.path.clone()).or_insert(found);
        }
    }

    /// Find the paths that a pattern matches in this directory, as a shell does: component by component, and names with
    /// a leading dot only if the pattern has it.
    fn matches(&self, directory: PathBuf, pattern: &str) -> Vec<PathBuf> {
        if pattern.len() > MOST_PATTERN_BYTES {
            return Vec::new();
        }
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

    /// Look for the files that this program reads by default.
    fn program(&mut self, word: &str) {
        let name = word.rsplit('/').next().unwrap_or(word);
        let files = READERS.iter().find(|(reader, _)| *reader == name).map_or(&[][..], |(_, files)| files);
        for file in files {
            self.search(file, SearchMode::File, CommandTextRole::Program);
        }
    }

    /// Look for a Python module: its file, or the folder of its package.
    fn module(&mut self, name: &str) {
        let package = name.split('.').next().unwrap_or(name);
        self.path(package, CommandTextRole::Program);
        self.path(&format!("{package}.py"), CommandTextRole::Program);
    }
}

#[cfg(test)]
mod tests;
