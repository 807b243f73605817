//! A stranger's project while it is composed: the tables of its `vx.toml`, its files, and the variables of the user who
//! enters it.
//!
//! Each of the stranger's programs leaves a line with the name of its piece in the same file, and each of their
//! addresses belongs to a server that counts its connections. So a test sees which piece has acted.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::super::traces;
use crate::running::trees::Random;
use crate::support::sandbox::Sandbox;
use crate::support::server::Server;

/// The value of every variable that a stranger plants.
pub(super) const PLANTED: &str = "EVIL";

/// A project that is being composed.
pub(super) struct Draft<'a> {
    pub(super) sandbox: &'a Sandbox,
    /// The server of all foreign addresses.
    pub(super) foreign: &'a Server,
    pub(super) random: Random,
    /// The directory of `vx.toml`.
    pub(super) directory: PathBuf,
    /// The lines of `vx.toml`, by table and key.
    tables: BTreeMap<String, BTreeMap<String, String>>,
    /// The variables of the user who enters.
    pub(super) variables: Vec<(String, String)>,
}

impl<'a> Draft<'a> {
    /// A project with the two tools of the catalogue and a script.
    pub(super) fn new(sandbox: &'a Sandbox, foreign: &'a Server, random: Random, directory: PathBuf) -> Self {
        let mut draft = Self { sandbox, foreign, random, directory, tables: BTreeMap::new(), variables: Vec::new() };
        draft.say("tools", "ruff", &quoted("0.15.1"));
        draft.say("tools", "biome", &quoted("2.3.4"));
        draft.say("scripts", "hello", &quoted("env"));
        draft
    }

    /// Set a key of a table to this value, which is written as it is and replaces an earlier one.
    pub(super) fn say(&mut self, table: &str, key: &str, value: &str) {
        self.tables.entry(table.to_owned()).or_default().insert(key.to_owned(), value.to_owned());
    }

    /// Set a key of a table to this text.
    pub(super) fn say_text(&mut self, table: &str, key: &str, text: &str) {
        self.say(table, key, &quoted(text));
    }

    /// The text of `vx.toml`.
    pub(super) fn config(&self) -> String {
        let lines = |keys: &BTreeMap<String, String>| {
            keys.iter().map(|(key, value)| format!("{} = {value}\n", quoted(key))).collect::<String>()
        };
        self.tables.iter().map(|(table, keys)| format!("[{table}]\n{}", lines(keys))).collect()
    }

    /// One of these, at random.
    pub(super) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.random.below(choices.len() as u64)).expect("an index")]
    }

    /// A tool of the catalogue.
    pub(super) fn tool(&mut self) -> (&'static str, &'static str) {
        self.one_of(&[("ruff", "0.15.1"), ("biome", "2.3.4")])
    }

    /// A command that shows that this piece acted.
    pub(super) fn evil(&self, piece: &str) -> String {
        format!("echo EVIL {piece} >> {}", traces(self.sandbox).display())
    }

    /// The text of a program that shows the same.
    pub(super) fn evil_script(&self, piece: &str) -> String {
        format!("#!/bin/sh\n{}\necho {PLANTED} {piece}\n", self.evil(piece))
    }

    /// A foreign address.
    pub(super) fn address(&self, path: &str) -> String {
        self.foreign.url(path)
    }

    /// Write a file, by its path from the project's directory.
    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.cleared(path);
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Write a program that shows that this piece acted.
    pub(super) fn write_program(&self, path: &str, piece: &str) {
        self.write(path, &self.evil_script(piece));
        executable(&self.directory.join(path));
    }

    /// Make a link in the project.
    pub(super) fn link(&self, path: &str, target: &Path) {
        symlink(target, self.cleared(path)).expect("a link");
    }

    /// A path of the project whose folder exists, cleared of anything that another piece left there.
    fn cleared(&self, path: &str) -> PathBuf {
        let path = self.directory.join(path);
        for taken in path.ancestors().filter(|taken| taken.starts_with(&self.directory) && !taken.is_dir()) {
            let _ = fs::remove_file(taken);
        }
        if path.is_dir() && !path.is_symlink() {
            fs::remove_dir_all(&path).expect("a directory that goes");
        }
        let _ = fs::remove_file(&path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("directories");
        path
    }
}

/// Let everybody execute a file.
pub(super) fn executable(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its mode");
}

/// A text as a string of TOML, and of JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
