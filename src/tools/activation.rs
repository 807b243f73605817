//! The state of a shell that uses its directory's project, and the changes that bring it up to date.
//!
//! The record is kept in the shell's own environment: `VX_ACTIVE` is the state it is in, `VX_UNDO` the changes to take
//! back. While the route cache of the directory has the same state, no change is needed; this check reads little.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use vx_base::paths::Home;
use vx_project::{discover, lock};

use super::routes::{Routes, Stray};
use crate::tools::route::{self, search_path, stamp};
use crate::tools::shell::VariableChange;
use crate::workspace::error::WorkError;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::frontend::{Frontend, Refused, RunView};

/// The variable for the state of the shell, which is the checksum of its directory's route cache.
const STATE: &str = "VX_ACTIVE";
/// The changes to take back, as JSON.
const UNDO: &str = "VX_UNDO";

/// The changes that were made to a shell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Undo {
    /// The folders that were added to the search path.
    folders: Vec<PathBuf>,
    /// Each variable with the value it was given, and its value before.
    variables: BTreeMap<String, (String, Option<String>)>,
}

/// The outcome of bringing a shell up to date.
#[derive(Debug, Default)]
pub struct Update {
    /// The changes to make.
    pub changes: Vec<VariableChange>,
    /// The copies of missing tools that the shell finds instead of the project's.
    pub strays: Vec<Stray>,
    /// The error of the directory's project. The shell then leaves the project; the error is shown once, not at each
    /// prompt.
    pub fault: Option<WorkError>,
    /// What is withheld from the directory's projects; once for each shell and project.
    pub withheld: Vec<Notice>,
}

/// Returns whether the state of this process's shell is known to be current. Reads one small file and the metadata of a
/// few others.
pub fn is_current() -> bool {
    let known = std::env::var(STATE).ok().filter(|state| !state.is_empty());
    known.is_some_and(|known| Home::from_environment().is_ok_and(|home| route::state(&home).as_ref() == Some(&known)))
}

/// Bring a shell in this directory, with the environment of this process, up to date. The routes that are found are
/// cached, without names that are `reserved` for the door.
pub fn update(home: &Home, directory: &Path, reserved: &[&str]) -> Update {
    let current = |name: &str| std::env::var_os(name);
    let undo = current(UNDO).and_then(|undo| undo.into_string().ok());
    let before: Undo = undo.and_then(|undo| serde_json::from_str(&undo).ok()).unwrap_or_default();
    let faulty = faulty_state(home, directory);
    if current(STATE).is_some_and(|state| state == *faulty) {
        return Update::default();
    }
    let routes = match Routes::for_directory(directory, home.clone()) {
        Ok(routes) => routes,
        Err(error) => {
            let changes = all_changes(&before, Undo::default(), &faulty, current);
            return Update { changes, strays: Vec::new(), fault: Some(error), withheld: Vec::new() };
        }
    };
    let withheld = NoticeCollector::default();
    routes.tell(&withheld);
    let (variables, strays) = (routes.exports(), routes.strays());
    let after = Undo {
        folders: routes.folders(None),
        variables: variables.into_iter().map(|(name, value)| (name, (value, None))).collect(),
    };
    if let Some(draft) = routes.into_draft(reserved) {
        route::keep(home, &draft);
    }
    let state = route::state(home).unwrap_or_default();
    let changes = all_changes(&before, after, &state, current);
    Update { changes, strays, fault: None, withheld: withheld.0.into_inner() }
}

/// A frontend that gathers notices.
#[derive(Default)]
struct NoticeCollector(Mutex<Vec<Notice>>);

impl Frontend for NoticeCollector {
    fn notice(&self, notice: Notice) {
        self.0.lock().push(notice);
    }

    fn view(&self) -> Result<Box<dyn RunView>, Refused> {
        Err(Refused)
    }
}

/// The state of a shell whose project cannot be used. It holds until a file changes that may apply to the directory.
fn faulty_state(home: &Home, directory: &Path) -> String {
    let places = directory.ancestors().chain([home.root()]);
    let files = places.filter_map(|place| discover::find_in(place, |_| true));
    let stamps: Vec<_> = files.flat_map(|file| [stamp(&file), stamp(&file.with_file_name(lock::FILE_NAME))]).collect();
    format!("wrong {}", route::format::hash(format!("{stamps:?}").as_bytes()))
}

/// The changes from one state to the other, and of the shell's record, as far as they are not made yet.
fn all_changes(
    before: &Undo,
    after: Undo,
    state: &str,
    current: impl Fn(&str) -> Option<OsString>,
) -> Vec<VariableChange> {
    let (mut changes, undo) = changes(before, after, &current);
    let kept = (undo != Undo::default()).then(|| serde_json::to_string(&undo).unwrap_or_default().into());
    changes.push(VariableChange { name: UNDO.to_owned(), value: kept });
    changes.push(VariableChange { name: STATE.to_owned(), value: Some(state.into()) });
    changes.retain(|change| current(&change.name) != change.value);
    changes
}

/// The changes from one state to the other, and the record for taking them back.
fn changes(before: &Undo, mut after: Undo, current: impl Fn(&str) -> Option<OsString>) -> (Vec<VariableChange>, Undo) {
    let mut changes = Vec::new();
    let path = current("PATH");
    let mut left = before.folders.clone();
    let rest: Vec<PathBuf> = std::env::split_paths(path.as_deref().unwrap_or_default())
        .filter(|folder| match left.iter().position(|ours| ours == folder) {
            Some(at) => {
                left.remove(at);
                false
            }
            None => true,
        })
        .collect();
    let rest = std::env::join_paths(rest).ok().filter(|rest| !rest.is_empty());
    let front = std::env::join_paths(&after.folders).unwrap_or_default();
    let wanted = if front.is_empty() { rest } else { Some(search_path(&front, rest)) };
    changes.push(VariableChange { name: "PATH".to_owned(), value: wanted });
    for (name, (given, was)) in &before.variables {
        // A variable that was changed since belongs to the user.
        let untouched = current(name).as_deref() == Some(OsStr::new(given));
        if !after.variables.contains_key(name) && untouched {
            changes.push(VariableChange { name: name.clone(), value: was.as_ref().map(OsString::from) });
        }
    }
    for (name, (given, was)) in &mut after.variables {
        let now = current(name).map(|value| value.to_string_lossy().into_owned());
        *was = match before.variables.get(name) {
            Some((ours, was)) if now.as_ref() == Some(ours) => was.clone(),
            _ => now,
        };
        changes.push(VariableChange { name: name.clone(), value: Some((&*given).into()) });
    }
    (changes, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered() -> Undo {
        let variables =
            [("MODE", "test"), ("OTHER", "x")].map(|(name, value)| (name.to_owned(), (value.to_owned(), None)));
        Undo { folders: vec!["/store/node/bin".into()], variables: BTreeMap::from(variables) }
    }

    fn apply(shell: &mut BTreeMap<String, OsString>, changes: Vec<VariableChange>) {
        for VariableChange { name, value } in changes {
            match value {
                Some(value) => drop(shell.insert(name, value)),
                None => drop(shell.remove(&name)),
            }
        }
    }

    fn shell(of: &[(&str, &str)]) -> BTreeMap<String, OsString> {
        of.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
    }

    #[test]
    fn leaving_a_project_brings_back_what_was_there() {
        let outside = shell(&[("PATH", "/usr/bin:/bin"), ("MODE", "mine")]);
        let mut inside = outside.clone();
        let (made, undo) = changes(&Undo::default(), entered(), |name| outside.get(name).cloned());
        apply(&mut inside, made);
        assert_eq!(inside, shell(&[("PATH", "/store/node/bin:/usr/bin:/bin"), ("MODE", "test"), ("OTHER", "x")]));
        // The next prompt finds no difference.
        let (made, again) = changes(&undo, entered(), |name| inside.get(name).cloned());
        let mut same = inside.clone();
        apply(&mut same, made);
        assert_eq!((&same, &again), (&inside, &undo));
        let (made, undo) = changes(&undo, Undo::default(), |name| inside.get(name).cloned());
        apply(&mut inside, made);
        assert_eq!((inside, undo), (outside, Undo::default()));
    }

    #[test]
    fn a_variable_changed_by_the_user_stays() {
        let outside = shell(&[("PATH", "/bin"), ("MODE", "mine")]);
        let mut inside = outside.clone();
        let (made, undo) = changes(&Undo::default(), entered(), |name| outside.get(name).cloned());
        apply(&mut inside, made);
        inside.insert("MODE".into(), "changed".into());
        inside.insert("PATH".into(), "/new:/store/node/bin:/bin".into());
        let (made, _) = changes(&undo, Undo::default(), |name| inside.get(name).cloned());
        apply(&mut inside, made);
        assert_eq!(inside, shell(&[("PATH", "/new:/bin"), ("MODE", "changed")]));
    }
}
