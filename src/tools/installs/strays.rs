//! Processes that runs left behind because all of vx was killed at once: runs, installs, and the runners of their
//! commands.
//!
//! They are recognised by the mark that they inherited. They are ended only if the board's creator and the slot's
//! writer are proved dead; if a mark proves nothing, for example because its board is gone, its process is left alone.
//!
//! The superuser also ends processes that changed their user, and whoever runs a process chooses its mark. So for the
//! superuser a mark must name one of the superuser's own boards, character by character, and no other file is opened
//! for it.

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

/// End what killed runs left behind, if there is a sign of such a run. With nothing to install, the only sign looked
/// for is the staging directory of a killed install, which usually costs one look at an empty directory.
pub fn end_strays_of_killed(home: &Home, frontend: &dyn Frontend) {
    if has_abandoned_staging(home) {
        notice(end_strays(), frontend);
    }
}

/// The same before a run, which has the time to look at the boards, too: a killed run may have left no staging
/// directory, or another run has removed it.
pub(crate) fn end_strays_before_run(home: &Home, frontend: &dyn Frontend) {
    if has_abandoned_staging(home) || has_abandoned_board() {
        notice(end_strays(), frontend);
    }
}

/// The processes that killed runs have left behind.
pub fn strays() -> Survivors {
    if is_stray_itself() { Survivors::default() } else { with_environment(of_killed_run()) }
}

/// End the processes that killed runs have left behind.
pub fn end_strays() -> EndedProcesses {
    if is_stray_itself() { EndedProcesses::default() } else { end_with_environment(of_killed_run()) }
}

fn notice(swept: EndedProcesses, frontend: &dyn Frontend) {
    if !swept.found.is_empty() || !swept.left.is_none() {
        frontend.notice(Notice::Strays(swept));
    }
}

/// Whether this process was itself started by a run that was killed; then it must not judge the others.
fn is_stray_itself() -> bool {
    Mark::own().is_some_and(|mark| mark.is_over())
}

fn has_abandoned_board() -> bool {
    find::list_known().iter().any(|listed| listed.reading.as_ref().is_ok_and(|reading| reading.board.abandoned()))
}

/// The rule for processes that were left behind. Each mark is judged once.
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
    /// Only these boards.
    These(HashSet<OsString>),
    /// All boards in the directories that this program uses, since only this user's processes are seen.
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
