//! The choice of files to watch: the files that a pattern names, minus outputs and ignored files.

use std::fs;
use std::path::{Component, Path, PathBuf};

use fast_glob::glob_match;
use gix_ignore::Search;
use gix_ignore::glob::pattern::Case;

use vx_base::files::small_file::read_regular;
use vx_base::paths::repository_top;

/// Directories in which people don't edit files.
const NEVER: [&str; 2] = [".git", "node_modules"];

/// The files that are watched.
#[derive(Clone, Debug)]
pub struct WatchedFiles {
    root: PathBuf,
    patterns: Vec<String>,
    outputs: Vec<PathBuf>,
    /// The top of the repository and its ignore rules; without a repository nothing is ignored.
    ignored: Option<(PathBuf, Search)>,
}

/// Why a text is not a pattern of files to watch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatchPatternError {
    /// It leads out of the directory of the service.
    #[error("`{pattern}` leads out of the service's directory; set `directory` to one that holds all of its files")]
    Outside {
        /// The pattern.
        pattern: String,
    },
    /// It is empty.
    #[error("an empty pattern names no file; `**/*` names all")]
    Empty,
}

impl WatchedFiles {
    /// Choose the files below a directory that match one of these patterns, which are relative to it, and are in none
    /// of the output directories. Without patterns no file is chosen.
    ///
    /// # Errors
    /// A pattern can never name a file below the directory.
    pub fn new(root: &Path, patterns: &[String], outputs: &[PathBuf]) -> Result<Self, WatchPatternError> {
        let patterns = patterns.iter().map(|pattern| checked(pattern)).collect::<Result<Vec<String>, _>>()?;
        let mut choice = Self { root: root.to_owned(), patterns, outputs: outputs.to_vec(), ignored: None };
        choice.read_ignored();
        Ok(choice)
    }

    /// The directory that holds all of the files.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns whether this directory may hold a chosen file.
    pub(super) fn enters(&self, directory: &Path) -> bool {
        let Some(relative) = self.relative(directory) else { return false };
        relative.is_empty() || self.may_name_below(&relative) && !self.left_out(directory, true)
    }

    /// Returns whether this file is a chosen one; it need not exist.
    pub(super) fn takes(&self, file: &Path) -> bool {
        let Some(relative) = self.relative(file) else { return false };
        self.patterns.iter().any(|pattern| glob_match(pattern, &relative)) && !self.left_out(file, false)
    }

    /// Returns whether a change of this file changes what is ignored.
    pub(super) fn is_rule(&self, file: &Path) -> bool {
        self.ignored.is_some() && file.file_name().is_some_and(|name| name == ".gitignore")
    }

    /// Read the current ignore rules.
    pub(super) fn read_ignored(&mut self) {
        let Some(top) = repository_top(&self.root).map(Path::to_owned) else {
            self.ignored = None;
            return;
        };
        // Rules in an ignored directory don't count, so read from the top down.
        self.ignored = Some((top.clone(), Search::default()));
        self.add_rules(&top.join(".git/info/exclude"), None);
        let above: Vec<PathBuf> =
            self.root.ancestors().take_while(|folder| *folder != top).map(Path::to_owned).collect();
        self.add_rules(&top.join(".gitignore"), Some(&top));
        for folder in above.iter().rev() {
            self.add_rules(&folder.join(".gitignore"), Some(&top));
        }
        self.add_rules_below(&self.root.clone(), &top);
    }

    fn add_rules_below(&mut self, folder: &Path, top: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) && self.enters(&path) {
                self.add_rules(&path.join(".gitignore"), Some(top));
                self.add_rules_below(&path, top);
            }
        }
    }

    fn add_rules(&mut self, file: &Path, top: Option<&Path>) {
        if let (Some((_, search)), Ok(bytes)) = (&mut self.ignored, read_regular(file)) {
            // Git can't apply rules in such a path either.
            let _ = search.add_patterns_buffer(&bytes, file, top, Default::default());
        }
    }

    /// Returns whether this path, or a directory that holds it, is left out.
    fn left_out(&self, path: &Path, is_directory: bool) -> bool {
        let below: Vec<&Path> = path.ancestors().take_while(|part| *part != self.root).collect();
        below.into_iter().rev().any(|part| {
            part.file_name().is_some_and(|name| NEVER.iter().any(|never| name == *never))
                || self.outputs.iter().any(|output| output == part)
                || self.is_ignored(part, is_directory || part != path)
        })
    }

    fn is_ignored(&self, path: &Path, is_directory: bool) -> bool {
        let Some((top, search)) = &self.ignored else { return false };
        let Some(relative) = path.strip_prefix(top).ok().and_then(with_slashes) else { return false };
        let found =
            search.pattern_matching_relative_path(relative.as_str().into(), Some(is_directory), Case::Sensitive);
        found.is_some_and(|found| !found.pattern.is_negative())
    }

    /// Returns whether a pattern may match a file somewhere below a directory.
    fn may_name_below(&self, directory: &str) -> bool {
        self.patterns.iter().any(|pattern| {
            let mut parts = pattern.split('/');
            for name in directory.split('/') {
                match parts.next() {
                    // Braces may contain slashes, so such a pattern can't be compared part by part.
                    Some(part) if part.contains("**") || part.contains('{') => return true,
                    Some(part) if glob_match(part, name) => {}
                    _ => return false,
                }
            }
            parts.next().is_some()
        })
    }

    fn relative(&self, path: &Path) -> Option<String> {
        with_slashes(path.strip_prefix(&self.root).ok()?)
    }
}

/// A relative path with slashes, as patterns expect it; `None` if it is not UTF-8.
fn with_slashes(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.components().map(|part| part.as_os_str().to_str()).collect();
    parts.map(|parts| parts.join("/"))
}

fn checked(pattern: &str) -> Result<String, WatchPatternError> {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    let outside = |part| !matches!(part, Component::Normal(_) | Component::CurDir);
    match pattern {
        "" => Err(WatchPatternError::Empty),
        _ if Path::new(pattern).components().any(outside) => {
            Err(WatchPatternError::Outside { pattern: pattern.to_owned() })
        }
        _ => Ok(pattern.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(root: &Path, patterns: &[&str], outputs: &[&str]) -> WatchedFiles {
        let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        let outputs: Vec<PathBuf> = outputs.iter().map(|output| root.join(output)).collect();
        WatchedFiles::new(root, &patterns, &outputs).expect("patterns")
    }

    #[test]
    fn a_pattern_names_files_and_only_directories_that_may_hold_them_are_entered() {
        let root = Path::new("/project");
        let chosen = choice(root, &["go.mod", "./cmd/*/main.go", "web/**/*.ts", "lib/{a,b/c}/x"], &["web/dist"]);
        let takes = |path: &str| chosen.takes(&root.join(path));
        let enters = |path: &str| chosen.enters(&root.join(path));
        for path in ["go.mod", "cmd/api/main.go", "web/a.ts", "web/x/y/a.ts", "lib/b/c/x"] {
            assert!(takes(path), "{path}");
        }
        for path in ["go.sum", "cmd/main.go", "cmd/a/b/main.go", "web/a.js", "web/dist/a.ts", "x/go.mod", "../go.mod"] {
            assert!(!takes(path), "{path}");
        }
        assert!(!takes("web/node_modules/x/a.ts") && !takes("web/.git/a.ts"));
        for path in ["", "cmd", "cmd/api", "web", "web/x/y", "lib", "lib/b/c"] {
            assert!(enters(path), "{path}");
        }
        for path in ["other", "cmd/api/deep", "web/dist", "web/dist/x", "web/node_modules", "web/x/node_modules/y"] {
            assert!(!enters(path), "{path}");
        }
    }

    #[test]
    fn a_pattern_that_leads_elsewhere_is_refused() {
        let refused =
            |pattern: &str| WatchedFiles::new(Path::new("/p"), &[pattern.to_owned()], &[]).expect_err(pattern);
        assert_eq!(refused(""), WatchPatternError::Empty);
        for pattern in ["../x", "a/../../x", "/etc/x"] {
            assert_eq!(refused(pattern), WatchPatternError::Outside { pattern: pattern.to_owned() });
        }
    }

    #[test]
    fn what_git_ignores_is_left_out() {
        let top = tempfile::tempdir().expect("a directory");
        let root = top.path().join("shop/api");
        for folder in [".git/info", "shop/api/src/made", "shop/api/out", "shop/api/kept"] {
            fs::create_dir_all(top.path().join(folder)).expect("a directory");
        }
        for (file, rules) in [
            (".git/info/exclude", "*.swp\n"),
            (".gitignore", "# outputs\nout/\n/root-only\n*.log\n"),
            ("shop/.gitignore", "!keep.log\n"),
            ("shop/api/src/.gitignore", "/made\n"),
        ] {
            fs::write(top.path().join(file), rules).expect("a file");
        }
        let chosen = choice(&root, &["**/*"], &[]);
        let takes = |path: &str| chosen.takes(&root.join(path));
        for path in ["a.go", "keep.log", "root-only", "made", "src/b.go", "src/deep/made"] {
            assert!(takes(path), "{path}");
        }
        for path in ["a.swp", "b.log", "out/x", "src/out/x", "src/made", "src/made/x"] {
            assert!(!takes(path), "{path}");
        }
        assert!(chosen.enters(&root.join("src")) && chosen.enters(&root.join("kept")));
        assert!(!chosen.enters(&root.join("out")) && !chosen.enters(&root.join("src/made")));
        assert!(chosen.is_rule(&root.join("src/.gitignore")) && !chosen.is_rule(&root.join("src/x")));
    }
}
