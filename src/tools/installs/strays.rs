//! Processes that runs left behind because all of vx was killed at once: runs, installs, and the runners of their
//! commands.
//!
//! They are known by the mark that they inherited. They are ended once the board's creator and the slot's writer are
//! proved dead; a mark that proves nothing, of a board that is gone for example, leaves its process alone.
//!
//! The superuser also ends processes that changed their user, and whoever runs a process chooses its mark. So for the
//! superuser a mark has to name one of their own boards, letter by letter, and no other file is opened for it.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use vx_base::paths::{Home, is_asked_for};
use vx_process::{
    EndedProcesses, ProcessEnvironment, Survivors, end_with_environment, sees_all_users, with_environment,
};
use vx_run::channel::Mark;
use vx_store::has_abandoned_staging;

use crate::boards::find;
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;

/// End what killed runs left behind, if there is a sign of one. With nothing to install the sign is the staging directory
/// of a killed install alone, which costs one look at an empty directory.
pub fn end_strays_of_killed(home: &Home, frontend: &dyn Frontend) {
    if has_abandoned_staging(home) {
        notice(end_strays(), frontend);
    }
}

/// The same before a run, which has the time to look at the boards, too: a run that was killed may have left no staging
/// directory, or another one has removed it.
pub(crate) fn end_strays_before_run(home: &Home, frontend: &dyn Frontend) {
    if has_abandoned_staging(home) || has_abandoned_board() {
        notice(end_strays(), frontend);
    }
}

/// The processes that are left behind now.
pub fn strays() -> Survivors {
    if is_stray_itself() { Survivors::default() } else { with_environment(of_killed_run()) }
}

/// End them.
pub fn end_strays() -> EndedProcesses {
    if is_stray_itself() { EndedProcesses::default() } else { end_with_environment(of_killed_run()) }
}

fn notice(swept: EndedProcesses, frontend: &dyn Frontend) {
    if !swept.found.is_empty() || !swept.left.is_none() {
        frontend.notice(Notice::Strays(swept));
    }
}

/// True if this process was itself started by a run that was killed: it is no judge of the others then.
fn is_stray_itself() -> bool {
    Mark::own().is_some_and(|mark| mark.is_over())
}

fn has_abandoned_board() -> bool {
    find::list_known().iter().any(|listed| listed.reading.as_ref().is_ok_and(|reading| reading.board.abandoned()))
}

/// The rule for processes that are left behind. Each mark is judged once.
fn of_killed_run() -> impl Fn(&ProcessEnvironment) -> bool + Send + Sync + 'static {
    let (judged, boards) = (Mutex::new(HashMap::new()), StrayScanBoards::of_user());
    move |environment| {
        let Some(slot) = environment.variable(Mark::SLOT) else { return false };
        let board = environment.variable(Mark::BOARD).unwrap_or_default();
        let mark = Mark::parse(&board, &slot).filter(|mark| boards.may_have(mark.board()));
        let Some(mark) = mark else { return false };
        *judged.lock().entry(mark).or_insert_with_key(Mark::is_over)
    }
}

/// The boards whose marks count.
enum StrayScanBoards {
    /// These alone.
    These(HashSet<OsString>),
    /// All in the directories that this program may act on: only this user's processes are seen.
    AskedFor,
}

impl StrayScanBoards {
    fn of_user() -> Self {
        match sees_all_users() {
            true => Self::These(find::files().into_iter().map(PathBuf::into_os_string).collect()),
            false => Self::AskedFor,
        }
    }

    fn may_have(&self, board: &Path) -> bool {
        match self {
            Self::These(boards) => boards.contains(board.as_os_str()),
            Self::AskedFor => board.parent().is_some_and(is_asked_for),
        }
    }
}
