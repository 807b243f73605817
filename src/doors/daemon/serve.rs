//! The life of a daemon: it takes the lock, listens, and ends on request, by a signal, or after some time without
//! clients.

use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{bounded, select};
use vx_base::trouble::Explain;
use vx_process::interrupts;
use vx_rpc::RpcServer;

use super::error::DaemonError;
use super::service::DaemonServices;
use super::state::{DaemonState, work_is_live};
use crate::doors::daemon::process::daemon_place::{DaemonPlace, DaemonRecord};
use crate::doors::daemon::process::manager::Manager;
use crate::doors::daemon::process::own_log::{OwnLog, is_end, last_lines};

/// The time without a client or work after which a daemon ends.
pub const DEFAULT_IDLE: Duration = Duration::from_secs(10 * 60);
/// The longest interval for checking that the socket still exists.
const LOOK: Duration = Duration::from_secs(30);
/// The interval for checking whether work is live, once there are no clients.
const WORK_LOOK: Duration = Duration::from_secs(30);

/// Run the daemon of this home until its end; without `idle` it never ends by itself.
///
/// # Errors
/// Another daemon runs, or this one cannot listen.
pub fn serve(place: &DaemonPlace, idle: Option<Duration>) -> Result<(), DaemonError> {
    place.prepare()?;
    let log = OwnLog::open(&place.log());
    let ended = live(place, idle, &log);
    match &ended {
        Ok(reason) => log.line(format_args!("ended: {reason}")),
        Err(error) => {
            let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
            log.line(format_args!("not started: {error}{hint}"));
        }
    }
    ended.map(drop)
}

/// Returns the reason of the end.
fn live(place: &DaemonPlace, idle: Option<Duration>, log: &OwnLog) -> Result<&'static str, DaemonError> {
    // Read the manager's variables before there is another thread.
    let lent =
        Manager::listener().map_err(DaemonError::system("cannot take over the socket of the service manager"))?;
    let manager = Manager::of_environment();
    let signals = interrupts().map_err(DaemonError::system("cannot wait for signals"))?;
    let _lock = place.acquire_lock()?;
    place.remove_record();
    let (ends, ended) = bounded(1);
    let hall = DaemonState::new(place.clone(), ends);
    let mut door = Some(match lent {
        Some(listener) => Door::adopt(place, &hall, listener)?,
        None => Door::open(place, &hall)?,
    });
    if log_of_one_that_was_killed(place) {
        log.line("ended: the previous daemon was killed, or the machine went down");
    }
    log.line(format_args!("listens, version {}", env!("CARGO_PKG_VERSION")));
    manager.is_ready();
    let reason = loop {
        let pause = idle.map_or(LOOK, |idle| next_look(idle, hall.deserted_for()));
        select! {
            recv(ended) -> reason => break reason.unwrap_or("no client is left that could ask it to end"),
            recv(signals) -> _ => break "a signal",
            default(pause) => {}
        }
        if idle.is_some_and(|idle| hall.deserted_for().is_some_and(|alone| alone >= idle)) && !work_is_live() {
            break "no client and no work for a while";
        }
        if !door.as_ref().is_some_and(Door::is_there) {
            // Drop the old socket first: dropping removes any file of that name.
            drop(door.take());
            match Door::open(place, &hall) {
                Ok(again) => door = Some(again),
                Err(error) => log.line(format_args!("the socket is gone, and cannot be made yet: {error}")),
            }
        }
    };
    manager.is_ending();
    place.remove_record();
    drop(door);
    Ok(reason)
}

/// Whether the last line of the log is not the end of a daemon.
fn log_of_one_that_was_killed(place: &DaemonPlace) -> bool {
    let last = last_lines(&place.log(), 1).unwrap_or_default();
    last.first().is_some_and(|line| !is_end(line))
}

/// The socket with its clients, and the record that names it.
struct Door {
    socket: PathBuf,
    _server: RpcServer,
}

impl Door {
    fn open(place: &DaemonPlace, hall: &Arc<DaemonState>) -> Result<Self, DaemonError> {
        let socket = place.socket()?;
        let server = RpcServer::listen(&socket, DaemonServices(Arc::clone(hall)))?;
        place.write(&DaemonRecord::of_this_process(&socket))?;
        Ok(Self { socket, _server: server })
    }

    /// Take over the socket of a service manager, which keeps it open.
    fn adopt(place: &DaemonPlace, hall: &Arc<DaemonState>, listener: UnixListener) -> Result<Self, DaemonError> {
        let address = listener.local_addr().map_err(DaemonError::system("cannot read the address of the socket"))?;
        let socket = address.as_pathname().map(Path::to_owned).ok_or(DaemonError::NoPath)?;
        let server = RpcServer::adopt(listener, DaemonServices(Arc::clone(hall)))?;
        place.write(&DaemonRecord::of_this_process(&socket))?;
        Ok(Self { socket, _server: server })
    }

    /// Whether the socket still exists: a logout may remove the session's runtime directory.
    fn is_there(&self) -> bool {
        std::fs::symlink_metadata(&self.socket).is_ok_and(|found| found.file_type().is_socket())
    }
}

/// The time until the next look.
fn next_look(idle: Duration, deserted_for: Option<Duration>) -> Duration {
    let left =
        deserted_for.map_or(LOOK, |alone| idle.checked_sub(alone).filter(|left| !left.is_zero()).unwrap_or(WORK_LOOK));
    // Wake up just after the time is over, not just before.
    (left + Duration::from_millis(1)).min(LOOK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_without_clients_looks_when_its_time_is_over_and_else_rests() {
        let (second, moment) = (Duration::from_secs(1), Duration::from_millis(1));
        assert_eq!(next_look(second * 600, None), LOOK);
        assert_eq!(next_look(second * 600, Some(second)), LOOK);
        assert_eq!(next_look(second * 600, Some(second * 595)), second * 5 + moment);
        assert_eq!(next_look(second, Some(second * 9)), LOOK, "work is live: it looks again later");
    }
}
