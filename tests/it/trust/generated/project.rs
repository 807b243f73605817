//! A stranger's project on disk, and the deeds that it must not have done.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::{acted, cautious, traces};
use super::doors::Said;
use super::draft::{Draft, PLANTED};
use super::pieces::Piece;
use super::places::{Habit, Layout};
use crate::running::trees::Random;
use crate::support::sandbox::{Sandbox, text};
use crate::support::server::Server;

/// The longest that work begun through a door may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// A written project, in its own sandbox.
pub(super) struct Project {
    pub(super) sandbox: Sandbox,
    foreign: Server,
    directory: PathBuf,
    /// The directory in which the doors are tried.
    pub(super) entered: PathBuf,
    /// The number of consents that were there before.
    consents: usize,
}

impl Project {
    /// Write a project of these pieces in this place.
    pub(super) fn lay(seed: u64, layout: Layout, habit: Habit, pieces: &[&Piece], word: Option<&str>) -> Self {
        // Nothing answers at the sites of vendors, nor at the usual registries.
        let sandbox = cautious().variable("HTTPS_PROXY", "http://127.0.0.1:9").variable("NO_PROXY", "127.0.0.1");
        let foreign = Server::start();
        let directory = layout.prepare(&sandbox);
        let mut draft = Draft::new(&sandbox, &foreign, Random::from(seed), directory.clone());
        pieces.iter().for_each(|piece| (piece.lay)(&mut draft));
        habit.prepare(&mut draft);
        let (config, variables) = (draft.config(), std::mem::take(&mut draft.variables));
        layout.finish(&sandbox, &directory, &config);
        let entered = layout.entered(&sandbox, &directory);
        let word = word.map(|word| ("VX_TRUST".to_owned(), word.to_owned()));
        let variables = variables.into_iter().chain(word);
        let sandbox = variables.fold(sandbox, |sandbox, (name, value)| sandbox.variable(&name, &value));
        let consents = consents(&sandbox);
        let project = Self { sandbox, foreign, directory, entered, consents };
        // Leave half of the homes empty at first.
        if seed.is_multiple_of(2) {
            project.make_links();
        }
        project
    }

    /// Have vx install the catalogue's tools and make shims for them, from the user's own project and without the
    /// variables with which this project is entered. Does nothing the second time.
    pub(super) fn make_links(&self) {
        let own = self.sandbox.root().join("own");
        if fs::create_dir(&own).is_err() {
            return;
        }
        fs::write(own.join("vx.toml"), "[tools]\nruff = \"0.15.1\"\nbiome = \"2.3.4\"\n").expect("a file");
        for words in ["sync", "shims"] {
            let mut command = self.sandbox.command(words);
            command.current_dir(&own).env("PATH", std::env::var_os("PATH").expect("a path")).env_remove("VIRTUAL_ENV");
            command.envs(self.sandbox.registry().environment());
            self.sandbox.run(words, command).finish().succeeds();
        }
    }

    /// The deeds of the project so far: programs that ran, connections to its index, and traces of it in this door's
    /// output.
    pub(super) fn deeds(&self, said: &Said) -> Vec<String> {
        let mut deeds = Vec::new();
        let ran = fs::read_to_string(traces(&self.sandbox)).unwrap_or_default();
        if acted(&self.sandbox) {
            deeds.push(format!("a program ran: {}", ran.trim_end()));
        }
        if self.foreign.connections() > 0 {
            let paths: Vec<String> = self.foreign.requests().into_iter().map(|request| request.path).collect();
            deeds.push(format!("a foreign server was asked: {paths:?}"));
        }
        let set = said.effects.lines().filter(|line| line.contains(PLANTED) || self.is_own_folder(line));
        deeds.extend(set.map(|line| format!("it shows: {line}")));
        deeds
    }

    /// Returns whether a line puts a folder of the project on a search path.
    fn is_own_folder(&self, line: &str) -> bool {
        let own = |directory: &Path| {
            let places = [".venv/bin", "linked/bin", "node_modules/.bin"];
            places.iter().any(|place| line.contains(&directory.join(place).display().to_string()))
        };
        line.to_ascii_lowercase().contains("path") && (own(&self.directory) || own(&self.entered))
    }

    /// Returns whether the project's file was understood.
    pub(super) fn is_read(&self) -> bool {
        super::super::vx_in(&self.sandbox, &self.entered, "run --list").code() == Some(0)
    }

    /// Leftovers after all doors are closed: consents, sockets, boards at work. Work that a daemon has begun may end a
    /// little later. The sandbox looks for processes when it is dropped.
    pub(super) fn left(&self) -> Vec<String> {
        let deadline = Instant::now() + GRACE;
        loop {
            let mut left = Vec::new();
            if consents(&self.sandbox) != self.consents {
                left.push("a consent".to_owned());
            }
            sockets(self.sandbox.root(), &mut left);
            boards_at_work(&self.sandbox, &mut left);
            if left.is_empty() || Instant::now() > deadline {
                return left;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The boards whose run goes on, or was lost.
fn boards_at_work(sandbox: &Sandbox, into: &mut Vec<String>) {
    let listed = sandbox.vx("board ls --json").stdout();
    let boards: Value = serde_json::from_str(&listed).unwrap_or_default();
    for board in boards.as_array().into_iter().flatten() {
        let state = text(&board["board"]["state"]);
        if !matches!(state, "done" | "failed" | "cancelled") {
            into.push(format!("a board that is {state}: {}", text(&board["path"])));
        }
    }
}

fn consents(sandbox: &Sandbox) -> usize {
    fs::read_dir(sandbox.home().join("trust")).into_iter().flatten().count()
}

fn sockets(directory: &Path, into: &mut Vec<String>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            sockets(&entry.path(), into);
        } else if kind.is_socket() {
            into.push(format!("the socket {}", entry.path().display()));
        }
    }
}
