//! The one table of keys: actions, their keys, their texts, and the places where they work. Footer, help and key
//! handling all use it, so that they cannot disagree; users may bind other keys.

mod key;

use std::collections::BTreeMap;

use key::Key;
use ratatui::crossterm::event::KeyEvent;

/// The actions that keys can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
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
pub(crate) enum When {
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
    /// The selected row ended without success, this view controls its work, and the work has an end of its own.
    Retriable,
    /// The selected row's work has no end of its own, and this view controls it.
    Restartable,
    /// The selected row's work is built, and this view controls it.
    Rebuildable,
    /// Any row ended without success, and this view controls its work.
    AnyRetriable,
    /// The keys go to the selected row's error, and there is a place to open: one that the error names, or the one where
    /// the work is declared.
    InError,
    /// The keys go to the table, and the selected row has an address to open.
    HasAddress,
    /// A row is selected, and the condition before does not hold.
    WithoutAddress,
    /// The table shows a part of the time, or could.
    LongTime,
    /// A recording is shown.
    Replaying,
    /// The question how to leave is open; no other action works then.
    Leaving,
}

/// An action with its name in settings and its default keys.
pub(crate) struct Bind {
    pub(crate) action: Action,
    pub(crate) name: &'static str,
    keys: &'static [&'static str],
}

/// Actions that are shown together, with their texts.
pub(crate) struct Line {
    pub(crate) binds: &'static [Bind],
    pub(crate) when: When,
    /// The text in the footer; empty for actions that only the help lists.
    pub(crate) footer: &'static str,
    pub(crate) help: &'static str,
}

const fn bind(action: Action, name: &'static str, keys: &'static [&'static str]) -> Bind {
    Bind { action, name, keys }
}

const fn line(binds: &'static [Bind], when: When, footer: &'static str, help: &'static str) -> Line {
    Line { binds, when, footer, help }
}

/// All lines, the most useful first.
pub(crate) const TABLE: [Line; 38] = [
    line(
        &[bind(Action::Down, "down", &["j", "Down"]), bind(Action::Up, "up", &["k", "Up"])],
        When::Always,
        "move",
        "move by one",
    ),
    line(
        &[bind(Action::PageDown, "page-down", &["PgDn"]), bind(Action::PageUp, "page-up", &["PgUp"])],
        When::Always,
        "",
        "move by a page",
    ),
    line(
        &[bind(Action::First, "first", &["g", "Home"]), bind(Action::Last, "last", &["G", "End"])],
        When::Always,
        "",
        "first, last",
    ),
    line(
        &[bind(Action::Pause, "replay-pause", &["Space"])],
        When::Replaying,
        "pause",
        "replay: stand still, go on; at the end: again",
    ),
    line(&[bind(Action::Open, "open", &["Enter"])], When::InTable, "open", "give the keys to the pane below"),
    line(&[bind(Action::Back, "back", &["Esc"])], When::Always, "back", "back; show all rows"),
    line(&[bind(Action::NextTab, "next-tab", &["Tab"])], When::WithPane, "next tab", "next tab: Log, Error, Info"),
    line(&[bind(Action::ShowLog, "log", &["l"])], When::Selected, "log", "the log of the selected row"),
    line(&[bind(Action::ShowError, "error", &["e"])], When::Failed, "error", "the error of the selected row"),
    line(&[bind(Action::ShowInfo, "info", &["i"])], When::Selected, "info", "what is known of the selected row"),
    line(&[bind(Action::Find, "find", &["/"])], When::Always, "filter", "filter the rows; in the pane: search the log"),
    line(
        &[bind(Action::FindNext, "find-next", &["n"]), bind(Action::FindPrevious, "find-previous", &["N"])],
        When::InLog,
        "next, previous",
        "next, previous match in the log",
    ),
    line(&[bind(Action::Follow, "follow", &["f"])], When::OnLog, "follow", "log: follow or hold still"),
    line(
        &[bind(Action::AllLogs, "all-logs", &["a"])],
        When::WithServices,
        "all logs",
        "the logs of all services in the table as one, or of the selected row",
    ),
    line(
        &[bind(Action::Cancel, "cancel", &["x"])],
        When::Cancellable,
        "cancel",
        "cancel the selected work; again: kill it",
    ),
    line(&[bind(Action::Retry, "retry", &["r"])], When::Retriable, "try again", "try the selected work again"),
    line(&[bind(Action::RetryAll, "retry-all", &["R"])], When::AnyRetriable, "", "try all that failed again"),
    line(&[bind(Action::Restart, "restart", &["r"])], When::Restartable, "restart", "restart the selected service"),
    line(&[bind(Action::Rebuild, "rebuild", &["b"])], When::Rebuildable, "rebuild", "build the selected service again"),
    line(
        &[bind(Action::Edit, "edit", &["Enter"])],
        When::InError,
        "edit",
        "error: open its first place in view, or its declaration",
    ),
    line(&[bind(Action::Leave, "leave", &["q"])], When::Always, "leave", "leave"),
    line(&[bind(Action::Help, "help", &["?"])], When::Always, "help", "this list"),
    line(
        &[bind(Action::OpenAddress, "open-address", &["o"])],
        When::HasAddress,
        "browser",
        "open the service's address in the browser",
    ),
    line(&[bind(Action::Pager, "pager", &["o"])], When::WithoutAddress, "pager", "open the whole log in $PAGER"),
    line(&[bind(Action::Copy, "copy", &["y"])], When::Copyable, "copy", "copy the lines in view, or the error"),
    line(&[bind(Action::Save, "save", &["w"])], When::Selected, "save", "save the whole log in this directory"),
    line(
        &[bind(Action::Stream, "stream", &["s"])],
        When::Always,
        "stream",
        "plain lines instead of this view, and back",
    ),
    line(
        &[bind(Action::Timeline, "timeline", &["t"])],
        When::LongTime,
        "whole time",
        "time axis: from the beginning, or of what is at work",
    ),
    line(
        &[bind(Action::StepBack, "replay-step-back", &[","]), bind(Action::StepForward, "replay-step-forward", &["."])],
        When::Replaying,
        "step",
        "replay: one reading back, forward",
    ),
    line(
        &[
            bind(Action::SeekBack, "replay-seek-back", &["Left"]),
            bind(Action::SeekForward, "replay-seek-forward", &["Right"]),
        ],
        When::Replaying,
        "5 s",
        "replay: 5 s back, forward",
    ),
    line(
        &[bind(Action::Start, "replay-start", &["<"]), bind(Action::End, "replay-end", &[">"])],
        When::Replaying,
        "",
        "replay: to the beginning, to the end",
    ),
    line(
        &[bind(Action::Slower, "replay-slower", &["-"]), bind(Action::Faster, "replay-faster", &["+", "="])],
        When::Replaying,
        "speed",
        "replay: half, twice as fast",
    ),
    line(&[bind(Action::Sort, "sort", &["S"])], When::Always, "sort", "sort by plan, name, state, size"),
    line(&[bind(Action::LeaveDetach, "leave-detach", &["d", "D"])], When::Leaving, "", "detach: the work goes on"),
    line(&[bind(Action::LeaveCancel, "leave-cancel", &["c", "C"])], When::Leaving, "", "cancel all of it"),
    line(&[bind(Action::LeaveStay, "leave-stay", &["Esc", "q", "n"])], When::Leaving, "", "stay here"),
    line(&[bind(Action::CancelAll, "cancel-all", &["Ctrl-C"])], When::Always, "", "cancel all; again: kill all"),
    line(&[bind(Action::Suspend, "suspend", &["Ctrl-Z"])], When::Always, "", "suspend"),
];

/// Actions whose keys cannot be changed: they are the way out of any confusion.
const FIXED: [Action; 2] = [Action::CancelAll, Action::Suspend];

/// Actions whose own keys give way to a user's choice for another action: all that they do can be reached without them.
const YIELDING: [Action; 8] = [
    Action::ShowLog,
    Action::ShowError,
    Action::ShowInfo,
    Action::AllLogs,
    Action::RetryAll,
    Action::Restart,
    Action::Rebuild,
    Action::OpenAddress,
];

/// Actions that need a key: without one a user could not leave.
const NEEDED: [Action; 2] = [Action::Leave, Action::LeaveStay];

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
        "`{action}` cannot be on `{key}`: no key is called so; a key is one character, or one of {}, also behind Ctrl- \
         or Alt-",
        key::NAMES.map(|(name, _)| name).join(", ")
    )]
    UnknownKey {
        /// The action to bind.
        action: String,
        /// The key's name as given.
        key: String,
    },
    /// No terminal sends this key as itself.
    #[error(
        "`{action}` cannot be on `{key}`: terminals send `{sent_as}` for it, and nobody could tell the two apart; choose \
         another key"
    )]
    NeverSent {
        /// The action to bind.
        action: String,
        /// The key.
        key: String,
        /// The key that arrives in its place.
        sent_as: &'static str,
    },
    /// The key is reserved for another action.
    #[error("`{action}` cannot be on `{key}`, which always means `{kept_for}`")]
    Kept {
        /// The action to bind.
        action: String,
        /// The key.
        key: String,
        /// The action that the key is reserved for.
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
        /// The action without a key.
        action: &'static str,
    },
}

/// The keys of every action in the full-screen view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyBindings(Vec<(Action, Vec<Key>)>);

impl Default for KeyBindings {
    fn default() -> Self {
        let keys = |bind: &Bind| bind.keys.iter().filter_map(|name| Key::named(name)).collect();
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
                let key = Key::named(name).ok_or_else(unknown)?;
                if let Some(sent_as) = key.sent_as() {
                    return Err(KeyBindingError::NeverSent { action: action.clone(), key: key.to_string(), sent_as });
                }
                bindings.free(key, action).map(|()| key)
            };
            let mut keys = names.iter().map(key).collect::<Result<Vec<Key>, _>>()?;
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
    pub(crate) fn action(&self, event: &KeyEvent, works: impl Fn(When) -> bool) -> Option<Action> {
        let key = Key::of(event);
        let bound = |action: Action| self.of(action).contains(&key);
        binds().find(|(bind, when)| bound(bind.action) && works(*when)).map(|(bind, _)| bind.action)
    }

    /// Every action whose keys may be chosen, by its name, with the names of its keys.
    pub fn chosen(&self) -> impl Iterator<Item = (&'static str, Vec<String>)> {
        choosable().map(|(bind, _)| (bind.name, self.names(bind.action)))
    }

    /// The names of an action's keys.
    pub(crate) fn names(&self, action: Action) -> Vec<String> {
        self.of(action).iter().map(ToString::to_string).collect()
    }

    /// The name of an action's first key, for a sentence; the action's own name if it has no key.
    pub(crate) fn first(&self, action: Action) -> String {
        let unbound = || binds().find(|(bind, _)| bind.action == action).map_or("", |(bind, _)| bind.name).to_owned();
        self.of(action).first().map_or_else(unbound, ToString::to_string)
    }

    fn of(&self, action: Action) -> &[Key] {
        self.0.iter().find(|(other, _)| *other == action).map_or(&[], |(_, keys)| keys)
    }

    /// Take the keys that were chosen for other actions from those that give way.
    fn yield_to(&mut self, chosen: &BTreeMap<String, Vec<String>>) {
        let is_chosen =
            |action: Action| binds().any(|(bind, _)| bind.action == action && chosen.contains_key(bind.name));
        let taken: Vec<Key> =
            self.0.iter().filter(|(action, _)| is_chosen(*action)).flat_map(|(_, keys)| keys.clone()).collect();
        let giving = self.0.iter_mut().filter(|(action, _)| YIELDING.contains(action) && !is_chosen(*action));
        giving.for_each(|(_, keys)| keys.retain(|key| !taken.contains(key)));
    }

    fn free(&self, key: Key, action: &str) -> Result<(), KeyBindingError> {
        match binds().find(|(bind, _)| FIXED.contains(&bind.action) && self.of(bind.action).contains(&key)) {
            Some((bind, _)) => {
                Err(KeyBindingError::Kept { action: action.to_owned(), key: key.to_string(), kept_for: bind.name })
            }
            None => Ok(()),
        }
    }

    fn unambiguous(&self) -> Result<(), KeyBindingError> {
        let all: Vec<(&Bind, When)> = binds().collect();
        for (at, (first, first_when)) in all.iter().enumerate() {
            for (second, second_when) in &all[at + 1..] {
                let both = self.of(first.action).iter().find(|key| self.of(second.action).contains(key));
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

fn choosable() -> impl Iterator<Item = (&'static Bind, When)> {
    binds().filter(|(bind, _)| !FIXED.contains(&bind.action))
}

fn binds() -> impl Iterator<Item = (&'static Bind, When)> {
    TABLE.iter().flat_map(|line| line.binds.iter().map(|bind| (bind, line.when)))
}

/// True if both may work at the same moment.
fn may_meet(first: When, second: When) -> bool {
    if (first == When::Leaving) != (second == When::Leaving) {
        return false;
    }
    let apart = [
        (When::InTable, When::InLog),
        (When::InTable, When::InError),
        (When::InLog, When::InError),
        (When::Cancellable, When::Retriable),
        (When::Restartable, When::Retriable),
        (When::HasAddress, When::WithoutAddress),
        (When::HasAddress, When::InLog),
        (When::HasAddress, When::InError),
    ];
    !apart.contains(&(first, second)) && !apart.contains(&(second, first))
}

#[cfg(test)]
mod tests;
