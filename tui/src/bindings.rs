//! The one table of keys: actions, their keys, their texts, and the conditions under which they work. Footer, help and
//! key handling all use it, so that they can't disagree; users may bind other keys.

mod key;

use std::collections::BTreeMap;

use key::KeyChord;
use ratatui::crossterm::event::KeyEvent;

/// The actions that keys can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyAction {
    Down,
    Up,
    PageDown,
    PageUp,
    First,
    Last,
    Open,
    Back,
    NextTab,
    ShowLog,
    ShowError,
    ShowInfo,
    Find,
    FindNext,
    FindPrevious,
    Follow,
    AllLogs,
    Cancel,
    Retry,
    RetryAll,
    Restart,
    Rebuild,
    Edit,
    Leave,
    Help,
    OpenAddress,
    Pager,
    Copy,
    Save,
    Stream,
    Timeline,
    Sort,
    CancelAll,
    Suspend,
    Pause,
    StepBack,
    StepForward,
    SeekBack,
    SeekForward,
    Start,
    End,
    Slower,
    Faster,
    LeaveDetach,
    LeaveCancel,
    LeaveStay,
}

/// The condition under which an action works; [`keys`](crate::keys) checks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyCondition {
    Always,
    /// There is a pane.
    WithPane,
    /// There is a pane, and the keys go to the table.
    InTable,
    /// The keys go to the log.
    InLog,
    /// The log is open, with or without the focus.
    OnLog,
    /// There is a pane, and more than one service in the table.
    WithServices,
    /// A row is selected.
    Selected,
    /// The selected row has an error.
    Failed,
    /// There is text to copy.
    Copyable,
    /// The selected row is at work, and this view controls its work.
    Cancellable,
    /// The selected row ended without success, this view controls its work, and such work ends by itself.
    Retriable,
    /// The selected row's work runs until it is stopped, and this view controls it.
    Restartable,
    /// The selected row's work is built, and this view controls it.
    Rebuildable,
    /// Any row ended without success, and this view controls its work.
    AnyRetriable,
    /// The keys go to the selected row's error, and there is a place to open: one that the error names, or the work's
    /// declaration.
    InError,
    /// The keys go to the table, and the selected row has an address to open.
    HasAddress,
    /// A row is selected, but [`HasAddress`](Self::HasAddress) doesn't hold.
    WithoutAddress,
    /// The table shows only a part of the run's time, or could.
    LongTime,
    /// A recording is shown.
    Replaying,
    /// The question how to leave is open; no other action works then.
    Leaving,
}

/// An action with its name in settings and its default keys.
pub(crate) struct Bind {
    pub(crate) action: KeyAction,
    pub(crate) name: &'static str,
    keys: &'static [&'static str],
}

/// Actions that are shown together, with their texts.
pub(crate) struct KeyHelpLine {
    pub(crate) binds: &'static [Bind],
    pub(crate) when: KeyCondition,
    /// Text in the footer; empty for actions that only the help lists.
    pub(crate) footer: &'static str,
    pub(crate) help: &'static str,
}

const fn bind(action: KeyAction, name: &'static str, keys: &'static [&'static str]) -> Bind {
    Bind { action, name, keys }
}

const fn line(binds: &'static [Bind], when: KeyCondition, footer: &'static str, help: &'static str) -> KeyHelpLine {
    KeyHelpLine { binds, when, footer, help }
}

/// All lines, the most useful first.
pub(crate) const TABLE: [KeyHelpLine; 38] = [
    line(
        &[bind(KeyAction::Down, "down", &["j", "Down"]), bind(KeyAction::Up, "up", &["k", "Up"])],
        KeyCondition::Always,
        "move",
        "move by one",
    ),
    line(
        &[bind(KeyAction::PageDown, "page-down", &["PgDn"]), bind(KeyAction::PageUp, "page-up", &["PgUp"])],
        KeyCondition::Always,
        "",
        "move by a page",
    ),
    line(
        &[bind(KeyAction::First, "first", &["g", "Home"]), bind(KeyAction::Last, "last", &["G", "End"])],
        KeyCondition::Always,
        "",
        "first, last",
    ),
    line(
        &[bind(KeyAction::Pause, "replay-pause", &["Space"])],
        KeyCondition::Replaying,
        "pause",
        "replay: pause, continue; at the end: play again",
    ),
    line(
        &[bind(KeyAction::Open, "open", &["Enter"])],
        KeyCondition::InTable,
        "open",
        "give the keys to the pane below",
    ),
    line(&[bind(KeyAction::Back, "back", &["Esc"])], KeyCondition::Always, "back", "back; show all rows"),
    line(
        &[bind(KeyAction::NextTab, "next-tab", &["Tab"])],
        KeyCondition::WithPane,
        "next tab",
        "next tab: Log, Error, Info",
    ),
    line(&[bind(KeyAction::ShowLog, "log", &["l"])], KeyCondition::Selected, "log", "the log of the selected row"),
    line(
        &[bind(KeyAction::ShowError, "error", &["e"])],
        KeyCondition::Failed,
        "error",
        "the error of the selected row",
    ),
    line(
        &[bind(KeyAction::ShowInfo, "info", &["i"])],
        KeyCondition::Selected,
        "info",
        "what is known of the selected row",
    ),
    line(
        &[bind(KeyAction::Find, "find", &["/"])],
        KeyCondition::Always,
        "filter",
        "filter the rows; in the pane: search the log",
    ),
    line(
        &[bind(KeyAction::FindNext, "find-next", &["n"]), bind(KeyAction::FindPrevious, "find-previous", &["N"])],
        KeyCondition::InLog,
        "next, previous",
        "next, previous match in the log",
    ),
    line(&[bind(KeyAction::Follow, "follow", &["f"])], KeyCondition::OnLog, "follow", "log: follow or hold still"),
    line(
        &[bind(KeyAction::AllLogs, "all-logs", &["a"])],
        KeyCondition::WithServices,
        "all logs",
        "the logs of all services in the table as one, or of the selected row",
    ),
    line(
        &[bind(KeyAction::Cancel, "cancel", &["x"])],
        KeyCondition::Cancellable,
        "cancel",
        "cancel the selected work; again: kill it",
    ),
    line(
        &[bind(KeyAction::Retry, "retry", &["r"])],
        KeyCondition::Retriable,
        "try again",
        "try the selected work again",
    ),
    line(
        &[bind(KeyAction::RetryAll, "retry-all", &["R"])],
        KeyCondition::AnyRetriable,
        "",
        "try all that failed again",
    ),
    line(
        &[bind(KeyAction::Restart, "restart", &["r"])],
        KeyCondition::Restartable,
        "restart",
        "restart the selected service",
    ),
    line(
        &[bind(KeyAction::Rebuild, "rebuild", &["b"])],
        KeyCondition::Rebuildable,
        "rebuild",
        "build the selected service again",
    ),
    line(
        &[bind(KeyAction::Edit, "edit", &["Enter"])],
        KeyCondition::InError,
        "edit",
        "error: open its first place in view, or its declaration",
    ),
    line(&[bind(KeyAction::Leave, "leave", &["q"])], KeyCondition::Always, "leave", "leave"),
    line(&[bind(KeyAction::Help, "help", &["?"])], KeyCondition::Always, "help", "this list"),
    line(
        &[bind(KeyAction::OpenAddress, "open-address", &["o"])],
        KeyCondition::HasAddress,
        "browser",
        "open the service's address in the browser",
    ),
    line(
        &[bind(KeyAction::Pager, "pager", &["o"])],
        KeyCondition::WithoutAddress,
        "pager",
        "open the whole log in $PAGER",
    ),
    line(
        &[bind(KeyAction::Copy, "copy", &["y"])],
        KeyCondition::Copyable,
        "copy",
        "copy the lines in view, or the error",
    ),
    line(
        &[bind(KeyAction::Save, "save", &["w"])],
        KeyCondition::Selected,
        "save",
        "save the whole log in this directory",
    ),
    line(
        &[bind(KeyAction::Stream, "stream", &["s"])],
        KeyCondition::Always,
        "stream",
        "plain lines instead of this view, and back",
    ),
    line(
        &[bind(KeyAction::Timeline, "timeline", &["t"])],
        KeyCondition::LongTime,
        "whole time",
        "time axis: from the beginning, or of what is at work",
    ),
    line(
        &[
            bind(KeyAction::StepBack, "replay-step-back", &[","]),
            bind(KeyAction::StepForward, "replay-step-forward", &["."]),
        ],
        KeyCondition::Replaying,
        "step",
        "replay: one reading back, forward",
    ),
    line(
        &[
            bind(KeyAction::SeekBack, "replay-seek-back", &["Left"]),
            bind(KeyAction::SeekForward, "replay-seek-forward", &["Right"]),
        ],
        KeyCondition::Replaying,
        "5 s",
        "replay: 5 s back, forward",
    ),
    line(
        &[bind(KeyAction::Start, "replay-start", &["<"]), bind(KeyAction::End, "replay-end", &[">"])],
        KeyCondition::Replaying,
        "",
        "replay: to the beginning, to the end",
    ),
    line(
        &[bind(KeyAction::Slower, "replay-slower", &["-"]), bind(KeyAction::Faster, "replay-faster", &["+", "="])],
        KeyCondition::Replaying,
        "speed",
        "replay: half, twice as fast",
    ),
    line(&[bind(KeyAction::Sort, "sort", &["S"])], KeyCondition::Always, "sort", "sort by plan, name, state, size"),
    line(
        &[bind(KeyAction::LeaveDetach, "leave-detach", &["d", "D"])],
        KeyCondition::Leaving,
        "",
        "detach: the work goes on",
    ),
    line(&[bind(KeyAction::LeaveCancel, "leave-cancel", &["c", "C"])], KeyCondition::Leaving, "", "cancel all of it"),
    line(&[bind(KeyAction::LeaveStay, "leave-stay", &["Esc", "q", "n"])], KeyCondition::Leaving, "", "stay here"),
    line(
        &[bind(KeyAction::CancelAll, "cancel-all", &["Ctrl-C"])],
        KeyCondition::Always,
        "",
        "cancel all; again: kill all",
    ),
    line(&[bind(KeyAction::Suspend, "suspend", &["Ctrl-Z"])], KeyCondition::Always, "", "suspend"),
];

/// Actions whose keys cannot be changed: they are the way out of any confusion.
const FIXED: [KeyAction; 2] = [KeyAction::CancelAll, KeyAction::Suspend];

/// Actions whose default keys give way if a user chooses them for another action: what these do can be done in other
/// ways, too.
const YIELDING: [KeyAction; 8] = [
    KeyAction::ShowLog,
    KeyAction::ShowError,
    KeyAction::ShowInfo,
    KeyAction::AllLogs,
    KeyAction::RetryAll,
    KeyAction::Restart,
    KeyAction::Rebuild,
    KeyAction::OpenAddress,
];

/// Actions that need a key: without one a user could not leave.
const NEEDED: [KeyAction; 2] = [KeyAction::Leave, KeyAction::LeaveStay];

/// An error in the settings for keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyBindingError {
    /// No action has this name.
    #[error("no action is called `{action}`; there are {}", names().join(", "))]
    UnknownAction {
        /// The unknown name.
        action: String,
    },
    /// No key has this name.
    #[error(
        "`{action}` cannot be on `{key}`: there is no such key; a key is one character, or one of {}, with or without \
         Ctrl- or Alt- before it",
        key::NAMES.map(|(name, _)| name).join(", ")
    )]
    UnknownKey {
        /// Action to bind.
        action: String,
        /// The key's name as given.
        key: String,
    },
    /// No terminal sends this key as itself.
    #[error(
        "`{action}` cannot be on `{key}`: terminals send `{sent_as}` for it, so the two are indistinguishable; choose \
         another key"
    )]
    NeverSent {
        /// Action to bind.
        action: String,
        /// The key.
        key: String,
        /// Key that arrives in its place.
        sent_as: &'static str,
    },
    /// The key is reserved for another action.
    #[error("`{action}` cannot be on `{key}`, which always means `{kept_for}`")]
    Kept {
        /// Action to bind.
        action: String,
        /// The key.
        key: String,
        /// Action that the key is reserved for.
        kept_for: &'static str,
    },
    /// One key for two actions that work at the same time.
    #[error("`{key}` cannot mean both `{first}` and `{second}`: give one of them another key")]
    Twice {
        /// The key.
        key: String,
        /// One action.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// Without a key for this action a user could not leave, or stay.
    #[error("`{action}` needs a key")]
    KeyRequired {
        /// Action without a key.
        action: &'static str,
    },
}

/// The keys of every action in the full-screen view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyBindings(Vec<(KeyAction, Vec<KeyChord>)>);

impl Default for KeyBindings {
    fn default() -> Self {
        let keys = |bind: &Bind| bind.keys.iter().filter_map(|name| KeyChord::named(name)).collect();
        Self(binds().map(|(bind, _)| (bind.action, keys(bind))).collect())
    }
}

/// Chosen keys replace the default ones of their action; an action that is not named keeps its own, and an empty list
/// leaves it without a key.
impl TryFrom<&BTreeMap<String, Vec<String>>> for KeyBindings {
    type Error = KeyBindingError;

    fn try_from(chosen: &BTreeMap<String, Vec<String>>) -> Result<Self, KeyBindingError> {
        let mut bindings = Self::default();
        for (action, names) in chosen {
            let unknown = || KeyBindingError::UnknownAction { action: action.clone() };
            let (bind, _) = choosable().find(|(bind, _)| bind.name == action).ok_or_else(unknown)?;
            let key = |name: &String| {
                let unknown = || KeyBindingError::UnknownKey { action: action.clone(), key: name.clone() };
                let key = KeyChord::named(name).ok_or_else(unknown)?;
                if let Some(sent_as) = key.sent_as() {
                    return Err(KeyBindingError::NeverSent { action: action.clone(), key: key.to_string(), sent_as });
                }
                bindings.free(key, action).map(|()| key)
            };
            let mut keys = names.iter().map(key).collect::<Result<Vec<KeyChord>, _>>()?;
            keys.dedup();
            if NEEDED.contains(&bind.action) && keys.is_empty() {
                return Err(KeyBindingError::KeyRequired { action: bind.name });
            }
            bindings
                .0
                .iter_mut()
                .filter(|(action, _)| *action == bind.action)
                .for_each(|(_, old)| old.clone_from(&keys));
        }
        bindings.yield_to(chosen);
        bindings.unambiguous()?;
        Ok(bindings)
    }
}

impl KeyBindings {
    /// The action bound to this key, among those that work at the moment.
    pub(crate) fn action(&self, event: &KeyEvent, works: impl Fn(KeyCondition) -> bool) -> Option<KeyAction> {
        let key = KeyChord::from_event(event);
        let bound = |action: KeyAction| self.keys_for(action).contains(&key);
        binds().find(|(bind, when)| bound(bind.action) && works(*when)).map(|(bind, _)| bind.action)
    }

    /// Every action whose keys may be chosen, by its name, with the names of its keys.
    pub fn chosen(&self) -> impl Iterator<Item = (&'static str, Vec<String>)> {
        choosable().map(|(bind, _)| (bind.name, self.names(bind.action)))
    }

    /// The names of an action's keys.
    pub(crate) fn names(&self, action: KeyAction) -> Vec<String> {
        self.keys_for(action).iter().map(ToString::to_string).collect()
    }

    /// The name of an action's first key, for a sentence; the action's own name if it has no key.
    pub(crate) fn first(&self, action: KeyAction) -> String {
        let unbound = || binds().find(|(bind, _)| bind.action == action).map_or("", |(bind, _)| bind.name).to_owned();
        self.keys_for(action).first().map_or_else(unbound, ToString::to_string)
    }

    fn keys_for(&self, action: KeyAction) -> &[KeyChord] {
        self.0.iter().find(|(other, _)| *other == action).map_or(&[], |(_, keys)| keys)
    }

    /// Remove keys that were chosen for other actions from the actions that give way.
    fn yield_to(&mut self, chosen: &BTreeMap<String, Vec<String>>) {
        let is_chosen =
            |action: KeyAction| binds().any(|(bind, _)| bind.action == action && chosen.contains_key(bind.name));
        let taken: Vec<KeyChord> =
            self.0.iter().filter(|(action, _)| is_chosen(*action)).flat_map(|(_, keys)| keys.clone()).collect();
        let giving = self.0.iter_mut().filter(|(action, _)| YIELDING.contains(action) && !is_chosen(*action));
        giving.for_each(|(_, keys)| keys.retain(|key| !taken.contains(key)));
    }

    fn free(&self, key: KeyChord, action: &str) -> Result<(), KeyBindingError> {
        match binds().find(|(bind, _)| FIXED.contains(&bind.action) && self.keys_for(bind.action).contains(&key)) {
            Some((bind, _)) => {
                Err(KeyBindingError::Kept { action: action.to_owned(), key: key.to_string(), kept_for: bind.name })
            }
            None => Ok(()),
        }
    }

    fn unambiguous(&self) -> Result<(), KeyBindingError> {
        let all: Vec<(&Bind, KeyCondition)> = binds().collect();
        for (at, (first, first_when)) in all.iter().enumerate() {
            for (second, second_when) in &all[at + 1..] {
                let both = self.keys_for(first.action).iter().find(|key| self.keys_for(second.action).contains(key));
                if let Some(key) = both.filter(|_| may_meet(*first_when, *second_when)) {
                    let key = key.to_string();
                    return Err(KeyBindingError::Twice { key, first: first.name, second: second.name });
                }
            }
        }
        Ok(())
    }
}

/// The names of the actions that settings may bind.
fn names() -> Vec<&'static str> {
    choosable().map(|(bind, _)| bind.name).collect()
}

fn choosable() -> impl Iterator<Item = (&'static Bind, KeyCondition)> {
    binds().filter(|(bind, _)| !FIXED.contains(&bind.action))
}

fn binds() -> impl Iterator<Item = (&'static Bind, KeyCondition)> {
    TABLE.iter().flat_map(|line| line.binds.iter().map(|bind| (bind, line.when)))
}

/// Returns whether both may work at the same moment.
fn may_meet(first: KeyCondition, second: KeyCondition) -> bool {
    if (first == KeyCondition::Leaving) != (second == KeyCondition::Leaving) {
        return false;
    }
    let apart = [
        (KeyCondition::InTable, KeyCondition::InLog),
        (KeyCondition::InTable, KeyCondition::InError),
        (KeyCondition::InLog, KeyCondition::InError),
        (KeyCondition::Cancellable, KeyCondition::Retriable),
        (KeyCondition::Restartable, KeyCondition::Retriable),
        (KeyCondition::HasAddress, KeyCondition::WithoutAddress),
        (KeyCondition::HasAddress, KeyCondition::InLog),
        (KeyCondition::HasAddress, KeyCondition::InError),
    ];
    !apart.contains(&(first, second)) && !apart.contains(&(second, first))
}

#[cfg(test)]
mod tests;
