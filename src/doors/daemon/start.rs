//! Starting the daemon as a separate process, and asking it to end.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, bounded};
use vx_process::{own_program, start_watched};

use super::client::DaemonClient;
use super::error::DaemonError;
use crate::doors::daemon::process::daemon_place::DaemonPlace;
use crate::doors::daemon::process::own_log::last_lines;
use crate::doors::daemon::process::switch::Switch;

/// How long a started daemon may take to be ready.
const READY: Duration = Duration::from_secs(3);
/// How long a daemon may take to end on request.
const GONE: Duration = Duration::from_secs(10);
/// The interval for checking either.
const GLANCE: Duration = Duration::from_millis(10);
/// How many lines of its log an error shows.
const LINES: usize = 3;

/// The outcome of a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// It was started, and is ready.
    Now(u32),
    /// It ran already.
    Before(u32),
}

/// Start the daemon with these arguments of vx, unless it runs, and return once it is ready.
///
/// # Errors
/// It does not get ready, or the user has switched it off.
pub fn start(place: &DaemonPlace, arguments: &[OsString]) -> Result<Started, DaemonError> {
    if Switch::from_environment()? == Switch::Off {
        return Err(DaemonError::Off);
    }
    place.prepare()?;
    match DaemonClient::connect(place.home(), "vx daemon start") {
        Ok(client) => return Ok(Started::Before(client.introduced().process)),
        // A daemon that is just starting or ending may answer, or be gone, in a moment.
        Err(DaemonError::Absent(_) | DaemonError::Silent { .. }) => {}
        Err(error) => return Err(error),
    }
    let program = own_program().map_err(DaemonError::system("cannot find the program of vx"))?;
    let (sender, ended) = bounded(1);
    let report = move |end| drop(sender.send(end));
    start_watched(&program, arguments, place.home().root(), report)
        .map_err(DaemonError::system("cannot start the daemon"))?;
    let deadline = Instant::now() + READY;
    loop {
        let is_over = !matches!(ended.recv_timeout(GLANCE), Err(RecvTimeoutError::Timeout));
        match DaemonClient::connect(place.home(), "vx daemon start") {
            Ok(client) => return Ok(Started::Now(client.introduced().process)),
            Err(DaemonError::Absent(_) | DaemonError::Silent { .. }) if !is_over && Instant::now() < deadline => {}
            Err(error) => {
                let reason = match is_over {
                    true => "it ended; its log says why".to_owned(),
                    false => format!("it was not ready in time: {error}"),
                };
                let log = last_lines(&place.log(), LINES).unwrap_or_default();
                return Err(DaemonError::NotStarted { reason, log });
            }
        }
    }
}

/// Ask the daemon to end, and return once it is gone. Returns whether one ran.
///
/// # Errors
/// It does not answer, or still runs after a while.
pub fn stop(place: &DaemonPlace) -> Result<bool, DaemonError> {
    match DaemonClient::connect(place.home(), "vx daemon stop") {
        Ok(client) => match client.shutdown() {
            // A daemon that is just ending for another reason closes the connection without an answer.
            Ok(()) | Err(DaemonError::Lost(_)) => {}
            Err(error) => return Err(error),
        },
        Err(DaemonError::Absent(_)) => return Ok(false),
        Err(error) => return Err(error),
    }
    let deadline = Instant::now() + GONE;
    while place.is_held() {
        if Instant::now() >= deadline {
            return Err(DaemonError::StillThere);
        }
        std::thread::sleep(GLANCE);
    }
    Ok(true)
}
