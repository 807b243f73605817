//! Work for a client runs in a separate process of vx with its own session, so that it outlives the daemon.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use crossbeam_channel::RecvTimeoutError;
use vx_base::paths::Home;
use vx_base::system::variables::{OF_CLIENTS, answering};
use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::{Detached, ERROR_DOCUMENT, LastWords, last_words, nameless_file, own_program, start_detached_for};
use vx_rpc::RpcError;
use vx_shm::{BoardState, BoardView};

use super::protocol::Begun;
use crate::boards::find;
use crate::doors::daemon::events::summary::BoardSummary;
use crate::doors::daemon::process::manager::VARIABLES;
use crate::doors::daemon::protocol::fault::{fault, fault_from_trouble, in_directory};
use crate::doors::daemon::protocol::request::{OfRuntime, Sync, Up, Use, Variables};
use crate::serving::up::{self, check_services, services_named};
use crate::workspace::frontend::NullFrontend;
use crate::workspace::project::{Faults, ProjectPlace, Workspace};

/// How long to wait for a process to make its board.
const BEGINNING: Duration = Duration::from_secs(30);
/// The first and the longest interval for looking for the board. It grows, because each look reads every board.
const GLANCES: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(100)];
/// The variables that name the home and the place of the boards. Work gets the daemon's values, so that the daemon
/// finds its board.
const OF_PLACES: [&str; 3] = ["VX_HOME", "VX_RUNTIME_DIR", "XDG_RUNTIME_DIR"];

/// Install what a project declares.
pub(super) fn sync(home: &Home, asked: &Sync) -> Result<Begun, RpcError> {
    let place = ProjectPlace::Above(asked.directory.clone());
    let mut words = vec!["sync".to_owned(), "--headless".to_owned()];
    words.extend(named(&asked.tools)?);
    ClientCommand { home, place: &place, variables: &asked.variables, words }
        .begin(|pid, board| board.creator.pid == pid)
}

/// Install a release.
pub(super) fn install(home: &Home, asked: &OfRuntime) -> Result<Begun, RpcError> {
    let place = place_of(home, asked.directory.as_deref());
    let mut words = vec!["install".to_owned(), "--headless".to_owned()];
    words.extend(named(&[with_version(&asked.runtime, asked.version.as_deref())])?);
    ClientCommand { home, place: &place, variables: &asked.variables, words }
        .begin(|pid, board| board.creator.pid == pid)
}

/// Remove a release, or all releases of a tool; a removal has no board.
pub(super) fn uninstall(home: &Home, asked: &OfRuntime) -> Result<Begun, RpcError> {
    let place = place_of(home, asked.directory.as_deref());
    let mut words = vec!["uninstall".to_owned()];
    words.extend(named(&[with_version(&asked.runtime, asked.version.as_deref())])?);
    ClientCommand { home, place: &place, variables: &asked.variables, words }.begin(|_, _| false)
}

/// Declare a tool in a project's file or in the user's own.
pub(super) fn declare(home: &Home, asked: &Use) -> Result<Begun, RpcError> {
    let Use { runtime, version, directory, variables } = asked;
    let (place, own) = match directory {
        Some(directory) => (ProjectPlace::AboveOrNone(directory.clone()), None),
        None => (ProjectPlace::AtOrNone(home.root().to_owned()), Some("--global")),
    };
    let mut words: Vec<String> = ["use", "--headless"].into_iter().chain(own).map(str::to_owned).collect();
    words.extend(named(&[with_version(runtime, version.as_deref())])?);
    ClientCommand { home, place: &place, variables, words }.begin(|pid, board| board.creator.pid == pid)
}

/// Start services; they run until they are stopped.
pub(super) fn up(home: &Home, asked: &Up) -> Result<Begun, RpcError> {
    in_directory(&asked.directory)?;
    let place = ProjectPlace::Above(asked.directory.clone());
    let open = || Workspace::open(home.clone(), &place, Faults::Refuse, &NullFrontend);
    let workspace = answering(asked.variables.clone(), open).map_err(|error| fault(&error))?;
    check_services(&workspace).map_err(|error| fault(&error))?;
    for name in &asked.names {
        services_named(&workspace, name).map_err(fault_from_trouble)?;
    }
    let directory = workspace.project.directory;
    let mut words = vec!["up".to_owned(), "--detach".to_owned()];
    words.extend(named(&asked.names)?);
    ClientCommand { home, place: &place, variables: &asked.variables, words }
        .begin(|_, board| up::is_board_of(&directory, board))
}

fn place_of(home: &Home, directory: Option<&Path>) -> ProjectPlace {
    ProjectPlace::AboveOrNone(directory.unwrap_or_else(|| home.root()).to_owned())
}

fn with_version(runtime: &str, version: Option<&str>) -> String {
    version.map_or_else(|| runtime.to_owned(), |version| format!("{runtime}@{version}"))
}

/// Check that these names can stand on a command line without being taken for options.
fn named(names: &[String]) -> Result<Vec<String>, RpcError> {
    match names.iter().find(|name| name.starts_with('-') || name.is_empty()) {
        Some(name) => Err(RpcError::invalid_params(format!("the parameters do not fit: `{name}` is not a name"))),
        None => Ok(names.to_vec()),
    }
}

/// A command of vx, run on behalf of a client.
struct ClientCommand<'a> {
    home: &'a Home,
    place: &'a ProjectPlace,
    variables: &'a Variables,
    words: Vec<String>,
}

impl ClientCommand<'_> {
    /// Start it, and return as soon as it has ended, or has a board: one for which `is_its` returns true, given the
    /// number of
    /// the process.
    fn begin(&self, is_its: impl Fn(u32, &BoardView) -> bool) -> Result<Begun, RpcError> {
        in_directory(self.place.directory())?;
        self.check()?;
        let mut said = nameless_file().map_err(|error| failed(&error))?;
        let process = self.start(&said).map_err(|error| failed(&error))?;
        let deadline = Instant::now() + BEGINNING;
        let [mut glance, longest] = GLANCES;
        loop {
            let status = match process.ended.recv_timeout(glance) {
                Ok(status) => Some(status),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(Err(io::ErrorKind::BrokenPipe.into())),
            };
            // A process with a board reports its outcome there, however it ends.
            if let Some(board) = board_of(process.pid, &is_its) {
                return Ok(Begun { board: Some(board) });
            }
            match status {
                Some(Ok(status)) if status.success() => return Ok(Begun { board: None }),
                Some(ended) => return Err(ended_badly(&mut said, &ended)),
                None if Instant::now() >= deadline => return Ok(Begun { board: None }),
                None => glance = (glance * 2).min(longest),
            }
        }
    }

    /// Open the project as the process will, so that its errors are found before anything is started.
    fn check(&self) -> Result<(), RpcError> {
        let open = || Workspace::open(self.home.clone(), self.place, Faults::Refuse, &NullFrontend);
        answering(self.variables.clone(), open).map(drop).map_err(|error| fault(&error))
    }

    fn start(&self, said: &File) -> io::Result<Detached> {
        let program = own_program()?;
        let words = [ERROR_DOCUMENT].into_iter().chain(self.words.iter().map(String::as_str));
        let words: Vec<OsString> = words.map(OsString::from).collect();
        let absent = OF_CLIENTS.into_iter().filter(|name| !self.variables.contains_key(*name));
        let without: Vec<&str> = VARIABLES.into_iter().chain(absent).collect();
        let given = self.variables.iter().map(|(name, value)| (name.as_str(), OsStr::new(value)));
        let variables: Vec<(&str, &OsStr)> = given
            .filter(|(name, _)| !without.contains(name) && !OF_PLACES.contains(name))
            .chain([(OF_PLACES[0], self.home.root().as_os_str())])
            .collect();
        start_detached_for(&program, &words, self.place.directory(), (&variables, &without), said.try_clone()?)
    }
}

/// The newest live board that belongs to a process.
fn board_of(pid: u32, is_its: impl Fn(u32, &BoardView) -> bool) -> Option<BoardSummary> {
    let listed = find::list().unwrap_or_default();
    listed.into_iter().find_map(|listed| {
        let board = listed.reading.ok()?.board;
        let is_there =
            board.creator.pid == pid || board.state == BoardState::Running && board.creator.alive == Some(true);
        (is_there && is_its(pid, &board)).then(|| BoardSummary::from_view(&listed.path, &board))
    })
}

fn failed(error: &io::Error) -> RpcError {
    fault_from_trouble(Trouble::new(TroubleKind::Internal, format!("vx cannot be started: {error}")))
}

/// The error of a process that ended without a board: the error that it printed, or else its exit status.
fn ended_badly(said: &mut File, ended: &io::Result<ExitStatus>) -> RpcError {
    let LastWords { error, line } = last_words(said);
    let how = || ended.as_ref().map_or_else(ToString::to_string, ToString::to_string);
    fault_from_trouble(error.unwrap_or_else(|| {
        let said = line.map_or_else(|| ", and printed nothing".to_owned(), |line| format!(": {line}"));
        Trouble::new(TroubleKind::Exit, format!("vx ended with {}{said}", how()))
    }))
}
