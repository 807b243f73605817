//! `vx activate`: a shell that follows the project at hand. At each prompt its hook asks what has changed; where nothing
//! has, the route cache answers at once and nothing is printed.
//!
//! What the shell was before is kept in its own environment: `VX_ACTIVE` tells the state it is in, `VX_UNDO` what to take
//! back.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use super::args::{ActivateArguments, Shell};
use super::failure::{Failure, Outcome};
use super::routes::Routes;
use super::shell::{Change, line, quoted};
use super::{print, store};
use crate::paths::Home;
use crate::project::{discover, lock};
use crate::route::{self, search_path, stamp};

/// Which state the shell is in: what the route cache of its directory says of itself.
const STATE: &str = "VX_ACTIVE";
/// What to take back, as JSON.
const UNDO: &str = "VX_UNDO";

/// What was changed in a shell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Undo {
    /// The folders that were put on the search path.
    folders: Vec<PathBuf>,
    /// Each variable with the value it was given, and the one it had.
    variables: BTreeMap<String, (String, Option<String>)>,
}

/// Run `vx activate`.
pub(super) fn run(asked: &ActivateArguments) -> Outcome {
    if asked.hook {
        return hook(asked.shell);
    }
    let vx =
        std::env::current_exe().map_err(|error| Failure::failed(format!("vx cannot tell where it is: {error}")))?;
    print::data(script(asked.shell, &quoted(asked.shell, vx.as_os_str())));
    Ok(ExitCode::SUCCESS)
}

/// Whether the shell that asks is in the state that is known to hold. Reads one small file and looks at few others.
pub(super) fn is_current() -> bool {
    let known = std::env::var(STATE).ok().filter(|state| !state.is_empty());
    known.is_some_and(|known| Home::from_environment().is_ok_and(|home| route::state(&home).as_ref() == Some(&known)))
}

fn hook(shell: Shell) -> Outcome {
    let before: Undo = std::env::var(UNDO).ok().and_then(|undo| serde_json::from_str(&undo).ok()).unwrap_or_default();
    let directory = std::env::current_dir()?;
    let home = store::home()?;
    let wrong = wrong_state(&directory);
    if std::env::var_os(STATE).is_some_and(|state| state == *wrong) {
        // Said before, and not at every prompt.
        return Ok(ExitCode::SUCCESS);
    }
    let routes = match Routes::of(&directory, home.clone()) {
        Ok(routes) => routes,
        Err(failure) => {
            failure.report();
            // The shell is as it was before the project.
            change(shell, &before, Undo::default(), &wrong);
            return Ok(ExitCode::SUCCESS);
        }
    };
    let variables = routes.exports();
    let after = Undo {
        folders: routes.folders(None),
        variables: variables.into_iter().map(|(name, value)| (name, (value, None))).collect(),
    };
    if let Some(draft) = routes.into_draft() {
        route::keep(&home, &draft);
    }
    let state = route::state(&home).unwrap_or_default();
    change(shell, &before, after, &state);
    Ok(ExitCode::SUCCESS)
}

/// The state of a shell whose project cannot be read, as its files are now.
fn wrong_state(directory: &Path) -> String {
    let file = discover::find(directory).unwrap_or_default();
    let stamps = [stamp(&file), stamp(&file.with_file_name(lock::FILE_NAME))];
    format!("wrong {}", route::format::hash(format!("{stamps:?}").as_bytes()))
}

/// Print what makes the one state out of the other.
fn change(shell: Shell, before: &Undo, after: Undo, state: &str) {
    let current = |name: &str| std::env::var_os(name);
    let (changes, undo) = changes(before, after, current);
    let kept = (undo != Undo::default()).then(|| serde_json::to_string(&undo).unwrap_or_default().into());
    let own = [(UNDO.to_owned(), kept), (STATE.to_owned(), Some(state.into()))];
    for change in changes.into_iter().chain(own).filter(|(name, value)| current(name) != *value) {
        if let Some(line) = line(shell, &change) {
            print::data(line);
        }
    }
}

/// What to set and remove, and what takes it back.
fn changes(before: &Undo, mut after: Undo, current: impl Fn(&str) -> Option<OsString>) -> (Vec<Change>, Undo) {
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
    changes.push(("PATH".to_owned(), wanted));
    for (name, (given, was)) in &before.variables {
        // What somebody has set meanwhile is theirs.
        let untouched = current(name).as_deref() == Some(OsStr::new(given));
        if !after.variables.contains_key(name) && untouched {
            changes.push((name.clone(), was.as_ref().map(OsString::from)));
        }
    }
    for (name, (given, was)) in &mut after.variables {
        let now = current(name).map(|value| value.to_string_lossy().into_owned());
        *was = match before.variables.get(name) {
            Some((ours, was)) if now.as_ref() == Some(ours) => was.clone(),
            _ => now,
        };
        changes.push((name.clone(), Some((&*given).into())));
    }
    (changes, after)
}

/// What goes into the shell's profile.
fn script(shell: Shell, vx: &str) -> String {
    match shell {
        Shell::Bash => format!(
            "_vx_hook() {{\n  local previous=$?\n  eval \"$({vx} activate --hook bash)\"\n  return $previous\n}}\n\
             case \";${{PROMPT_COMMAND[*]:-}};\" in\n  *_vx_hook*) ;;\n  \
             *) PROMPT_COMMAND=\"_vx_hook${{PROMPT_COMMAND:+;$PROMPT_COMMAND}}\" ;;\nesac\n_vx_hook"
        ),
        Shell::Zsh => format!(
            "_vx_hook() {{ eval \"$({vx} activate --hook zsh)\" }}\n\
             typeset -ag precmd_functions\n\
             if (( ! ${{precmd_functions[(I)_vx_hook]}} )); then precmd_functions=(_vx_hook $precmd_functions); fi\n_vx_hook"
        ),
        Shell::Fish => {
            format!("function _vx_hook --on-event fish_prompt\n  {vx} activate --hook fish | source\nend\n_vx_hook")
        }
        Shell::Powershell => format!(
            "function global:_vx_hook {{ $changes = & {vx} activate --hook powershell | Out-String; \
             if ($changes) {{ Invoke-Expression $changes }} }}\n\
             if (-not (Test-Path variable:global:_vx_prompt)) {{\n  $global:_vx_prompt = $function:prompt\n  \
             function global:prompt {{ _vx_hook; & $global:_vx_prompt }}\n}}\n_vx_hook"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered() -> Undo {
        let variables =
            [("MODE", "test"), ("OTHER", "x")].map(|(name, value)| (name.to_owned(), (value.to_owned(), None)));
        Undo { folders: vec!["/store/node/bin".into()], variables: BTreeMap::from(variables) }
    }

    fn apply(shell: &mut BTreeMap<String, OsString>, changes: Vec<Change>) {
        for (name, value) in changes {
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
        // At the next prompt nothing is different.
        let (made, again) = changes(&undo, entered(), |name| inside.get(name).cloned());
        let mut same = inside.clone();
        apply(&mut same, made);
        assert_eq!((&same, &again), (&inside, &undo));
        let (made, undo) = changes(&undo, Undo::default(), |name| inside.get(name).cloned());
        apply(&mut inside, made);
        assert_eq!((inside, undo), (outside, Undo::default()));
    }

    #[test]
    fn what_somebody_has_set_meanwhile_is_theirs() {
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
